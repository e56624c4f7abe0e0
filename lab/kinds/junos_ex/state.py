# SPDX-License-Identifier: GPL-3.0-or-later
"""What the switch does with its configuration and its far ends: links, bundles, LACP, VLANs, stations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .device import Device
from .farend import FLAGS, FarEnd
from .rules import bundle_of
from .tree import Node, natural

YES_NO = {True: "Yes", False: "No"}


@dataclass
class Lacp:
    """LACP of one member: the flags of both rows and the three machines."""

    port: str
    actor: dict[str, str]
    partner: dict[str, str]
    receive: str
    transmit: str
    mux: str

    @property
    def forwards(self) -> bool:
        """Tell whether the member carries traffic."""
        return self.mux == "Collecting distributing"


@dataclass
class Vlan:
    """One VLAN: its tag and the logical interfaces in it."""

    name: str
    tag: str
    interfaces: list[str] = field(default_factory=list)


def _row(good: bool, timeout: str, activity: str, defaulted: bool = False) -> dict[str, str]:
    """Make one row's flags: all right, or all but aggregation not."""
    values = ["No", YES_NO[defaulted], YES_NO[good], YES_NO[good], YES_NO[good], "Yes", timeout, activity]
    return dict(zip(FLAGS, values, strict=True))


class State:
    """The state of a switch at this moment; it is worked out once, for one answer asks for the same again and again."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.root = device.effective
        self._lacp: dict[str, list[Lacp]] = {}

    def interface(self, name: str) -> Node | None:
        """Give the configuration of an interface."""
        return self.root.find("interfaces", "interface", name)

    def configured(self) -> list[Node]:
        """Give all configured interfaces."""
        node = self.root.child("interfaces")
        return node.entries("interface") if node is not None else []

    @cached_property
    def bundles(self) -> dict[str, list[str]]:
        """Give the ae that exist, those below device-count (no other is ever made: facts, section 5), with members."""
        count = self.root.text("chassis", "aggregated-devices", "ethernet", "device-count", default="0")
        found: dict[str, list[str]] = {f"ae{number}": [] for number in range(int(count))}
        for node in self.configured():
            bundle = bundle_of(node)
            if bundle in found and node.key in self.ports:
                found[bundle].append(node.key)
        return found

    @cached_property
    def ports(self) -> frozenset[str]:
        """Give the physical ports."""
        return frozenset(self.device.port_names())

    def members(self, bundle: str) -> list[str]:
        """Give the members of a bundle that exists."""
        return self.bundles.get(bundle, [])

    def bundle(self, port: str) -> str:
        """Give the existing bundle that a port is in, or nothing."""
        node = self.interface(port)
        name = bundle_of(node) if node is not None else ""
        return name if name in self.bundles else ""

    def enabled(self, name: str) -> bool:
        """Tell whether an interface is administratively up."""
        node = self.interface(name)
        return node is None or not node.has("disable")

    def far(self, port: str) -> FarEnd | None:
        """Give what stands at the other end of a cable that works."""
        far = self.device.far.get(port)
        return far if far is not None and far.cable == "up" and self.enabled(port) else None

    def lacp_mode(self, bundle: str) -> str:
        """Give active, passive (also for `lacp {}`: facts, section 1) or nothing for a static bundle."""
        node = self.interface(bundle)
        lacp = node.find("aggregated-ether-options", "lacp") if node is not None else None
        if lacp is None:
            return ""
        return "active" if lacp.has("active") else "passive"

    def periodic(self, bundle: str) -> str:
        """Give how often a bundle asks its far end for LACPDUs: slow where it says so, else fast."""
        node = self.interface(bundle)
        said = node.text("aggregated-ether-options", "lacp", "periodic") if node is not None else ""
        return "slow" if said == "slow" else "fast"

    @property
    def settling(self) -> bool:
        """Tell whether LACP hears no partner yet after a commit."""
        return self.device.clock.now() < self.device.commits[0].time + self.device.faults.settle

    def lacp(self, bundle: str) -> list[Lacp]:
        """Give LACP's view of each member of a bundle that speaks it."""
        if bundle not in self._lacp:
            self._lacp[bundle] = self._members(bundle)
        return self._lacp[bundle]

    def _members(self, bundle: str) -> list[Lacp]:
        members = self.members(bundle)
        partners = [self._partner(bundle, port) for port in members]
        counted = Counter(partner for partner in partners if partner)
        chosen = max(counted, key=lambda partner: counted[partner]) if counted else None
        return [self._member(bundle, port, chosen) for port in members]

    def _partner(self, bundle: str, port: str) -> tuple[str, int] | None:
        """Give who answers LACP at a port: the far system and its bundle."""
        far = self.far(port)
        if self.settling or far is None or far.lacp == "off" or "active" not in (far.lacp, self.lacp_mode(bundle)):
            return None
        return (far.system, far.key)

    def _member(self, bundle: str, port: str, chosen: tuple[str, int] | None) -> Lacp:
        """Work out one member's flags; README.md says which words are guesses."""
        mode, own = self.lacp_mode(bundle), self.periodic(bundle).capitalize()
        far, partner = self.far(port), self._partner(bundle, port)
        if far is None or partner is None:
            receive = "Port disabled" if far is None else "Defaulted"
            transmit = "Fast periodic" if far is not None and mode == "active" else "No periodic"
            rows = _row(False, own, mode.capitalize(), True), _row(False, "Fast", "Passive", True)
            return Lacp(port, *rows, receive, transmit, "Detached")
        good = partner == chosen
        theirs = _row(good, far.periodic.capitalize(), far.lacp.capitalize())
        theirs.update(far.flags)
        agreed = good and theirs["synchronization"] == "Yes" and theirs["aggregation"] == "Yes"
        forwards = agreed and theirs["collecting"] == "Yes"
        actor = _row(forwards, own, mode.capitalize())
        actor["synchronization"] = YES_NO[good]
        mux = "Collecting distributing" if forwards else "Attached" if good else "Detached"
        return Lacp(port, actor, theirs, "Current", f"{far.periodic.capitalize()} periodic", mux)

    def active_members(self, bundle: str) -> list[str]:
        """Give the members that carry traffic."""
        if self.lacp_mode(bundle):
            return [member.port for member in self.lacp(bundle) if member.forwards]
        return [port for port in self.members(bundle) if self.far(port) is not None]

    def up(self, name: str) -> bool:
        """Tell whether an interface works: a port with a cable, a bundle with enough members."""
        if not self.enabled(name):
            return False
        if name.startswith("ae"):
            node = self.interface(name)
            least = int(node.text("aggregated-ether-options", "minimum-links", default="1")) if node is not None else 1
            return len(self.active_members(name)) >= least
        if name in self.ports:
            return self.far(name) is not None
        return True

    def names(self) -> list[str]:
        """Give all physical interfaces that exist, as `show interfaces terse` lists them."""
        ports = self.device.port_names()
        internal = ["bme0", "irb" if self.device.model.style == "els" else "vlan", "lo0", "me0", "vme"]
        return [*ports, *self.bundles, *internal]

    def speed(self, name: str) -> str:
        """Give an interface's speed; that of a bundle is the sum of its active members'."""
        each = {"ge": 1000, "xe": 10000, "et": 40000}
        if name.startswith("ae"):
            total = sum(each.get(port[:2], 1000) for port in self.active_members(name))
            return f"{total // 1000}Gbps" if total else "0"
        return f"{each.get(name[:2], 1000)}mbps" if name[:2] == "ge" else f"{each.get(name[:2], 1000) // 1000}Gbps"

    def switching(self) -> Iterator[tuple[str, Node, Node]]:
        """Give logical interface, interface and `family ethernet-switching` of all existing interfaces that switch."""
        exist = set(self.names())
        for node in self.configured():
            for unit in node.entries("unit"):
                family = unit.find("family", "ethernet-switching")
                if family is not None and node.key in exist and not bundle_of(node):
                    yield f"{node.key}.{unit.key}", node, family

    def vlans(self) -> dict[str, Vlan]:
        """Give all VLANs with the interfaces in them."""
        found: dict[str, Vlan] = {}
        node = self.root.child("vlans")
        for entry in node.entries("vlan") if node is not None else []:
            found[entry.key] = Vlan(entry.key, entry.text("vlan-id"), _logical(entry))
        found.setdefault("default", Vlan("default", "1" if self.device.model.style == "els" else "0"))
        for logical, interface, family in self.switching():
            for name in self._carried(found, interface, family):
                if logical not in found[name].interfaces:
                    found[name].interfaces.append(logical)
        for vlan in found.values():
            vlan.interfaces.sort(key=natural)
        return found

    def _carried(self, vlans: dict[str, Vlan], interface: Node, family: Node) -> list[str]:
        """Give the VLANs of one port. With ELS a native VLAN must stand among the members as well (facts: a guess)."""
        mode = family.text("interface-mode") or family.text("port-mode") or "access"
        listed = family.find("vlan", "members")
        words = list(listed.values) if listed is not None else []
        native = family.text("native-vlan-id")
        words += [native] if native else []
        if not words:
            return ["default"] if mode == "access" else []
        return [name for name, vlan in vlans.items() if any(_means(word, vlan) for word in words)]

    def stations(self) -> list[tuple[Vlan, str, str]]:
        """Give what the switch has learnt: VLAN, address, logical interface."""
        vlans = self.vlans()
        learnt = []
        for port, far in self.device.far.items():
            logical = self._heard_at(port, far)
            for address, name in far.macs if logical else []:
                vlan = vlans.get(name)
                if vlan is not None and logical in vlan.interfaces:
                    learnt.append((vlan, address, logical))
        return sorted(learnt, key=lambda entry: (entry[0].name, entry[1]))

    def _heard_at(self, port: str, far: FarEnd) -> str:
        """Give the logical interface at which the stations behind a port are learnt, or nothing.

        A far end that waits for LACP sends nothing over a static bundle.
        """
        bundle = self.bundle(port)
        if self.far(port) is None:
            return ""
        if not bundle:
            return f"{port}.0" if far.lacp == "off" else ""
        speaks = bool(self.lacp_mode(bundle))
        if not self.up(bundle) or port not in self.active_members(bundle) or speaks != (far.lacp != "off"):
            return ""
        return f"{bundle}.0"

    def neighbours(self) -> Iterator[tuple[str, str, FarEnd]]:
        """Give LLDP's neighbours: port, its bundle or nothing, far end."""
        node = self.root.find("protocols", "lldp")
        if node is None or node.has("disable"):
            return
        named = {entry.key.removesuffix(".0"): not entry.has("disable") for entry in node.entries("interface")}
        for port in sorted(self.device.far, key=natural):
            far = self.far(port)
            if far is not None and far.lldp and named.get(port, named.get("all", False)):
                yield port, self.bundle(port), far


def _logical(vlan: Node) -> list[str]:
    """Give the logical interfaces that a VLAN names; a port alone, as a range's name gives it, is its unit 0."""
    return [port.key if "." in port.key else f"{port.key}.0" for port in vlan.entries("interface")]


def _means(word: str, vlan: Vlan) -> bool:
    """Tell whether a word of `vlan members` names the VLAN: by name, tag, range, or `all`."""
    if word in (vlan.name, vlan.tag, "all"):
        return True
    low, _, high = word.partition("-")
    return low.isdigit() and high.isdigit() and vlan.tag.isdigit() and int(low) <= int(vlan.tag) <= int(high)
