# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on links and their ends."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import ENDS, Site


@rule("LINK_ENDS")
def link_ends(site: Site) -> Iterator[Fault]:
    """A link has not exactly two ends.

    Breaks: there is nothing to be cabled to, or nobody can tell which port goes where.
    Why: `ports[i]` of one end is cabled to `ports[i]` of the other. A LAG over two separate switches (MC-LAG) cannot be
    declared; a virtual chassis is one device.
    Mend: name two devices under `ends`; make two links of one that leads to two switches.
    """
    for name, link in sorted(site.links.items()):
        if len(link.ends) != ENDS:
            yield Fault(
                ("links", name, "ends"),
                f"it has not two ends but {len(link.ends)}, and each port is cabled to one of the other end; name two "
                "devices, or make a link for each two",
            )


@rule("LINK_END_UNKNOWN")
def link_end_unknown(site: Site) -> Iterator[Fault]:
    """A link ends at a device that is not declared.

    Breaks: that end would be without its half.
    Why: every host of the site stands under devices; one that is not configured is of kind external.
    Mend: declare the device, or correct the name.
    """
    for name, link in sorted(site.links.items()):
        for host in link.ends:
            if not site.knows("devices", host):
                yield Fault(
                    ("links", name, "ends", host),
                    f"{host} is not declared, so this end would get nothing; declare it under devices or correct "
                    "the name",
                )


@rule("LINK_WITHOUT_SWITCH")
def link_without_switch(site: Site) -> Iterator[Fault]:
    """Neither end of a link is a switch.

    Breaks: both would wait for the other to carry the VLANs.
    Why: the VLANs of a link are a switch's to hand out; a virtual machine is no end of a link, it has `on`.
    Mend: name the switch that the cables go to; one that is not configured is of kind `external`.
    """
    for name, link in sorted(site.links.items()):
        known = [site.devices[host].traits for host in link.ends if host in site.devices]
        if len(known) == len(link.ends) == ENDS and not any(traits.switch for traits in known):
            yield Fault(
                ("links", name, "ends"),
                f"{' and '.join(link.ends)} are both no switch, so nobody would carry the VLANs; name the switch "
                "that the cables go to, and for a virtual machine its host as `on`",
            )


@rule("LINK_BUNDLE_IMPOSSIBLE")
def link_bundle_impossible(site: Site) -> Iterator[Fault]:
    """A kind of device cannot be the end of such a bundle.

    Breaks: the bundle never comes up, or half of the frames are lost without a word.
    Why: VMware KB 1001938: a standard vSwitch takes a static bundle and no LACP. Windows Switch Embedded Teaming is
    switch-independent (Microsoft, Convert-LBFO2SET). A vCenter has no ports.
    Mend: as the message says.
    """
    for name, link in sorted(site.links.items()):
        for host in link.ends:
            half = site.traits(host).pairing.get(link.bundle)
            if isinstance(half, Impossible):
                yield Fault(
                    ("links", name, "ends", host),
                    f"{host} ({site.kind(host)}) cannot be the end of a link with bundle {link.bundle}: {half.why}; "
                    f"{half.mend}",
                    (("devices", host),),
                )
