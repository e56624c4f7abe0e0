# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a kind of device is to everybody who is not that kind: its package says it once, as one value of :class:`Kind`.

The site, its rules, the playbooks and the report ask these values; none of them names a kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BUNDLED = ("lacp", "static")
"""The bundles whose ports join something that has a name."""


@dataclass(frozen=True)
class Impossible:
    """A kind that cannot do it, why (with the source), and what to do instead."""

    why: str
    mend: str


Row = Mapping[str, Mapping[str, str] | Impossible]
"""What each `bundle` (lacp, static, none) means at the end of this kind: its own words for it."""


@dataclass(frozen=True)
class Names:
    """How a kind calls its LAGs and ports: a pattern, and an example of it; `needs_lag` tells for which bundles.

    `another_lag` mends two bundles in one LAG.
    """

    lag: re.Pattern[str]
    lag_example: str
    needs_lag: tuple[str, ...]
    port: re.Pattern[str]
    port_example: str
    lag_without_bundle: bool = True
    another_lag: str = "give one another lag"


ANY = re.compile(r"\S(.*\S)?")
FREE = Names(ANY, "a name", (), ANY, "a name")
"""Of a kind whose names nobody judges."""


@dataclass(frozen=True)
class Library:
    """What a kind is reached by: the name that people know, the module to import, and the package that brings it."""

    name: str
    module: str
    package: str


@dataclass(frozen=True)
class Kind:
    """One kind of device.

    Attributes:
        name: what `kind` says in the site, and the inventory's group
        title: what people call one, for messages and generated pages
        pairing: what each bundle means at its end
        names: what its LAGs and ports are called
        switch: a link can have it as its switch
        forwards: it forwards between its ports and holds a cell together, for it is a device of the site
        routes: it can be a VLAN's gateway
        outside: nothing of it is configured, by anybody: it holds no cell together
        storage: others mount what it serves, unless its `storage` says no
        hypervisor: it has guests, VMkernel interfaces, and a management that its links carry
        port_groups: its ends have port groups of their own, made for the VLANs of the link
        manages: others are configured through it: it is the host that their `vcenter` names
        provisions: whether its ends of links are configured: always, never, or when the host asks (`provision_links`)
        groups: the groups that each host of the kind is in, beside that of its name
        role: the role that configures its ends in the plays of `link_ends`; empty where none does
        order: when its turn to change comes, smaller first
        one_by_one: its hosts are changed one after the other, for something else runs on each
        converts: its links are converted together with their other ends, by the cut-over that runs for it
        protocol: how its hosts are reached: netconf, api or ssh (connection/model.py); empty where nobody does
        transport: the variable by which a host says `ssh` where it is reached by that instead
        library: what it is reached by, if that is no part of Ansible
        told_by: the variables of which one has something in it where a host itself is configured

    """

    name: str
    title: str
    pairing: Row
    names: Names = FREE
    switch: bool = False
    forwards: bool = False
    routes: bool = False
    outside: bool = False
    storage: bool = False
    hypervisor: bool = False
    port_groups: bool = False
    manages: bool = False
    provisions: Literal["always", "asked", "never"] = "never"
    groups: tuple[str, ...] = ()
    role: str = ""
    order: int = 0
    one_by_one: bool = False
    converts: bool = False
    protocol: str = ""
    transport: str = ""
    library: Library | None = None
    told_by: tuple[str, ...] = ()

    def row(self, bundle: str) -> Mapping[str, str]:
        """Return what a bundle means at an end of this kind.

        Raises:
            AssertionError: it cannot be, which the rules of the site refuse before anybody asks.

        """
        found = self.pairing[bundle]
        if isinstance(found, Impossible):
            raise AssertionError(f"the rules refuse bundle {bundle} at a {self.name}")
        return found
