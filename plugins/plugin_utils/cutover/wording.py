# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in words."""

from __future__ import annotations

from collections.abc import Iterable

from ..contract.link_state import Link, Place, Step


def describe(link: Link, step: Step, host: str, switch: str) -> str:
    """Return what a step does, in one line."""
    if step.at_host:
        form = " with its final teaming" if step.after.host_new else ""
        return f"{host} uses {_list(link.nics_of(step.after.host_legs))}{form}"
    return f"{switch}: {', '.join(_ports(link, step.before, step.after))}"


def _ports(link: Link, before: Place, after: Place) -> Iterable[str]:
    changed = after.ports_new - before.ports_new
    for leg in sorted(changed):
        yield f"{_list(link.ports[leg])} {_becomes(link, leg)}"
    for legs, word in ((after.dark - before.dark, "disabled"), (before.dark - after.dark, "no longer disabled")):
        if legs:
            yield f"{_list(link.ports_of(legs))} {word}"


def _becomes(link: Link, leg: int) -> str:
    old, new = link.old_ports[leg].bundle, link.new_port.bundle
    if old == new:
        return "as declared"
    return f"into {new}" if new else f"out of {old}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
