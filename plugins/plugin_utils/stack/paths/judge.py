# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the members of a VLAN reach each other over the declared links, which link keeps whom away, what is unknown.

Switches that hand a VLAN on to each other are one segment of it. Those who have to reach each other have to be in one;
the links between switches that would make them one are searched from the segment with what the others mean to reach.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import Parts
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import NAMED, some
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.fabric import Fabric, Trunk
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.needs import CENTRES, OUTSIDE
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.wants import Place, Want, split, unmet

_BESIDE = "managed out of band (me0, vme), not over the declared links, seem"
Members = Mapping[str, set[str]]
"""Devices, each with what it needs the VLAN for."""


@dataclass(frozen=True)
class Gap:
    """A link between switches that does not carry a VLAN which somebody behind it needs."""

    trunk: Trunk
    vlan: str
    cut: str
    reach: str
    peers: bool
    """Whether nothing says that they have to reach each other, but that they share the VLAN."""


@dataclass(frozen=True)
class Unjudged:
    """Why nothing can be said of some paths, and whom that concerns."""

    text: str
    hosts: frozenset[str]


class Crowd:
    """Devices behind a link: all of them, the first names, and what they need the VLAN for."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.hosts: set[str] = set()
        self.kinds: set[str] = set()
        self._first: list[str] = []

    def add(self, host: str, kinds: set[str]) -> None:
        """Let one more device be in it."""
        self.hosts.add(host)
        self._note([host], kinds)

    def take(self, other: Crowd) -> None:
        """Take in all of another one, which is used up: the larger set grows, so that a row of them is not copied."""
        small, large = sorted((self.hosts, other.hosts), key=len)
        large |= small
        self.hosts = large
        self._note(other._first, other.kinds)

    def _note(self, names: list[str], kinds: set[str]) -> None:
        self._first = sorted({*self._first, *names})[:NAMED]
        self.kinds |= kinds

    def __str__(self) -> str:
        """Return some of the devices and their number, with what they need the VLAN for."""
        return f"{some(self._first, len(self.hosts))} ({', '.join(sorted(self.kinds))})"


class Segments:
    """The segments of one VLAN, and the shortest ways between them over links that do not carry it."""

    def __init__(self, fabric: Fabric, vlan: str) -> None:
        """Find the segments; those that an external device may join are `assumed` to be one."""
        self.real, self.assumed, self.islands = Parts(), Parts(), Parts()
        for trunk in fabric.carrying.get(vlan, ()):
            self.real.join(trunk.switches)
            self.assumed.join(trunk.switches)
        outside = sorted({each for found in fabric.outside.get(vlan, {}).values() for each in found})
        self.assumed.join(outside)
        for switches in (outside, *(trunk.switches for trunk in fabric.trunks)):
            self.islands.join(switches)
        self._ways: dict[str, list[tuple[Trunk, str]]] = {}
        for trunk in fabric.trunks:
            for switch in trunk.switches:
                self._ways.setdefault(self.assumed.top(switch), []).append((trunk, trunk.other(switch)))
        self.parent: dict[str, tuple[Trunk, str] | None] = {}
        self.depth: dict[str, int] = {}

    def grow(self, near: str) -> None:
        """Let each segment know its link towards the one of this switch, with the switch at its own end of it."""
        root = self.assumed.top(near)
        self.parent, self.depth, queue = {root: None}, {root: 0}, deque([root])
        while queue:
            segment = queue.popleft()
            for trunk, far in self._ways.get(segment, ()):
                top = self.assumed.top(far)
                if top not in self.parent:
                    self.parent[top], self.depth[top] = (trunk, far), self.depth[segment] + 1
                    queue.append(top)

    def within(self, teams: Iterable[frozenset[str]], island: str) -> list[frozenset[str]]:
        """Return of each team the switches that declared links join with an island."""
        found = (frozenset(switch for switch in team if self.islands.top(switch) == island) for team in teams)
        return [team for team in found if team]

    def above(self, trunk: Trunk, behind: str) -> str:
        """Return the segment at the other end of a link."""
        return self.assumed.top(trunk.other(behind))

    def tops(self, team: Iterable[str]) -> set[str]:
        """Return the segments that a team of cables is in, as far as declared links lead to them."""
        return {self.assumed.top(switch) for switch in team} & set(self.parent)

    def distance(self, team: Iterable[str]) -> int:
        """Return how many links lack the VLAN between a team and the root."""
        return max((self.depth[top] for top in self.tops(team)), default=len(self.depth))


class VlanJudge:
    """The judgement of one VLAN."""

    def __init__(self, fabric: Fabric, vlan: str, members: Members, wants: Sequence[Want]) -> None:
        """Place the members on the switches, and judge those that declared links join."""
        self._fabric, self._vlan, self._members = fabric, vlan, members
        hung = {host: fabric.hung(host, vlan) for host in sorted(members)}
        beside = [host for host in hung if fabric.out_of_band(host, vlan)]
        loose = [host for host, teams in hung.items() if not teams and host not in beside]
        self._hung = {host: teams for host, teams in hung.items() if teams}
        self._gaps: dict[str, Gap] = {}
        self._beyond: set[str] = set()
        self.unjudged: list[tuple[list[str], str]] = []
        for hosts, why in ((beside, _BESIDE), (loose, "no declared link leads from a declared switch to")):
            if hosts and len(members) > 1:
                self.unjudged.append((hosts, why))
        self._judge_all(Segments(fabric, vlan), wants)

    @property
    def gaps(self) -> list[Gap]:
        """Return the links that lack the VLAN, each once."""
        return list(self._gaps.values())

    def _judge_all(self, segments: Segments, wants: Sequence[Want]) -> None:
        on = {host: place(teams, segments.islands) for host, teams in self._hung.items()}
        islands_of = {host: {top for team in found for top in team} for host, found in on.items()}
        by_island = split(wants, islands_of)
        for island in sorted(by_island):
            for peers in (False, True):
                for group in _groups([want for want in by_island[island] if want.peers == peers]):
                    self._judge(segments, island, group)
        islands: dict[str, list[str]] = {}
        for host, tops in islands_of.items():
            for island in tops:
                islands.setdefault(island, []).append(host)
        most = max(islands.values(), key=self._weight, default=[])
        if apart := sorted(unmet(wants, on) - {*most}):
            self.unjudged.append((apart, "no declared links join the switches of the others with those of"))
        if self._beyond:
            devices = ", ".join(sorted(self._fabric.outside[self._vlan]))
            self.unjudged.append((sorted(self._beyond), f"the external {devices} may lie between the others and"))

    def _weight(self, hosts: Iterable[str]) -> tuple[int, int]:
        """Return how many of them the others mean to reach, and how many they are."""
        centres = [bool(self._members[host] & set(CENTRES)) for host in hosts]
        return sum(centres), len(centres)

    def _judge(self, segments: Segments, island: str, wants: Sequence[Want]) -> None:
        """Judge those who have to do with each other, on switches that links join."""
        hosts = sorted({host for want in wants for host in want.hosts})
        teams = {host: segments.within(self._hung[host], island) for host in hosts}
        by_real = unmet(wants, {host: place(each, segments.real) for host, each in teams.items()})
        if not by_real:
            return
        missing = unmet(wants, {host: place(each, segments.assumed) for host, each in teams.items()})
        near = self._root(segments, teams)
        segments.grow(near)
        cut: dict[str, Crowd] = {}
        reach = []
        for host in hosts:
            team = min(teams[host], key=segments.distance)
            if not segments.distance(team):
                reach.append(host)
                away = segments.real.top(near) not in {segments.real.top(switch) for switch in team}
                if away and host in by_real - missing and OUTSIDE not in self._members[host]:
                    self._beyond.add(host)
            elif host in missing:
                for top in segments.tops(team):
                    cut.setdefault(top, Crowd()).add(host, self._members[host])
        reach.sort(key=lambda host: (not self._members[host] & set(CENTRES), host))
        for gap in self._found(segments, cut, reach, wants[0].peers):
            self._gaps.setdefault(gap.trunk.name, gap)

    def _root(self, segments: Segments, teams: Mapping[str, list[frozenset[str]]]) -> str:
        """Return a switch of the segment with most of those whom the others mean to reach."""
        at: dict[str, list[str]] = {}
        for host, each in teams.items():
            at.setdefault(segments.real.top(min(each[0])), []).append(host)
        best = max(at.values(), key=self._weight)
        return min(teams[best[0]][0])

    def _found(self, segments: Segments, cut: dict[str, Crowd], reach: list[str], peers: bool) -> Iterator[Gap]:
        """Yield each link without the VLAN on the ways of those who are cut off, the farthest first."""
        for segment in reversed(segments.parent):
            step, crowd = segments.parent[segment], cut.get(segment)
            if step is None or crowd is None:
                continue
            trunk, behind = step
            where = "" if crowd.hosts == {behind} else f" behind {behind}"
            yield Gap(trunk, self._vlan, f"{crowd}{where}", some(reach, len(reach)), peers)
            cut.setdefault(segments.above(*step), Crowd()).take(crowd)

    def named(self, hosts: Iterable[str]) -> str:
        """Return some of the members and their number, with what they need the VLAN for."""
        found = Crowd()
        for host in hosts:
            found.add(host, self._members[host])
        return str(found)


def place(teams: Iterable[frozenset[str]], parts: Parts) -> Place:
    """Return the sets that the switches of each team are in."""
    return frozenset(frozenset(parts.top(switch) for switch in team) for team in teams)


def _groups(wants: Iterable[Want]) -> list[list[Want]]:
    """Return together what has a device in common."""
    every, parts = list(wants), Parts()
    for want in every:
        parts.join(sorted(want.hosts))
    found: dict[str, list[Want]] = {}
    for want in every:
        found.setdefault(parts.top(min(want.hosts)), []).append(want)
    return list(found.values())
