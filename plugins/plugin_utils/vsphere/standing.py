# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked of hosts without changing them: what they have, what would change, does it work."""

from __future__ import annotations

from dataclasses import dataclass

from . import errors
from .model import Half, HostState
from .plan import Plan
from .request import Request
from .transaction import Opener, findings_of, not_in_effect, planned


@dataclass(frozen=True)
class Seen:
    """What was read: the plans, what they would be refused for, and what they would send."""

    plans: dict[str, Plan]
    findings: list[str]
    commands: list[str]


def gather(opener: Opener, request: Request) -> Seen:
    """Read the hosts, and compute what would change."""
    way = opener()
    try:
        plans = planned(way, request)
        findings = [str(finding) for finding in findings_of(request, plans)]
        commands = [line for made in plans.values() for line in way.lines(made.steps)]
        return Seen(plans, findings, commands)
    finally:
        way.close()


def verified(opener: Opener, request: Request) -> list[str]:
    """Return what was verified: the hosts have what is declared, and it is in effect. Reads only.

    Raises:
        errors.VerificationError: it is not so, with everything that is wrong.

    """
    way = opener()
    try:
        plans = planned(way, request)
    finally:
        way.close()
    wrong: list[str] = []
    for name, made in plans.items():
        at = request.at(name)
        half = request.halves[name]
        wrong += [str(finding) for finding in made.findings] + [f"{at}missing: {step}" for step in made.steps]
        wrong += [f"{at}{each}" for each in not_in_effect(made.before, _switches(made.before, half))]
        if request.links:
            wrong += [f"{at}{each}" for each in without_link(made.before, half)]
    if wrong:
        raise errors.VerificationError("\n".join(["The host is not as it is declared:", *wrong]))
    return [f"{request.at(name)}{line}" for name, made in plans.items() for line in _told(made, request, name)]


def _told(made: Plan, request: Request, name: str) -> list[str]:
    half = request.halves[name]
    lines = ["the host has what is declared, and computes its policies so"]
    if request.links:
        lines += [
            f"{switch.name}: link on {', '.join(made.before.switches[switch.name].uplinks) or 'no uplinks'}"
            for switch in half.vswitches
            if switch.name in made.before.switches
        ]
    return lines


def _switches(host: HostState, half: Half) -> set[str]:
    """Return the virtual switches that a declaration concerns."""
    groups = [host.groups[group.name].vswitch for group in half.port_groups if group.name in host.groups]
    return {*(switch.name for switch in half.vswitches), *groups}


def without_link(host: HostState, half: Half) -> list[str]:
    """Return the active and standby uplinks of the declared switches that have no link."""
    wrong = []
    for declared in half.vswitches:
        switch = host.switches.get(declared.name)
        order = switch.teaming if switch is not None else None
        for nic in (*(order.active_uplinks or ()), *(order.standby_uplinks or ())) if order is not None else ():
            if nic not in host.nics or not host.nics[nic].speed:
                wrong.append(f"vswitches.{declared.name}: {nic} has no link")
    return wrong
