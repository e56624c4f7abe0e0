# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a link stands, read from what both ends have: a run needs no memory of the runs before it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ..contract.end import HostSeen, SwitchSeen
from ..contract.link_state import Groups, HostForm, Link, LinkState, PortForm
from .route import NoRouteError

Indexes = tuple[int, ...]


@dataclass(frozen=True)
class Declared:
    """The declared link; `ports[i]` is cabled to `nics[i]`. `hidden` as in Link."""

    name: str
    ports: tuple[str, ...]
    nics: tuple[str, ...]
    port: PortForm
    host: HostForm
    hidden: str = ""


def situation(declared: Declared, switch: SwitchSeen, host: HostSeen) -> tuple[Link, LinkState]:
    """Return the link with its groups and forms, and where it stands.

    Raises:
        NoRouteError: it stands where nothing can be said of the path from there.

    """
    _refuse_by_hand(declared, switch)
    groups = _groups(declared, switch, host)
    used = _where(groups, lambda index: declared.nics[index] in host.uplinks)
    disabled = _where(groups, lambda index: declared.ports[index] in switch.disabled)
    link = Link(
        name=declared.name,
        ports=tuple(tuple(declared.ports[index] for index in group) for group in groups),
        nics=tuple(tuple(declared.nics[index] for index in group) for group in groups),
        old_ports=tuple(switch.forms.get(declared.ports[group[0]], PortForm()) for group in groups),
        new_port=declared.port,
        old_host=host.form,
        new_host=declared.host,
        management=host.management,
        hidden=declared.hidden,
    )
    final = _where(groups, lambda index: declared.ports[index] in switch.final)
    state = LinkState(used, host.final, final, disabled)
    if state != link.goal:  # where nothing is left to do, nothing is moved
        _refuse_dead(link, switch)
        _refuse_other_cables(declared, switch, host)
    return link, state


def _refuse_by_hand(declared: Declared, switch: SwitchSeen) -> None:
    hit = [port for port in declared.ports if port in switch.disabled_by_hand]
    if hit:
        what = f"{declared.name}: {', '.join(hit)} disabled by hand at the switch"
        raise NoRouteError(f"{what}. Whoever did it had a reason; enable it there, or take it out of the link.")


def _refuse_dead(link: Link, switch: SwitchSeen) -> None:
    """Refuse to move a host's management to a cable without light."""
    dead = [port for port in link.ports_of(link.groups) if port in switch.dead]
    if dead:
        raise NoRouteError(f"{link.name}: no light at {', '.join(dead)}. A change needs every cable of the link.")


def _refuse_other_cables(declared: Declared, switch: SwitchSeen, host: HostSeen) -> None:
    """Refuse where the two ends of a declared cable contradict each other: it is another cable."""
    wrong = []
    for port, nic in zip(declared.ports, declared.nics, strict=True):
        if port in switch.disabled and nic not in host.down and not declared.hidden:
            wrong.append(f"{nic} has light, although {port} is disabled (by an earlier conversion)")
        if port not in switch.disabled and nic in host.down:
            wrong.append(f"{nic} has no light, although {port} has")
    if wrong:
        what = f"{declared.name}: {'; '.join(wrong)}"
        raise NoRouteError(f"{what}. The cables are not as declared: mend them, or the declaration.")


def _where(groups: tuple[Indexes, ...], holds: Callable[[int], bool]) -> Groups:
    return frozenset(number for number, group in enumerate(groups) if all(holds(index) for index in group))


def _groups(declared: Declared, switch: SwitchSeen, host: HostSeen) -> tuple[Indexes, ...]:
    """Return the groups by index: the first cables and the rest, or where their ports differ those that are equal."""

    def key(index: int) -> Hashable:
        port, nic = declared.ports[index], declared.nics[index]
        return (switch.forms.get(port), port in switch.final, port in switch.disabled, nic in host.uplinks)

    count = len(declared.ports)
    halves = [tuple(range(count // 2)), tuple(range(count // 2, count))]
    if all(len({key(index) for index in half}) <= 1 for half in halves):
        return tuple(half for half in halves if half)
    groups: dict[Hashable, list[int]] = {}
    for index in range(count):
        groups.setdefault(key(index), []).append(index)
    if len(groups) > 2:
        what = f"{declared.name}: its {count} cables are in {len(groups)} different states"
        raise NoRouteError(f"{what}. A conversion knows two; make them equal by hand first.")
    return tuple(tuple(group) for group in groups.values())
