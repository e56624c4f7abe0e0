# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered and parsed: what can be said without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..config import console, older, printed, shape, whole
from ..declared.model import Half, HostState, Nic
from ..device import errors, esxcli
from . import plan
from .plan import Plan
from .request import Request

UNTOLD = "The copy tells no teaming and no security of {}, which are left out. vim-cmd hostsvc/net/info tells them."


def parse(text: str) -> HostState:
    """Return the host whose console is copied in a text.

    Raises:
        RefusalError: it is not understood, or does not tell all of it.

    """
    state, untold = _read(text)
    if untold:
        what, why = f"it tells no policies of {', '.join(untold)}", "Unknown ones cannot be compared."
        mend = "Add vim-cmd hostsvc/net/info and what it prints."
        raise RefusalError([Finding("running_config", "POLICY_UNKNOWN", what, why, mend)])
    return state


def _read(text: str) -> tuple[HostState, tuple[str, ...]]:
    """Return the host, and of which objects its policies are not known."""
    try:
        outputs = console.transcript(text)
        if older.is_meant(outputs) and printed.LISTS[0] not in outputs:
            return older.host_state(outputs)
        whole.check(outputs)
        return printed.host_state("", outputs), ()
    except errors.RefusedError as error:
        why = f"Needed are esxcli {', '.join(printed.LISTS)}, and the failover and security policies; or, of ESX(i) 4, "
        why += f"{older.INFO}, or {', '.join(older.LISTS)}."
        mend = "Give the whole copy, as the console shows it."
        raise RefusalError([Finding("running_config", "UNREADABLE", error.what.rstrip("."), why, mend)]) from None


def parsed(text: str) -> dict[str, Any]:
    """Return the result for the host whose console is copied in a text, in the shape of the declaration."""
    state, untold = _read(text)
    found = shape.structured(state)
    for kind in untold:
        for each in found[kind].values():
            del each["teaming"], each["security"]
    return {"parsed": found, **({"warnings": [UNTOLD.format(" and ".join(untold))]} if untold else {})}


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
