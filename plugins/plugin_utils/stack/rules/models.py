# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the model and the release that a Juniper EX is said to have."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.platform import (
    bundle_index,
    limit_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.ports import (
    SOURCE,
    is_model,
    is_release,
    near_model,
    why_not,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cabling import sides_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.link import BUNDLES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Device, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.pairing import NAMES


def _switches(site: Site) -> Iterator[tuple[str, Device]]:
    return ((name, device) for name, device in sorted(site.devices.items()) if device.kind == "junos_ex")


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
    return {match[2] for port in ports if (match := NAMES["junos_ex"].port.fullmatch(port))}
