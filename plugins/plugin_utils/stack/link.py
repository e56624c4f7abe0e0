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
    tagged: tuple[Text, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """Return all VLANs, the untagged one first."""
        return (*((self.untagged,) if self.untagged else ()), *self.tagged)


class End(Part):
    """One device of a link; `ports[i]` is cabled to `ports[i]` of the other end."""

    lag: Text | None = None
    ports: Annotated[tuple[Text, ...], Field(min_length=1)]
    port_groups: dict[str, Text] = Field(default_factory=dict)
    xmit_hash_policy: HashPolicy | None = None


class Link(Part):
    """What runs between two devices: their ports, how these are bundled, and the VLANs."""

    bundle: Bundle
    profile: Text | None = None
    vlans: LinkVlans = LinkVlans()
    mtu: Annotated[int, Field(strict=True, ge=576, le=9216)] | None = None
    periodic: Literal["slow", "fast"] | None = None
    minimum_links: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None
    trunk: Flag = False
    description: Line | None = None
    ends: dict[str, End]
    waive: Waivers = Field(default_factory=dict)

    def other(self, host: str) -> str:
        """Return the host at the other end."""
        return next(name for name in self.ends if name != host)
