# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered and parsed: what can be said without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..declared.findings import Finding, RefusalError
from . import errors, esxcli, plan, printed, shape
from .model import Half, HostState, Nic
from .plan import Plan
from .request import Request


def parse(text: str) -> HostState:
    """Return the host whose console is copied in a text.

    Raises:
        RefusalError: it is not understood.

    """
    try:
        return printed.host_state("", printed.transcript(text))
    except (errors.RefusedError, KeyError, ValueError) as error:
        why = f"Needed are esxcli {', '.join(printed.LISTS)}, and the failover and security policies."
        said = error.what if isinstance(error, errors.RefusedError) else f"{type(error).__name__}: {error}"
        raise RefusalError([Finding("running_config", "UNREADABLE", said, why, "Give the whole copy.")]) from None


def parsed(text: str) -> dict[str, Any]:
    """Return the host whose console is copied in a text, in the shape of the declaration."""
    return shape.structured(parse(text))


def render(request: Request, text: str | None, ssh: bool) -> dict[str, tuple[Plan, list[str]]]:
    """Return the plan and its commands for each host, against a console's copy or against a host without switches.

    Raises:
        RefusalError: the plan has findings.

    """
    found: dict[str, tuple[Plan, list[str]]] = {}
    findings: list[Finding] = []
    for name, half in request.halves.items():
        host = parse(text) if text else _blank(half)
        made = plan.make(replace(host, name=name), half, request.state, at=request.at(name))
        findings += made.findings
        found[name] = made, esxcli.lines(made.steps) if ssh else [str(step) for step in made.steps]
    if findings:
        raise RefusalError(sorted(set(findings)))
    return found


def _blank(half: Half) -> HostState:
    """Return a host that has the NICs that are declared, and no switch."""
    nics = [nic for switch in half.vswitches for nic in switch.uplinks or ()]
    return HostState("", nics={nic: Nic(nic) for nic in nics})
