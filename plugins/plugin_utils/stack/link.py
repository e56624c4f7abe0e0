# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A link of the declared site: one object with two ends, of which each device gets its own half."""

from __future__ import annotations

from typing import Annotated, Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Part
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.third_party import Field
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import Flag, Text, Waivers

Bundle = Literal["lacp", "static", "none"]
HashPolicy = Literal["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac"]
"""As the kernel calls them; the role linux_bond takes the same."""
BUNDLES = ("lacp", "static")
"""What makes one link of several cables; `none` leaves each cable for itself."""
IN_RUN = ("LINK_DOWN",)
"""The rules that a run finds broken at a link; it is told which of them are waived."""
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]


class LinkVlans(Part):
    """The VLANs of a link, said once for both ends."""

    untagged: Text | None = None
    """The VLAN of frames without a tag."""
    tagged: tuple[Text, ...] = ()
    """The VLANs of frames with a tag."""

    @property
    def every(self) -> tuple[str, ...]:
        """Return all VLANs, the untagged one first."""
        return (*((self.untagged,) if self.untagged else ()), *self.tagged)


class End(Part):
    """One device of a link; `ports[i]` is cabled to `ports[i]` of the other end."""

    lag: Text | None = None
    """The bundle here, such as `ae0`, `vSwitch0` or `bond0`."""
    ports: Annotated[tuple[Text, ...], Field(min_length=1)]
    """The ports; each is cabled to the one at the same place of the other end."""
    port_groups: dict[str, Text] = Field(default_factory=dict)
    """Of an ESXi host, VLANs by port group; by default one for each VLAN, and `Management Network`."""
    xmit_hash_policy: HashPolicy | None = None
    """Of a Linux host, how a bundle deals out frames; the role `linux_bond` takes `layer2+3` by itself."""


class Link(Part):
    """What runs between two devices: their ports, how these are bundled, and the VLANs."""

    bundle: Bundle
    """How the cables are made one, at both ends."""
    profile: Text | None = None
    """The entry of `link_profiles` that has its defaults."""
    vlans: LinkVlans = LinkVlans()
    """The VLANs that it carries."""
    mtu: Annotated[int, Field(strict=True, ge=576, le=9216)] | None = None
    """Payload in octets; by default the greatest of its VLANs."""
    periodic: Literal["slow", "fast"] | None = None
    """The rate that LACP asks for."""
    minimum_links: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None
    """Members that must be up for the bundle to be."""
    trunk: Flag = False
    """A trunk with a native VLAN only."""
    description: Line | None = None
    """What the ports are described as, at the ends that have descriptions."""
    ends: dict[str, End]
    """The two devices by name, one of them a switch."""
    waive: Waivers = Field(default_factory=dict)
    """Rules that are switched off for it, each with the reason, where `docs/rules.md` calls them waivable."""

    def other(self, host: str) -> str:
        """Return the host at the other end."""
        return next(name for name in self.ends if name != host)
