# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each switch style keeps layer 2 of an interface, and how what is asked for is merged into what is there.

| | without ELS | ELS |
|---|---|---|
| mode | `unit 0 family ethernet-switching port-mode` | `... interface-mode` |
| native VLAN | in the family, by name or id | `native-vlan-id` of the interface, by id |
| its membership | not listed: what is listed is tagged | listed too |
| spanning tree | `protocols rstp interface ae0.0` | `protocols rstp interface ae0` |

Sources: Juniper's native-vlan-id statement; that ELS wants the native VLAN listed is general knowledge, not confirmed
on a device, and an ELS trunk without any member is refused in any case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from .findings import Finding
from .model import EDGE, NO_VLAN, Style, Switching, junos_mtu
from .statements import Config, Path, Segment, entry, leaf, path
from .vlans import VlanTable

MODE = {"els": "interface-mode", "nonels": "port-mode"}
STP_PROTOCOLS = ("rstp", "mstp")


@dataclass
class Draft:
    """The configuration while it is changed, with the statements that the declaration asks for by name."""

    config: Config
    style: Style
    vlans: VlanTable
    exact: bool
    stp: str | None
    owned: set[Path] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def own(self, *steps: str | Segment) -> None:
        """Add a statement and remember that it must take effect."""
        item = path(*steps)
        self.config.statements[item] = None
        self.owned.add(item)

    def set_leaf(self, parents: tuple[str | Segment, ...], tag: str, value: str | int | None) -> None:
        """Give a leaf exactly this value; None takes it away."""
        above = path(*parents)
        near = self.config.statements.near(above)
        for item in [item for item in near if item[-1].tag == tag and item[:-1] == above]:
            if value is None or item[-1].value != str(value):
                del self.config.statements[item]
        if value is not None:
            self.own(*parents, leaf(tag, value))


@lru_cache(maxsize=4096)
def interface(name: str) -> tuple[str | Segment, ...]:
    """Return the path of an interface."""
    return path("interfaces", entry("interface", name))


@lru_cache(maxsize=4096)
def family(name: str) -> tuple[str | Segment, ...]:
    """Return the path of an interface's layer 2."""
    return path(*interface(name), entry("unit", "0"), "family", "ethernet-switching")


def mode_of(config: Config, name: str, style: Style) -> str | None:
    """Return access, trunk or what else the device has."""
    return config.value(*family(name), MODE[style])


def native_of(config: Config, name: str, style: Style) -> str | None:
    """Return the native VLAN as the device has it: an id with ELS, a name or an id without."""
    where = interface(name) if style == "els" else family(name)
    return config.value(*where, "native-vlan-id")


def members_of(config: Config, name: str) -> list[str]:
    """Return `vlan members`."""
    return config.values(*family(name), "vlan", "members")


def set_switching(draft: Draft, name: str, asked: Switching, where: str) -> None:
    """Merge layer 2 of an interface into the draft."""
    if not asked.asked:
        if draft.exact:
            _clear(draft, name)
        return
    current = mode_of(draft.config, name, draft.style)
    mode = asked.mode or current
    if mode not in ("access", "trunk"):
        why = "Nothing says whether the port is an access port or a trunk."
        draft.findings.append(Finding(where, "MODE_MISSING", "the mode is not said", why, "Say mode access or trunk."))
        return
    if not _known(draft, asked, where):
        return
    members = _members(draft, name, asked, mode, current)
    native = _native(draft, name, asked, mode)
    if draft.style == "els" and mode == "trunk" and not members:
        why = "Junos: For trunk interface, please ensure either vlan members is configured or inner-vlan-id-list is."
        draft.findings.append(Finding(where, "TRUNK_NO_VLAN", "a trunk without any VLAN", why, "Name VLANs."))
        return
    draft.set_leaf(family(name), MODE[draft.style], mode)
    _write_members(draft, name, members)
    draft.set_leaf(interface(name) if draft.style == "els" else family(name), "native-vlan-id", native)
    _leave_vlan_lists(draft, name, members)


def _clear(draft: Draft, name: str) -> None:
    """Take away layer 2 as this package writes it; other statements of the family stay."""
    draft.set_leaf(family(name), MODE[draft.style], None)
    draft.config.remove(*family(name), "vlan")
    draft.set_leaf(interface(name) if draft.style == "els" else family(name), "native-vlan-id", None)


def _known(draft: Draft, asked: Switching, where: str) -> bool:
    wanted = [vlan for vlan in (asked.untagged, *(asked.tagged or ())) if vlan]
    unknown = [vlan for vlan in wanted if not draft.vlans.knows(vlan)]
    for vlan in unknown:
        why = f"Junos: No vlan matches vlan tag {vlan} for interface." if vlan.isdigit() else "The commit would fail."
        mend = "Declare it in vlans, or mend the name."
        draft.findings.append(Finding(where, "VLAN_UNKNOWN", f"the switch has no VLAN {vlan}", why, mend))
    number = draft.vlans.id_of(asked.untagged) if asked.untagged else None
    if draft.style == "els" and asked.untagged and asked.untagged not in unknown and number is None:
        why = "An ELS switch takes native-vlan-id as a number."
        draft.findings.append(
            Finding(where, "VLAN_NO_ID", f"VLAN {asked.untagged} has no id", why, "Declare it in vlans with its id.")
        )
        return False
    return not unknown


def _members(draft: Draft, name: str, asked: Switching, mode: str, current: str | None) -> list[str]:
    """Return `vlan members` as they will be: one on an access port, added to on a trunk unless it is to be exact."""
    held = members_of(draft.config, name)
    if mode == "access":
        wanted = [asked.untagged] if asked.untagged else held
        return held if len(held) == 1 and draft.vlans.same(held, wanted) else wanted
    kept = held if current == "trunk" else []
    natives = [native for native in (native_of(draft.config, name, draft.style),) if native]
    if draft.exact:
        kept = []
    elif asked.untagged is not None and current == "trunk":
        # The former native VLAN was a member only for being native (ELS).
        for native in natives if draft.style == "els" else []:
            kept = draft.vlans.without(kept, native) if not draft.vlans.same([native], [asked.untagged]) else kept
    elif draft.style == "els" and current == "trunk":
        kept = kept + [native for native in natives if not draft.vlans.covers(kept, native)]
    tagged = [vlan for vlan in asked.tagged or () if not draft.vlans.covers(kept, vlan)]
    wanted = [*kept, *tagged]
    if asked.untagged and draft.style == "els" and not draft.vlans.covers(wanted, asked.untagged):
        wanted = [asked.untagged, *wanted]
    if asked.untagged and draft.style == "nonels":
        wanted = draft.vlans.without(wanted, asked.untagged)
    return held if current == "trunk" and draft.vlans.same(held, wanted) else wanted


def _native(draft: Draft, name: str, asked: Switching, mode: str) -> str | None:
    current = native_of(draft.config, name, draft.style)
    if mode == "access" or asked.untagged == NO_VLAN:
        return None
    if asked.untagged is None:
        return None if draft.exact else current
    if draft.style == "els":
        return str(draft.vlans.id_of(asked.untagged))
    return current if current and draft.vlans.same([current], [asked.untagged]) else asked.untagged


def _write_members(draft: Draft, name: str, members: list[str]) -> None:
    where = path(*family(name), "vlan")
    for item in draft.config.statements.at(where):
        if item[-1].value not in members:
            del draft.config.statements[item]
    for member in members:
        draft.own(*where, leaf("members", member))


def _leave_vlan_lists(draft: Draft, name: str, members: list[str]) -> None:
    """Take the port out of `vlans V interface`: ELS refuses it beside interface-mode, and others add a second VLAN."""
    for item in list(draft.config.statements.mentions.get(name, ())):
        listed = len(item) > 2 and item[0].tag == "vlans" and item[2].tag == "interface"
        if listed and (draft.style == "els" or not draft.vlans.covers(members, item[1].key or "")):
            draft.config.remove(*item[:3])


def set_mtu(draft: Draft, name: str, payload: int | None) -> None:
    """Write the interface's mtu from the payload; nothing where it is not asked for."""
    if payload is not None:
        trunk = mode_of(draft.config, name, draft.style) == "trunk"
        draft.set_leaf(interface(name), "mtu", junos_mtu(payload, trunk))
    elif draft.exact:
        draft.set_leaf(interface(name), "mtu", None)


def set_description(draft: Draft, name: str, text: str | None) -> None:
    """Write a description; an empty one takes it away."""
    if text is not None or draft.exact:
        draft.set_leaf(interface(name), "description", text or None)


def set_edge(draft: Draft, name: str, peer: str | None) -> None:
    """Make an interface an edge port, or no edge port, by the kind of its peer; never switches spanning tree on."""
    edge = EDGE.get(peer) if peer is not None else None
    if edge is None:
        return
    if draft.stp is None:
        draft.notes.append(f"{name}: the switch runs neither RSTP nor MSTP, so edge for peer {peer} is left alone.")
        return
    names = [unit for unit in (name, f"{name}.0") if draft.config.has("protocols", draft.stp, entry("interface", unit))]
    unit = names[0] if names else (name if draft.style == "els" else f"{name}.0")
    where = ("protocols", draft.stp, entry("interface", unit))
    if edge:
        if path(*where) in draft.config.statements:
            del draft.config.statements[path(*where)]
        draft.own(*where, "edge")
    else:
        draft.config.remove(*where, "edge")


def stp_of(config: Config) -> str | None:
    """Return the spanning tree protocol that the switch runs, of those that have one entry per interface."""
    return next((name for name in STP_PROTOCOLS if config.active().has("protocols", name)), None)


def synchronizes(config: Config) -> bool:
    """Tell whether to commit on all members: the configuration names a virtual chassis or ports of other members."""
    names = config.entries("interfaces", tag="interface")
    others = any("-" in name and not name.split("-", 1)[1].startswith("0/") for name in names)
    return others or config.has("virtual-chassis")
