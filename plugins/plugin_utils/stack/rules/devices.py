# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on devices and their addresses."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import cell_name
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault, Path
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import (
    Leg,
    gateway_of,
    is_host_in,
    legs,
    subnet_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

_GROUPS = {
    *("all", "ungrouped", "load_balancers", "backends", "lb_turn_1", "lb_turn_2", "switches"),
    *NAMES,
    "link_ends",
}

_CONTROLLER = {"localhost", "127.0.0.1", "::1"}
"""LOCALHOST of ansible-core."""


def _path(leg: Leg) -> Path:
    return ("devices", leg.device, "networks", leg.vlan, *leg.keys)


@rule("SITE_EMPTY")
def site_empty(site: Site) -> Iterator[Fault]:
    """The site declares no device.

    Breaks: there is no host, so every play is skipped and the run ends well without having done anything.
    Why: ansible-core skips plays that match no host, with exit status 0.
    Mend: declare the devices, or name the folder that does (`site`).
    """
    if site.complete and not site.declared.get("devices"):
        yield Fault(
            ("devices",),
            "no device is declared, so every play would be skipped and seem well; declare devices, or name the "
            "folder with the rest as `site`",
        )


@rule("NETWORK_UNKNOWN")
def network_unknown(site: Site) -> Iterator[Fault]:
    """A device has a leg in a VLAN that is not declared.

    Breaks: neither its subnet nor its id is known.
    Why: there is one table of VLANs for the whole site, so that an id has one meaning.
    Mend: declare the VLAN, or correct the name.
    """
    for name, device in sorted(site.devices.items()):
        for vlan in device.networks:
            if not site.knows("vlans", vlan):
                yield Fault(
                    ("devices", name, "networks", vlan),
                    f"VLAN {vlan} is not declared, so neither its id nor its subnet is known; declare it under "
                    "vlans or correct the name",
                )


@rule("MANAGEMENT_VLAN_UNKNOWN")
def management_vlan_unknown(site: Site) -> Iterator[Fault]:
    """A device's management VLAN is not declared, or the device has no leg in it.

    Breaks: the statistics page and, later, the safe order of changes depend on it.
    Why: a device that declares its legs must have one where it is managed.
    Mend: correct the name, or add the leg under `networks`.
    """
    for name, device in sorted(site.devices.items()):
        vlan = device.management_vlan
        if vlan is not None and not site.knows("vlans", vlan):
            yield Fault(
                ("devices", name, "management_vlan"),
                f"VLAN {vlan} is not declared, so the device could not be managed there; declare it or correct the "
                "name",
            )
        elif vlan is not None and device.networks and vlan not in device.networks:
            yield Fault(
                ("devices", name, "management_vlan"),
                f"{name} has no leg in {vlan}, where it is said to be managed; add it under networks or correct the "
                "name",
            )


@rule("ADDRESS_WITHOUT_SUBNET")
def address_without_subnet(site: Site) -> Iterator[Fault]:
    """A device has an address in a VLAN without a subnet of that family.

    Breaks: its prefix length is unknown.
    Why: the prefix length is said once, at the VLAN.
    Mend: add the subnet to the VLAN.
    """
    for leg in legs(site):
        vlan = site.vlans.get(leg.vlan)
        if vlan is not None and subnet_of(vlan, leg.address) is None:
            wanted = "subnet" if leg.address.version == 4 else "subnet6"  # IPv4
            yield Fault(
                _path(leg), f"{leg.address} has no prefix length, for VLAN {leg.vlan} has no {wanted}; add it there"
            )


@rule("ADDRESS_OUTSIDE_SUBNET")
def address_outside_subnet(site: Site) -> Iterator[Fault]:
    """A device's address lies outside the subnet of its VLAN.

    Breaks: its neighbours do not find it.
    Why: RFC 1122, 3.3.1.1.
    Mend: correct the address, or the VLAN that it stands under.
    """
    for leg in legs(site):
        vlan = site.vlans.get(leg.vlan)
        subnet = subnet_of(vlan, leg.address) if vlan is not None else None
        if subnet is not None and leg.address not in subnet:
            yield Fault(
                _path(leg),
                f"{leg.address} lies outside {subnet} of VLAN {leg.vlan}, so its neighbours would not find it; "
                "correct the address or the VLAN",
            )


@rule("ADDRESS_NOT_A_HOST")
def address_not_a_host(site: Site) -> Iterator[Fault]:
    """A device's address is the network or the broadcast address of its subnet.

    Breaks: the kernel refuses it, or everybody answers.
    Why: RFC 1122, 3.2.1.3; RFC 4291, 2.6.1.
    Mend: take another address.
    """
    for leg in legs(site):
        vlan = site.vlans.get(leg.vlan)
        subnet = subnet_of(vlan, leg.address) if vlan is not None else None
        if subnet is not None and leg.address in subnet and not is_host_in(leg.address, subnet):
            yield Fault(
                _path(leg),
                f"{leg.address} is the network or broadcast address of {subnet}, which no host can have; take "
                "another one",
            )


@rule("ADDRESS_IS_GATEWAY", waivable=True)
def address_is_gateway(site: Site) -> Iterator[Fault]:
    """A device has the address of its VLAN's gateway.

    Breaks: the whole VLAN loses its way out whenever the device answers first.
    Why: duplicate address (RFC 5227).
    Mend: take another address; waive it where the device is the gateway.
    """
    for leg in legs(site):
        vlan = site.vlans.get(leg.vlan)
        if (
            vlan is not None
            and leg.address == gateway_of(vlan, leg.address)
            and not site.devices[leg.device].traits.routes
        ):
            yield Fault(
                _path(leg),
                f"{leg.address} is the gateway of VLAN {leg.vlan}, and two who answer for it cut the VLAN off; take "
                "another address",
            )


@rule("ADDRESS_TWICE")
def address_twice(site: Site) -> Iterator[Fault]:
    """Two legs have the same address.

    Breaks: connections go to one or the other, as ARP has it.
    Why: duplicate address (RFC 5227).
    Mend: give one of them another address.
    """
    owners: dict[object, Leg] = {}
    for leg in sorted(legs(site), key=lambda item: (item.device, item.vlan, item.keys)):
        first = owners.setdefault(leg.address, leg)
        if first is not leg:
            yield Fault(
                _path(leg),
                f"{leg.address} belongs to {first.device} in VLAN {first.vlan} already, and connections would go to "
                "either; give one another address",
            )


@rule("INTERFACE_TWICE")
def interface_twice(site: Site) -> Iterator[Fault]:
    """A device uses one interface for two VLANs.

    Breaks: an untagged interface is in one VLAN; tagged ones have names of their own (eth0.30).
    Why: an address in the wrong VLAN is reached by nobody.
    Mend: name the VLAN interface, for example bond0.30.
    """
    for name, device in sorted(site.devices.items()):
        owners: dict[str, str] = {}
        for vlan, leg in sorted(device.networks.items()):
            first = owners.setdefault(leg.interface, vlan) if leg.interface is not None else vlan
            if first != vlan:
                yield Fault(
                    ("devices", name, "networks", vlan, "interface"),
                    f"{leg.interface} is the interface for VLAN {first} already, and untagged frames belong to one "
                    f"VLAN; name the VLAN's own interface, like {leg.interface}.{_id(site, vlan)}",
                )


def _id(site: Site, vlan: str) -> int:
    return site.vlans[vlan].id if vlan in site.vlans else 30


@rule("ON_ITSELF")
def on_itself(site: Site) -> Iterator[Fault]:
    """A device is said to run on itself, or on a device that runs on it.

    Breaks: neither can be started or moved before the other.
    Why: `on` names the hypervisor or cluster that carries a virtual machine.
    Mend: name the hypervisor.
    """
    for name, device in sorted(site.devices.items()):
        seen, current = [name], device.on
        while current is not None and current in site.devices and current not in seen:
            seen.append(current)
            current = site.devices[current].on
        if current == name:
            yield Fault(
                ("devices", name, "on"),
                f"it runs on {' on '.join([*seen[1:], name])}, so on itself; name the hypervisor or cluster that "
                "carries it",
            )


@rule("NAME_IS_A_GROUP")
def name_is_a_group(site: Site) -> Iterator[Fault]:
    """A device has the name of a group that the inventory makes.

    Breaks: a pattern with this name matches the host and the whole group ("Found both group and host with same name").
    Why: hosts and groups share one space of names in Ansible.
    Mend: rename the device.
    """
    derived = {f"{prefix}_{pair}" for pair in site.declared.get("lb_pairs", ()) for prefix in ("lb_pair", "cell")}
    derived |= {cell_name(host) for host in site.links_by_host}
    for name in sorted(site.devices):
        if name in _GROUPS | derived:
            yield Fault(
                ("devices", name),
                f"{name} is also a group of this inventory, and a pattern could not tell them apart; rename the device",
            )


@rule("DEVICE_IS_CONTROLLER", waivable=True)
def device_is_controller(site: Site) -> Iterator[Fault]:
    """A device has the name by which Ansible knows the controller itself.

    Breaks: Ansible opens no connection to `localhost`, 127.0.0.1 or ::1, and changes the controller instead.
    Why: ansible-core has an implicit host of these names, with the connection `local`.
    Mend: give the device a name of its own; waive it where the controller is the host that is meant.
    """
    for name in sorted(set(site.devices) & _CONTROLLER):
        yield Fault(
            ("devices", name),
            f"{name} is the controller itself to Ansible, which would be changed in this device's place; give the "
            "device a name of its own",
        )
