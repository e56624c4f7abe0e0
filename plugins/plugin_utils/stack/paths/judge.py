# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the members of a VLAN reach each other over the declared links, which link keeps whom away, what is unknown.

Switches that hand a VLAN on to each other are one segment of it. All segments with members have to be one; the links
between switches that would make them one are searched from the segment with what the others mean to reach.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import Parts
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.fabric import Fabric, Trunk
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.needs import CENTRES, OUTSIDE

_NAMED = 3
"""Devices that a message names; of more the number."""
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
        self._first = sorted({*self._first, *names})[:_NAMED]
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

    def __init__(self, fabric: Fabric, vlan: str, members: Members) -> None:
        """Place the members on the switches, and judge those that declared links join."""
        self._fabric, self._vlan, self._members = fabric, vlan, members
        hung = {host: fabric.hung(host, vlan) for host in sorted(members)}
        beside = [host for host in hung if fabric.out_of_band(host, vlan)]
        loose = [host for host, teams in hung.items() if not teams and host not in beside]
        self._hung = {host: teams for host, teams in hung.items() if teams}
        self.gaps: list[Gap] = []
        self.unjudged: list[tuple[list[str], str]] = []
        if beside and len(members) > 1:
            self.unjudged.append((beside, _BESIDE))
        if loose and len(members) > 1:
            self.unjudged.append((loose, "no declared link leads from a declared switch to"))
        segments = Segments(fabric, vlan)
        islands = sorted(self._islands(segments), key=self._weight, reverse=True)
        for hosts in islands:
            self._judge(segments, hosts)
        if apart := sorted(host for hosts in islands[1:] for host in hosts):
            self.unjudged.append((apart, "no declared links join the switches of the others with those of"))

    def _islands(self, segments: Segments) -> list[list[str]]:
        """Return the members by the switches that declared links join, whatever these carry."""
        found: dict[str, list[str]] = {}
        for host, teams in self._hung.items():
            found.setdefault(segments.islands.top(min(teams[0])), []).append(host)
        return list(found.values())

    def _weight(self, hosts: Iterable[str]) -> tuple[int, int]:
        """Return how many of them the others mean to reach, and how many they are."""
        centres = [bool(self._members[host] & set(CENTRES)) for host in hosts]
        return sum(centres), len(centres)

    def _judge(self, segments: Segments, hosts: list[str]) -> None:
        near = self._root(segments, hosts)
        segments.grow(near)
        cut: dict[str, Crowd] = {}
        reach, beyond = [], []
        for host in hosts:
            team = min(self._hung[host], key=segments.distance)
            if segments.distance(team):
                for top in segments.tops(team):
                    cut.setdefault(top, Crowd()).add(host, self._members[host])
            else:
                reach.append(host)
                if segments.real.top(near) not in {segments.real.top(switch) for switch in team}:
                    beyond.append(host)
        reach.sort(key=lambda host: (not self._members[host] & set(CENTRES), host))
        self.gaps += self._gaps(segments, cut, reach)
        if beyond := [host for host in beyond if OUTSIDE not in self._members[host]]:
            devices = ", ".join(sorted(self._fabric.outside[self._vlan]))
            self.unjudged.append((beyond, f"the external {devices} may lie between the others and"))

    def _root(self, segments: Segments, hosts: list[str]) -> str:
        """Return a switch of the segment with most of those whom the others mean to reach."""
        at: dict[str, list[str]] = {}
        for host in hosts:
            at.setdefault(segments.real.top(min(self._hung[host][0])), []).append(host)
        best = max(at.values(), key=self._weight)
        return min(self._hung[best[0]][0])

    def _gaps(self, segments: Segments, cut: dict[str, Crowd], reach: list[str]) -> Iterator[Gap]:
        """Yield each link without the VLAN on the ways of those who are cut off, the farthest first."""
        for segment in reversed(segments.parent):
            step, crowd = segments.parent[segment], cut.get(segment)
            if step is None or crowd is None:
                continue
            trunk, behind = step
            where = "" if crowd.hosts == {behind} else f" behind {behind}"
            yield Gap(trunk, self._vlan, f"{crowd}{where}", some(reach, len(reach)))
            cut.setdefault(segments.above(*step), Crowd()).take(crowd)

    def named(self, hosts: Iterable[str]) -> str:
        """Return some of the members and their number, with what they need the VLAN for."""
        found = Crowd()
        for host in hosts:
            found.add(host, self._members[host])
        return str(found)


def some(names: Sequence[str], count: int) -> str:
    """Return the first of `count` names, and how many there are more."""
    shown = names[:_NAMED]
    more = count - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
