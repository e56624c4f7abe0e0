# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which members of a VLAN have to reach which others: a rack's backends their pair, and not those of another rack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.needs import (
    FILER,
    GATEWAY,
    NEIGHBOUR,
    OUTSIDE,
    SERVICE,
    VMKERNEL,
    Needs,
)

Place = frozenset[frozenset[str]]
"""Where a device is: the segments of each of its teams. Over which cable of a team a frame goes is the host's choice;
of several teams the one that leads there is taken."""


@dataclass(frozen=True)
class Want:
    """Devices that have to reach others: all of these, or `one`; `peers` are thought to, and nobody said it."""

    askers: frozenset[str]
    targets: frozenset[str]
    one: bool = False
    peers: bool = False

    @property
    def hosts(self) -> frozenset[str]:
        """Return all of them."""
        return self.askers | self.targets


def wants_of(needs: Needs, vlan: str, vcenter_of: Callable[[str], str | None]) -> list[Want]:
    """Return who has to reach whom in a VLAN; of whom nothing is known, the others are peers."""
    members = needs.by_vlan[vlan]
    found = [want for want in _declared(needs, vlan) if want.askers and want.targets]
    told = {host for want in found for host in want.hosts}
    groups: dict[str | None, set[str]] = {}
    for host in sorted(set(members) - told):
        groups.setdefault(vcenter_of(host) if members[host] == {VMKERNEL} else None, set()).add(host)
    everyone = {host for host, kinds in members.items() if kinds != {VMKERNEL}}
    for askers in groups.values():
        targets = askers | everyone if askers & everyone else askers
        found.append(Want(frozenset(askers), frozenset(targets), peers=True))
    return found


def _declared(needs: Needs, vlan: str) -> Iterator[Want]:
    for nodes, hosts in needs.of_pairs.get(vlan, {}).values():
        yield Want(frozenset(hosts), frozenset(hosts & nodes))
    members = needs.by_vlan[vlan]

    def having(*kinds: str) -> frozenset[str]:
        return frozenset(host for host, own in members.items() if own & set(kinds))

    yield Want(having(NEIGHBOUR), having(SERVICE))
    yield Want(having(NEIGHBOUR, VMKERNEL), having(FILER))
    yield Want(having(SERVICE), having(GATEWAY, OUTSIDE), one=True)
    gateways = having(GATEWAY)
    yield Want(frozenset(host for host, own in members.items() if own - {VMKERNEL, FILER}) - gateways, gateways, True)


def split(wants: Iterable[Want], islands_of: Mapping[str, set[str]]) -> dict[str, list[Want]]:
    """Return the wants within each island, each with whoever is on it."""
    found: dict[str, list[Want]] = {}
    for want in wants:
        sides: dict[str, tuple[set[str], set[str]]] = {}
        for which, hosts in enumerate((want.askers, want.targets)):
            for host in hosts & islands_of.keys():
                for island in islands_of[host]:
                    sides.setdefault(island, (set(), set()))[which].add(host)
        for island, (askers, targets) in sides.items():
            if askers and targets:
                own = replace(want, askers=frozenset(askers), targets=frozenset(targets))
                found.setdefault(island, []).append(own)
    return found


def unmet(wants: Iterable[Want], places: Mapping[str, Place]) -> set[str]:
    """Return all who do not reach whom they have to, and who is not reached."""
    found: set[str] = set()
    for want in wants:
        askers, targets = _by_place(want.askers, places), _by_place(want.targets, places)
        if want.peers:
            found |= set() if _together({*askers, *targets}) else want.askers
            continue
        for place, hosts in askers.items():
            missed = [other for other in targets if not _meet(place, other) and len(hosts | targets[other]) > 1]
            if missed and (not want.one or len(missed) == len(targets)):
                found.update(hosts, *(targets[other] for other in missed))
    return found


def _by_place(hosts: Iterable[str], places: Mapping[str, Place]) -> dict[Place, set[str]]:
    found: dict[Place, set[str]] = {}
    for host in hosts:
        if host in places:
            found.setdefault(places[host], set()).add(host)
    return found


def _together(places: Iterable[Place]) -> bool:
    """Tell whether there is a segment in which all are, whichever cable they take."""
    sure = [{top for team in place if len(team) == 1 for top in team} for place in places]
    return not sure or bool(set.intersection(*sure))


def _meet(first: Place, second: Place) -> bool:
    return _met_by(first, second) or _met_by(second, first)


def _met_by(first: Place, second: Place) -> bool:
    """Tell whether a team of the first meets the second in each of its segments."""
    return any(all(frozenset({top}) in second for top in team) for team in first)
