# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the links of Linux hosts: who makes their bonds, and which interface has which VLAN."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    Side,
    all_readable,
    provisioned,
    sides_of,
    vlan_interface,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

_NUMBERED = re.compile(r".+\.(\d+)")
"""An interface that is named after its VLAN's id, as most tools do it."""
LONGEST_NAME = 15
"""IFNAMSIZ of the kernel is 16, its last byte a zero."""


def _bonded(site: Site) -> Iterator[tuple[str, Side, str]]:
    """Yield each Linux host's end with a bond, and the bond."""
    for host in sorted(site.links_by_host) if all_readable(site) else ():
        for side in sides_of(site, host):
            if site.traits(host).provisions == "asked" and side.end.lag is not None:
                yield host, side, side.end.lag


@rule("PROVISION_LINKS_KIND")
def provision_links_kind(site: Site) -> Iterator[Fault]:
    """A device that is no Linux host asks for its links to be provisioned.

    Breaks: nothing would be done with it; or its author believes that more is done than for any other of its kind.
    Why: switches and ESXi hosts always get their ends of a link, other kinds never do; only at a Linux host both are
    usual, since a container has no bonds of its own.
    Mend: remove `provision_links`.
    """
    for name, device in sorted(site.devices.items()):
        if device.provision_links and device.traits.provisions != "asked":
            yield Fault(
                ("devices", name, "provision_links"),
                f"a {device.kind} does not choose whether its links are provisioned, only a linux does; remove "
                "provision_links",
            )


@rule("PROVISION_LINKS_WITHOUT_BOND")
def provision_links_without_bond(site: Site) -> Iterator[Fault]:
    """A Linux host whose links are to be provisioned has one without a bond, or has no links.

    Breaks: the ports of that link would stay as they are.
    Why: the role linux_bond makes bonds; a plain port is left to whoever installed the host.
    Mend: name a bond (`lag: bond0`), also for `bundle: none` (active-backup); or remove `provision_links`.
    """
    for host, device in sorted(site.devices.items()) if all_readable(site) else ():
        if not (device.provision_links and device.kind == "linux"):
            continue
        sides = list(sides_of(site, host))
        if not sides:
            text = "no link ends here, so there is nothing to provision; declare its links or remove provision_links"
            yield Fault(("devices", host, "provision_links"), text)
        for side in sides:
            if side.end.lag is None:
                yield Fault(
                    ("links", side.name, "ends", host),
                    f"the links of {host} are to be provisioned and this one names no bond, so its ports would stay as "
                    "they are; add lag, like bond0",
                    (("devices", host),),
                )


@rule("BOND_VLAN_UNTAGGED")
def bond_vlan_untagged(site: Site) -> Iterator[Fault]:
    """A Linux host has a VLAN on the bond itself that its switch tags, or on a VLAN interface one that it does not.

    Breaks: the host sends without a tag what the switch expects with one, and reaches nobody in that VLAN.
    Why: what `untagged` of the link names is on the bond, what `tagged` names on an interface of its own above it.
    Mend: correct `interface` at the device, or `vlans` of the link.
    """
    for host, side, lag in _bonded(site):
        for vlan, leg in sorted(site.devices[host].networks.items()):
            tagged = vlan in side.link.vlans.tagged
            if vlan not in side.link.vlans.every or leg.interface is None:
                continue
            if tagged and leg.interface == lag:
                text = f"the link carries {vlan} with its tag and {host} has it on {lag} itself, where frames have none"
            elif not tagged and leg.interface.startswith(f"{lag}."):
                text = f"the link carries {vlan} untagged and {host} has it on {leg.interface}, which tags its frames"
            else:
                continue
            mend = "; correct interface, or the link's vlans"
            yield Fault(("devices", host, "networks", vlan, "interface"), text + mend, (("links", side.name),))


@rule("BOND_VLAN_NAME")
def bond_vlan_name(site: Site) -> Iterator[Fault]:
    """A VLAN interface on a bond would have a name that is too long, or that another one has.

    Breaks: the host cannot make the interface.
    Why: a name has at most 15 characters (IFNAMSIZ of the Linux kernel), and belongs to one interface.
    Mend: name the interface at the device (`networks: {VLAN: {interface: ...}}`), or shorten the bond's name.
    """
    for host, side, lag in _bonded(site):
        taken: dict[str, str] = {}
        legs = [vlan for vlan in side.link.vlans.tagged if vlan in site.devices[host].networks]
        for vlan in legs if provisioned(site, host) else ():
            name = vlan_interface(site, host, lag, vlan)
            first = taken.setdefault(name, vlan)
            if len(name) > LONGEST_NAME:
                text = f"{name} has {len(name)} characters and an interface at most {LONGEST_NAME}; name one at {host}"
            elif first != vlan:
                text = f"{name} is the interface of {first} already, and has one VLAN; name another at {host}"
            else:
                continue
            yield Fault(("devices", host, "networks", vlan), text, (("links", side.name),))


@rule("INTERFACE_VLAN_ID", waivable=True)
def interface_vlan_id(site: Site) -> Iterator[Fault]:
    """A Linux host's interface has the number of one VLAN in its name and is declared for another.

    Breaks: the address sits in the wrong VLAN, where nobody of its subnet is; or whoever reads the name is misled.
    Why: bond0.30 is made as the interface of id 30 by ip-link, ifupdown, netplan and networkd alike.
    Mend: correct `interface`, or the VLAN that it stands under; waive it where the names are others on purpose.
    """
    for host, device in sorted(site.devices.items()):
        for vlan, leg in sorted(device.networks.items()) if device.kind == "linux" else ():
            match = _NUMBERED.fullmatch(leg.interface or "")
            if match and vlan in site.vlans and int(match[1]) != site.vlans[vlan].id:
                yield Fault(
                    ("devices", host, "networks", vlan, "interface"),
                    f"{leg.interface} is the interface of VLAN id {match[1]} by its name, and {vlan} has id "
                    f"{site.vlans[vlan].id}; correct one of them",
                    (("vlans", vlan),),
                )
