# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in words."""

from __future__ import annotations

from collections.abc import Iterable

from ..contract.link_state import Link, Step


def describe(link: Link, step: Step, host: str, switch: str) -> str:
    """Return what a step does, in one line."""
    if step.at_host:
        form = " with its final teaming" if step.after.host_new else ""
        return f"{host} uses {_list(link.nics_of(step.after.used))}{form}"
    return f"{switch}: {', '.join(_ports(link, step))}"


def _ports(link: Link, step: Step) -> Iterable[str]:
    for group in sorted(step.after.ports_new - step.before.ports_new):
        yield f"{_list(link.ports[group])} {_becomes(link, group)}"
    for groups, word in ((step.disables, "disabled"), (step.enables, "no longer disabled")):
        if groups:
            yield f"{_list(link.ports_of(groups))} {word}"


def _becomes(link: Link, group: int) -> str:
    old, new = link.old_ports[group].bundle, link.new_port.bundle
    if old == new:
        return "as declared"
    return f"into {new}" if new else f"out of {old}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
