# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory as AWX 24.6.1 stores it: each update of its source is merged into what is there, by two options.

As measured there. Variables are merged by their top-level key, the source wins. Variables of `all` are the inventory's
and are never removed. `overwrite_vars` removes a variable that the source does not have any more, also one made by
hand. `overwrite` removes hosts, groups and memberships that came from the source and are gone from it; those made by
hand stay. A job gets it as a program that prints JSON.
"""

from __future__ import annotations

import copy
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODES = [
    {"overwrite": overwrite, "overwrite_vars": overwrite_vars}
    for overwrite, overwrite_vars in itertools.product((False, True), repeat=2)
]
Variables = dict[str, Any]


@dataclass
class Group:
    variables: Variables = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)


@dataclass
class Stored:
    """The inventory and what made it."""

    overwrite: bool = False
    overwrite_vars: bool = False
    of_all: Variables = field(default_factory=dict)
    hosts: dict[str, Variables] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    from_source: set[str] = field(default_factory=set)
    """Hosts and groups that an update has brought."""

    def add(self, host: str, group: str, **variables: Any) -> None:
        """Add a host by hand, to a group."""
        self.hosts.setdefault(host, {}).update(variables)
        made = self.groups.setdefault(group, Group())
        made.members.add(host)
        made.by_hand.add(host)

    def update(self, exported: dict[str, Any]) -> None:
        """Merge what `ansible-inventory --list --export` printed."""
        listed = copy.deepcopy(exported)
        hostvars = listed.pop("_meta")["hostvars"]
        of_all = listed.pop("all")
        self.of_all.update(of_all.get("vars", {}))
        groups = {name: item for name, item in listed.items() if name != "ungrouped"}
        hosts = {*hostvars, *(host for item in listed.values() for host in item.get("hosts", ()))}
        if self.overwrite:
            self._remove(hosts, groups)
        for host in sorted(hosts):
            self._set(self.hosts.setdefault(host, {}), hostvars.get(host, {}))
        for name, item in groups.items():
            group = self.groups.setdefault(name, Group())
            self._set(group.variables, item.get("vars", {}))
            group.members |= set(item.get("hosts", ()))
        self.from_source |= hosts | set(groups)

    def _set(self, known: Variables, found: Variables) -> None:
        if self.overwrite_vars:
            known.clear()
        known.update(found)

    def _remove(self, hosts: set[str], groups: dict[str, Any]) -> None:
        for gone in self.from_source - hosts - set(groups):
            self.hosts.pop(gone, None)
            self.groups.pop(gone, None)
        for name, group in self.groups.items():
            if name in self.from_source:
                group.members &= {*groups.get(name, {}).get("hosts", ()), *group.by_hand}
            group.members &= set(self.hosts)

    def sliced(self, number: int, slices: int) -> Stored:
        """Return what a slice of a job gets: every n-th host by name, all groups and their variables."""
        kept = sorted(self.hosts)[number - 1 :: slices]
        found = copy.deepcopy(self)
        found.hosts = {host: self.hosts[host] for host in kept}
        for group in found.groups.values():
            group.members &= set(kept)
        return found

    def write(self, file: Path) -> Path:
        """Write the program that a job asks."""
        grouped = {host for group in self.groups.values() for host in group.members}
        listed: dict[str, Any] = {
            "all": {"vars": self.of_all, "hosts": sorted(self.hosts), "children": sorted(self.groups)},
            "_meta": {
                "hostvars": {
                    host: {**variables, "remote_tower_enabled": "true", "remote_tower_id": number}
                    for number, (host, variables) in enumerate(sorted(self.hosts.items()), start=1)
                }
            },
            "ungrouped": {"hosts": sorted(set(self.hosts) - grouped)},
        }
        for name, group in self.groups.items():
            listed[name] = {"hosts": sorted(group.members), "vars": group.variables}
        file.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(listed)}\nEND\n")
        file.chmod(0o755)
        return file
