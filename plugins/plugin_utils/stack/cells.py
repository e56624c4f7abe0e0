# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cells: what is cabled together and can be changed by one job that needs nothing of any other cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES, kind

_NO_GROUP_NAME = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True)
class Cabling:
    """What decides about the cells: kinds by host, links, pairs, and who configures each host that another one does."""

    kinds: Mapping[str, str]
    links: Sequence[tuple[str, str]] = ()
    pairs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    managed: Mapping[str, str] = field(default_factory=dict)

    def forwards(self, host: str) -> bool:
        """Tell whether a host holds a cell together: a switch that is a device of the site."""
        return (name := self.kinds.get(host)) in NAMES and kind(str(name)).forwards

    def outside(self, host: str, unknown: bool = False) -> bool:
        """Tell whether a host is configured by somebody else, so that it holds nothing together."""
        name = self.kinds.get(host)
        return unknown if name is None else name in NAMES and kind(name).outside


class Parts:
    """Sets that grow together (union-find)."""

    def __init__(self) -> None:
        """Begin with nothing in it."""
        self._above: dict[str, str] = {}

    def top(self, item: str) -> str:
        """Return the item that stands for the set of this one; an unknown item is a set of its own."""
        path = []
        while self._above.setdefault(item, item) != item:
            path.append(item)
            item = self._above[item]
        self._above.update(dict.fromkeys(path, item))
        return item

    def join(self, items: Iterable[str]) -> None:
        """Make one set of the sets of the items."""
        tops = [self.top(item) for item in items]
        self._above.update({top: tops[0] for top in tops if top != tops[0]})

    def members(self) -> dict[str, set[str]]:
        """Return each set by the item that stands for it."""
        found: dict[str, set[str]] = {}
        for item in self._above:
            found.setdefault(self.top(item), set()).add(item)
        return found


def cell_name(name: str) -> str:
    """Return the name of a cell's group; Ansible takes letters, digits and '_' in it.

    Two names that become one make one cell of two, which is larger than it must be and not wrong.
    """
    return f"cell_{_NO_GROUP_NAME.sub('_', name)}"


def cells(cabling: Cabling) -> dict[str, set[str]]:
    """Return the connected parts of the cabling by the name of their group.

    Links between switches are left out, or a whole site would be one part. Both nodes of a pair stay together, and so
    do a vCenter and its ESXi hosts: one login serves them all. A part is named after its first switch by name; one
    without a switch after its pair, or after the external device that it is cabled to.
    """
    neighbours = _neighbours(cabling)
    found: dict[str, set[str]] = {}
    for members in _parts(cabling).values():
        beside = {host for member in members for host in neighbours.get(member, ())}
        name = _name(cabling, members, beside)
        if name is not None:
            found.setdefault(cell_name(name), set()).update(members | beside)
    return found


def _parts(cabling: Cabling) -> dict[str, set[str]]:
    parts = Parts()
    for hosts in cabling.pairs.values():
        parts.join(hosts)
    for host, manager in cabling.managed.items():
        parts.join((host, manager))
    for ends in cabling.links:
        if all(cabling.forwards(host) for host in ends):
            parts.join(ends[:1])
            parts.join(ends[1:])
        else:
            parts.join(host for host in ends if not cabling.outside(host, unknown=True))
    return parts.members()


def _neighbours(cabling: Cabling) -> dict[str, set[str]]:
    """Return the external devices that each other device is cabled to."""
    found: dict[str, set[str]] = {}
    for first, second in cabling.links:
        for host, other in ((first, second), (second, first)):
            if cabling.outside(other):
                found.setdefault(host, set()).add(other)
    return found


def _name(cabling: Cabling, members: set[str], beside: set[str]) -> str | None:
    switches = [host for host in members if cabling.forwards(host)]
    pairs = [name for name, hosts in cabling.pairs.items() if members.intersection(hosts)]
    return min(switches or pairs or beside, default=None)
