# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked of hosts without changing them: what they have, what would change, does it work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen

from ..declared.model import Half, HostState, Teaming
from ..device import errors
from .plan import Plan
from .request import Request, Way
from .transaction import Opener, findings_of, not_in_effect, planned


@dataclass(frozen=True)
class Gathered:
    """What was read: the plans, who could not be read, what they would be refused for, and what they would send."""

    plans: dict[str, Plan]
    away: Mapping[str, errors.HostError]
    findings: list[str]
    commands: list[str]


@contextmanager
def _session(opener: Opener) -> Iterator[Way]:
    """Open a session and end it; one that broke gets no goodbye."""
    way = opener()
    try:
        yield way
    except errors.LostError:
        way.drop()
        raise
    finally:
        way.close()


def gather(opener: Opener, request: Request) -> Gathered:
    """Read the hosts, and compute what would change."""
    with _session(opener) as way:
        plans = planned(way, request)
        findings = [str(finding) for finding in findings_of(request, plans)]
        commands = [line for made in plans.values() for line in way.lines(made.steps)]
        return Gathered(plans, dict(way.away), findings, commands)


def verified(opener: Opener, request: Request) -> list[Seen]:
    """Return what was verified: the hosts have what is declared, and it is in effect. Reads only.

    Raises:
        errors.VerificationError: it is not so, with everything that is wrong, and what works all the same.

    """
    with _session(opener) as way:
        plans = planned(way, request)
        away = dict(way.away)
    found = [Seen(f"{name}: {error.text()}", good=False, host=name) for name, error in away.items()]
    found += [
        replace(each, text=f"{request.at(name)}{each.text}", host=name)
        for name, made in plans.items()
        for each in _looked_at(made, request, name)
    ]
    wrong = [each.text for each in found if not each.good]
    if wrong:
        error = errors.VerificationError("\n".join(["The host is not as it is declared:", *wrong]))
        error.seen = tuple(found)
        raise error
    return found


def _looked_at(made: Plan, request: Request, name: str) -> Iterator[Seen]:
    """Yield what is wrong with one host and what is right."""
    half = request.halves[name]
    at = request.at(name)
    wrong = [Seen(str(finding).removeprefix(at), good=False) for finding in made.findings]
    wrong += [Seen(f"missing: {step}", tuple(sorted(step.switches)), good=False) for step in made.steps]
    for switch in sorted(_switches(made.before, half)):
        wrong += [Seen(each, (switch,), good=False) for each in not_in_effect(made.before, {switch})]
    wrong += [
        Seen(str(each.finding).removeprefix(at), each.vswitches, good=False)
        for each in made.vmkernel
        if each.level == "wrong"
    ]
    yield from wrong
    if not wrong:
        yield Seen("the host has what is declared, and computes its policies so")
    differing = {each.finding.where for each in made.vmkernel}
    right = [one.name for one in half.vmkernel if f"{at}vmkernel.{one.name}" not in differing]
    if right:
        names = ", ".join(right)
        yield Seen(f"VMkernel interfaces, which are read and judged, and not made or changed: {names} as declared")
    if request.links:
        yield from _with_link(made.before, half)


def _with_link(host: HostState, half: Half) -> Iterator[Seen]:
    for declared in half.vswitches:
        dark = without_link(host, declared.name)
        yield from dark
        if not dark and declared.name in host.switches:
            uplinks = ", ".join(host.switches[declared.name].uplinks) or "no uplinks"
            yield Seen(f"{declared.name}: link on {uplinks}", (declared.name,))


def _switches(host: HostState, half: Half) -> set[str]:
    """Return the virtual switches that a declaration concerns."""
    groups = [host.groups[group.name].vswitch for group in half.port_groups if group.name in host.groups]
    return {*(switch.name for switch in half.vswitches), *groups}


def without_link(host: HostState, name: str) -> list[Seen]:
    """Return the active and standby uplinks of a virtual switch that have no link."""
    order = host.switches[name].teaming if name in host.switches else Teaming()
    return [
        Seen(f"vswitches.{name}: {nic} has no link", (nic,), good=False)
        for nic in (*(order.active_uplinks or ()), *(order.standby_uplinks or ()))
        if nic not in host.nics or not host.nics[nic].speed
    ]
