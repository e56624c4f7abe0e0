# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the links of ESXi hosts, their port groups and their vCenter."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    all_readable,
    ends,
    is_trunk,
    links_of,
    port_groups,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import in_run, rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site


@rule("ESXI_MANAGEMENT_ACCESS", severity="warning", waivable=True)
def esxi_management_access(site: Site) -> Iterator[Fault]:
    """An ESXi host is managed over a static bundle of access ports.

    Breaks: the management network may lose most of its packets (the blog post's case: 60 %).
    Why: seen on ESXi 4.1 with an EX4200; a trunk with only a native VLAN did not lose any. An overriding policy of the
    management port group (VMware KB 1022751) explains it as well, and that one is written in any case.
    Mend: say `trunk: true`, or waive it where the access ports are proven.
    """
    for name, link, host, _end, _names in ends(site):
        management = site.devices[host].management_vlan
        if not site.traits(host).hypervisor or link.bundle != "static" or is_trunk(link):
            continue
        if management is not None and management == link.vlans.untagged:
            yield Fault(
                ("links", name),
                f"{host} is managed in {management} over a static bundle of access ports, where the blog post's host "
                "lost 60 % of its packets; say `trunk: true` for a trunk with this native VLAN only",
            )


@in_run("LINK_DOWN")
def link_down(site: Site) -> Iterator[Fault]:
    """The NIC at the other end of a disabled port keeps its link, or another NIC of the host loses its own.

    Breaks: the cables are not as declared: the port, which is to be changed, belongs to another NIC or to another host.
    Why: a conversion (netstack.datacenter.link_cutover) disables the ports of each uplink group once, before anything
    depends on them. It looks at the NICs for `verify.link_down_seconds`, enables the ports again and takes all back.
    Mend: mend the cables, or the ports in `ends`; waive it where the enclosure of a blade hides link loss from its
    NICs. Such a host goes on sending over a disabled port, so a link with its management is converted with consent
    only.
    """
    for name, link in sorted(site.links.items()):
        if any(site.traits(host).converts for host in link.ends):
            yield Fault(
                ("links", name), "no run proves its cables, for its NICs keep their link when a port is disabled"
            )


@rule("ESXI_MANAGEMENT_NOT_CARRIED", severity="warning", waivable=True)
def esxi_management_not_carried(site: Site) -> Iterator[Fault]:
    """No link of an ESXi host carries its management VLAN.

    Breaks: the host is managed over a cable that nobody declared, and changes of it are not made safely.
    Why: the safe order of a change depends on the link that carries the management.
    Mend: add the VLAN to the link, or declare the link that has it.
    """
    for host in sorted(site.links_by_host) if all_readable(site) else ():
        device = site.devices.get(host)
        if device is None or not device.traits.hypervisor or device.management_vlan is None:
            continue
        if not any(device.management_vlan in side.link.vlans.every for side in sides_of(site, host)):
            yield Fault(
                ("devices", host, "management_vlan"),
                f"no link of {host} ({links_of(site, host)}) carries {device.management_vlan}, so it is managed over a "
                "cable that nobody declared; add the VLAN to a link, or declare that link",
            )


@rule("PORT_GROUPS_FOREIGN")
def port_groups_foreign(site: Site) -> Iterator[Fault]:
    """An end that is no ESXi host with standard vSwitches has port groups.

    Breaks: nothing would be done with them.
    Why: port groups of a distributed switch belong to it and not to a host.
    Mend: remove `port_groups`, or put them at the other end.
    """
    for name, _link, host, end, _names in ends(site):
        if end.port_groups and not site.traits(host).port_groups:
            yield Fault(
                ("links", name, "ends", host, "port_groups"),
                f"{host} ({site.kind(host)}) has no port groups of its own, so they would be ignored; remove them, or "
                "put them at the end of kind esxi_vss",
            )


@rule("PORT_GROUP_VLAN")
def port_group_vlan(site: Site) -> Iterator[Fault]:
    """A port group is in a VLAN that its link does not carry.

    Breaks: its guests reach nobody outside the host.
    Why: VST: the port group tags, and the switch must take the tag.
    Mend: add the VLAN to the link, or correct the name.
    """
    for name, link, host, end, _names in ends(site):
        for group, vlan in end.port_groups.items():
            if vlan not in link.vlans.every:
                yield Fault(
                    ("links", name, "ends", host, "port_groups", group),
                    f"the link does not carry {vlan}, so {group!r} would reach nobody outside {host}; add it to the "
                    "link's vlans or correct the name",
                )


@rule("PORT_GROUP_TWICE")
def port_group_twice(site: Site) -> Iterator[Fault]:
    """Two vSwitches of an ESXi host have a port group of the same name, or one has it in two VLANs.

    Breaks: the host refuses the second one ("already exists").
    Why: names of port groups are unique on a host (vSphere API, AddPortGroup: AlreadyExists). Without `port_groups`
    each VLAN of a link gives one of its name.
    Mend: name the port groups at one of the ends (`port_groups`).
    """
    for host in sorted(site.links_by_host):
        if not site.traits(host).port_groups:
            continue
        owners: dict[str, tuple[str | None, str, str]] = {}
        for side in sides_of(site, host):
            for group, vlan in port_groups(site, side).items():
                vswitch, first_vlan, first = owners.setdefault(group, (side.end.lag, vlan, side.name))
                if (vswitch, first_vlan) != (side.end.lag, vlan):
                    yield Fault(
                        ("links", side.name, "ends", host),
                        f"port group {group!r} of {host} comes from link {first} already, on {vswitch} in "
                        f"{first_vlan}, and its name can be there once; name the port groups of one end",
                        (("links", first),),
                    )


@rule("VCENTER")
def vcenter(site: Site) -> Iterator[Fault]:
    """A device names a vCenter that is none, or names one and is no ESXi host.

    Breaks: there is nobody to log in to, so the host would not be configured.
    Why: the vCenter is a host of its own (kind vcenter), whose variables carry the halves of its hosts.
    Mend: declare it with `kind: vcenter`, or remove `vcenter`.
    """
    for name, device in sorted(site.devices.items()):
        if device.managed_by is None:
            continue
        other = site.kind(device.managed_by)
        if not device.traits.hypervisor:
            text = f"a {device.kind} is not configured through a vCenter, only ESXi hosts are; remove vcenter"
        elif not site.knows("devices", str(device.managed_by)):
            text = f"{device.vcenter} is not declared, so nobody could log in there; declare it with kind vcenter"
        elif other is not None and not site.traits(str(device.managed_by)).manages:
            text = f"{device.vcenter} is of kind {other} and no vCenter; name one of kind vcenter"
        else:
            continue
        yield Fault(("devices", name, "vcenter"), text)
