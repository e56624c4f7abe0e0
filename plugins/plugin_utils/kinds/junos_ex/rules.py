# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on a Juniper EX: its model and release, and what that takes of bundles, speeds, MTU and names."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import (
    Side,
    ends,
    is_trunk,
    mtu_of,
    sides_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Device, Site

from .platform import FRAME_TAGGED, FRAME_UNTAGGED, MTU_HIGHEST, VLAN_NAME, Limit, bundle_index, limit_of
from .ports import SOURCE, is_model, is_release, near_model, why_not
from .site import KIND


def _switches(site: Site) -> Iterator[tuple[str, Device]]:
    return ((name, device) for name, device in sorted(site.devices.items()) if device.kind == KIND.name)


@rule("MODEL_UNKNOWN", severity="warning", waivable=True)
def model_unknown(site: Site) -> Iterator[Fault]:
    """The model of a Juniper EX is none that the collection knows.

    Breaks: neither the ports of the switch nor the numbers of its members and bundles are judged by its model; a port
    that is not there is found only when the switch is planned.
    Why: the limits are a table by model; a misspelt model falls out of it without a word.
    Mend: write it as `show version` does (ex4200-48t); waive it for a model that is newer than the collection.
    """
    for name, device in _switches(site):
        if device.model is not None and not is_model(device.model):
            close = near_model(device.model)
            mend = f"did you mean {close}?" if close else "write it as `show version` does, like ex4200-48t"
            yield Fault(
                ("devices", name, "model"),
                f"{device.model!r} is no model of an EX that is known here, so its ports and the limits of its bundles "
                f"are not judged; {mend}",
            )


@rule("RELEASE_UNKNOWN", severity="warning", waivable=True)
def release_unknown(site: Site) -> Iterator[Fault]:
    """The release of a Juniper EX does not look like one of Junos.

    Breaks: whether its limits are those of an old release (64 bundles up to Junos 9.2) is not judged.
    Why: Juniper numbers releases by year and quarter, or by version: 15.1R7, 12.3R12-S5.1, 14.1X53-D47.6, 21.4R3-S2.
    Mend: write it as `show version` does, or remove it.
    """
    for name, device in _switches(site):
        if device.release is not None and not is_release(device.release):
            yield Fault(
                ("devices", name, "release"),
                f"{device.release!r} is no release of Junos, so the limits of old releases are not judged; write it as "
                "`show version` does, like 15.1R7, or remove it",
            )


@rule("LINK_PORT_BEYOND_MODEL", waivable=True)
def link_port_beyond_model(site: Site) -> Iterator[Fault]:
    """A port of a Juniper EX is beyond what its model has.

    Breaks: the switch takes the configuration of a port that is not there, the link never comes up, and the change is
    taken back after a wait.
    Why: FPC is the switch's number in the virtual chassis, PIC 0 its own ports, PIC 1 and 2 its uplinks (Juniper,
    Interface Naming Conventions on EX Series Switches; the hardware guides for the numbers).
    Mend: correct the port, or `model`; waive it where a virtual chassis has members of other models.
    """
    for host, device in _switches(site):
        for side in sides_of(site, host) if device.model is not None else ():
            for index, port in enumerate(side.end.ports):
                why = why_not(port, str(device.model))
                if why is not None:
                    yield Fault(
                        ("links", side.name, "ends", host, "ports", index),
                        f"{host} ({device.model}) has no {port}: it names {why} ({SOURCE}); correct it, or model at "
                        f"{host}",
                        (("devices", host),),
                    )


@rule("LINK_LAG_BEYOND_MODEL")
def link_lag_beyond_model(site: Site) -> Iterator[Fault]:
    """The number of a Juniper EX's LAG is above what its model has.

    Breaks: the switch refuses it.
    Why: Junos: `device value outside range 0..127` for ae128 and above (EX 11.4); EX8200 and EX9200 have more bundles
    than that (Juniper EX3300 manual, (c) 2015, Table 5; Junos 13.2, Configuring an Aggregated Ethernet Interface).
    Mend: use a lower number, or say the switch's `model` if that has more.
    """
    for host, device in _switches(site):
        highest = limit_of(device.model, device.release).ae
        for side in sides_of(site, host):
            index = bundle_index(side.end.lag or "")
            if index is not None and index > highest:
                yield Fault(
                    ("links", side.name, "ends", host, "lag"),
                    f"{host} ({device.model or 'model not said'}) has no {side.end.lag}, its highest is ae{highest}; "
                    "use a lower number, or say the model if that has more",
                    (("devices", host),),
                )


@rule("LINK_ON_ONE_MEMBER", severity="warning", waivable=True)
def link_on_one_member(site: Site) -> Iterator[Fault]:
    """All cables of a bundle end at one member of a virtual chassis, or at one line card.

    Breaks: the link is down as soon as that member is, for an upgrade or for good; the second cable does not help.
    Why: the first number of a port is the member (FPC); the other links of the switch show that it has more than one.
    Where only the switch tells that, the plan that changes the bundle warns.
    Mend: move one cable to another member; waive it where the cables cannot reach one.
    """
    for host, _device in _switches(site):
        sides = list(sides_of(site, host))
        members = {member for side in sides for member in _members(side.end.ports)}
        for side in sides:
            used = _members(side.end.ports)
            if side.link.bundle in BUNDLES and len(side.end.ports) > 1 and len(used) == 1 < len(members):
                yield Fault(
                    ("links", side.name, "ends", host, "ports"),
                    f"all ports are on member {used.pop()} of {host}, which has others, so the link falls with it; "
                    "move a cable to another member",
                    (("devices", host),),
                )


def _members(ports: tuple[str, ...]) -> set[str]:
    """Return the FPCs of the ports that can be read."""
    return {match[2] for port in ports if (match := KIND.names.port.fullmatch(port))}


def _bundled(site: Site) -> Iterator[tuple[str, Limit, list[Side]]]:
    """Yield each Juniper EX with the limits of its model and its bundles."""
    for host, device in _switches(site):
        bundles = [side for side in sides_of(site, host) if side.link.bundle in BUNDLES]
        yield host, limit_of(device.model, device.release), bundles


@rule("LINK_MEMBERS_LIMIT", waivable=True)
def link_members_limit(site: Site) -> Iterator[Fault]:
    """A bundle has more ports than the switch's model takes.

    Breaks: the switch refuses the commit, or ignores the ports that are too many.
    Why: 8, 12 or 16 by model (Juniper EX3300 manual, Table 5); 16 where the model is not said.
    Mend: make two links of it, or correct `model`; waive it, and raise `junos_lag_limits`, where the switch proves the
    table wrong.
    """
    for host, limit, bundles in _bundled(site):
        for side in bundles:
            if len(side.end.ports) > limit.members:
                yield Fault(
                    ("links", side.name, "ends", host, "ports"),
                    f"{len(side.end.ports)} ports are more than a bundle of {host} takes ({limit.members}; "
                    f"{limit.source}); make two links of it, or correct model at {host}",
                    (("devices", host),),
                )


@rule("LINK_BUNDLES_LIMIT", waivable=True)
def link_bundles_limit(site: Site) -> Iterator[Fault]:
    """A switch has more bundles than its model takes.

    Breaks: the switch refuses the commit, or the bundles that are too many never come up.
    Why: 32 to 255 by model (Juniper EX3300 manual, Table 5), 64 up to Junos 9.2.
    Mend: move links to another switch, or correct `model` and `release`; waive it, and raise `junos_lag_limits`, where
    the switch proves the table wrong.
    """
    for host, limit, bundles in _bundled(site):
        if len(bundles) > limit.lags:
            yield Fault(
                ("devices", host),
                f"{len(bundles)} bundles are more than it takes ({limit.lags}; {limit.source}); move links to another "
                "switch, or correct model and release",
            )


@rule("LINK_SPEEDS", waivable=True)
def link_speeds(site: Site) -> Iterator[Fault]:
    """A bundle of a Juniper EX has ports of different speeds.

    Breaks: the slower port is not bundled, or is overrun by its share of the flows.
    Why: IEEE 802.1AX aggregates links of one speed; Juniper EX3300 manual: the links of a LAG must have the same speed.
    Mend: use ports of one speed; waive it where the faster ones hold slower transceivers.
    """
    for name, link, host, end, names in ends(site):
        types = sorted({port.split("-", 1)[0] for port in end.ports if names.port.fullmatch(port)})
        if site.kind(host) == KIND.name and link.bundle in BUNDLES and len(types) > 1:
            yield Fault(
                ("links", name, "ends", host, "ports"),
                f"{' and '.join(types)} ports have different speeds, and the slower one would not be bundled or be "
                "overrun; use ports of one speed",
            )


@rule("LINK_MTU_LARGE")
def link_mtu_large(site: Site) -> Iterator[Fault]:
    """A link's MTU is more than a Juniper EX takes.

    Breaks: the switch refuses the commit.
    Why: Junos: mtu is within 256..9216, and counts 14 octets of Ethernet beside the payload, on a trunk 18.
    Mend: lower the MTU of the link or its VLAN to 9202, on a trunk to 9198; 9000 is what hosts use.
    """
    for name, link in sorted(site.links.items()):
        highest = MTU_HIGHEST - (FRAME_TAGGED if is_trunk(link) else FRAME_UNTAGGED)
        if mtu_of(site, link) > highest and any(site.kind(host) == KIND.name for host in link.ends):
            yield Fault(
                ("links", name, "mtu") if link.mtu is not None else ("links", name),
                f"a payload of {mtu_of(site, link)} octets is more than a Juniper EX takes ({highest}); lower the mtu "
                "of the link or of its VLAN, 9000 is what hosts use",
            )


@rule("LINK_VLAN_NAME")
def link_vlan_name(site: Site) -> Iterator[Fault]:
    """A Juniper EX gets a VLAN whose name it does not take.

    Breaks: the switch refuses it, or takes the name for an id.
    Why: 2 to 64 characters (Juniper's YANG, junos-ex 21.4R1); an id, a range of ids (10-20) and `all` mean other VLANs
    in a list of VLANs, and *, ?, [, ], < and > are for wildcards.
    Mend: rename the VLAN.
    """
    for host in sorted(site.links_by_host):
        if site.kind(host) == KIND.name:
            carried = {vlan for side in sides_of(site, host) for vlan in side.link.vlans.every}
            for vlan in sorted(name for name in carried & set(site.vlans) if not VLAN_NAME.fullmatch(name)):
                yield Fault(
                    ("vlans", vlan),
                    f"{host} takes names of VLANs of 2 to 64 characters that are no id, no range of ids and no "
                    "wildcard; rename it",
                    (("devices", host),),
                )
