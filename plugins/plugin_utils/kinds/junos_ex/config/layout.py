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
from itertools import product

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..declared.model import EDGE, NO_VLAN, Style, Switching, junos_mtu, payload_of
from ..platform import MTU_HIGHEST, MTU_LOWEST
from . import ranges
from .names import is_port, number_of
from .statements import Config, Path, Segment, entry, leaf, path
from .vlans import VlanTable, span_of

MODE = {"els": "interface-mode", "nonels": "port-mode"}
STP_PROTOCOLS = ("rstp", "mstp")


@dataclass
class Draft:
    """What takes effect while it is changed; `written` is what is written in the objects themselves."""

    config: Config
    style: Style
    vlans: VlanTable
    exact: bool
    stp: str | None
    written: Config
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def own(self, *steps: str | Segment) -> None:
        """Add a statement."""
        self.config.statements[path(*steps)] = None

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
    """Return the VLANs of an interface: `vlan members`, and the VLANs that list it (`vlans V interface`, no ELS)."""
    members = config.values(*family(name), "vlan", "members")
    return members + [vlan for vlan in listing(config, name) if vlan not in members]


def listing(config: Config, name: str) -> list[str]:
    """Return the VLANs that name the interface in a list of their own."""
    found = (item[1].key or "" for item in config.statements.mentions.get(name, ()) if _in_a_list(item, name))
    return list(dict.fromkeys(found))


def _in_a_list(item: Path, name: str) -> bool:
    if len(item) < 3 or item[0].tag != "vlans" or item[2].tag != "interface":
        return False
    return item[2].key in (name, f"{name}.0")


def counts_tag(config: Config, name: str, style: Style) -> bool:
    """Tell whether Junos counts a VLAN tag into the mtu: on a trunk, and on a routed interface with tags."""
    tagged = any(config.has(*interface(name), tag) for tag in ("vlan-tagging", "flexible-vlan-tagging"))
    return tagged or mode_of(config, name, style) == "trunk"


def set_switching(draft: Draft, name: str, asked: Switching, where: str) -> None:
    """Merge layer 2 of an interface into the draft."""
    if not asked.asked:
        if draft.exact:
            _clear(draft, name)
        return
    current = mode_of(draft.config, name, draft.style)
    mode = asked.mode or current
    if not _mode_is_meant(draft, name, asked, where):
        return
    if mode not in ("access", "trunk"):
        why = "Nothing says whether the port is an access port or a trunk."
        draft.findings.append(Finding(where, "MODE_MISSING", "the mode is not said", why, "Say mode access or trunk."))
        return
    if not _known(draft, name, asked, where):
        return
    members = _members(draft, name, asked, mode, current)
    native = _native(draft, name, asked, mode)
    if draft.style == "els" and mode == "trunk" and not members:
        why = "Junos: For trunk interface, please ensure either vlan members is configured or inner-vlan-id-list is."
        draft.findings.append(Finding(where, "TRUNK_NO_VLAN", "a trunk without any VLAN", why, "Name VLANs."))
        return
    draft.set_leaf(family(name), MODE[draft.style], mode)
    _leave_vlan_lists(draft, name, members)
    _write_members(draft, name, members)
    draft.set_leaf(interface(name) if draft.style == "els" else family(name), "native-vlan-id", native)


def _mode_is_meant(draft: Draft, name: str, asked: Switching, where: str) -> bool:
    """Refuse what would take VLANs away that nobody spoke of: a trunk's by `untagged` alone, an access port's one."""
    current, held = mode_of(draft.config, name, draft.style), members_of(draft.config, name)
    if asked.derived and asked.mode == "access" and current not in (None, "access"):
        what = f"untagged alone on a port that is {current} now"
        why = f"It would be an access port and lose {', '.join(held) or 'its tagged VLANs'}."
        mend = "Say mode access if that is meant, or mode trunk for a native VLAN."
        draft.findings.append(Finding(where, "MODE_NOT_SAID", what, why, mend))
        return False
    becomes_trunk = asked.mode == "trunk" and current in (None, "access") and held
    if becomes_trunk and asked.untagged is None and not draft.exact and not _tags(draft, asked, held):
        what = f"an access port in VLAN {held[0]} becomes a trunk, and nothing is said of that VLAN"
        mend = f"Say untagged {held[0]} to keep it as native VLAN, add it to tagged, or say untagged '' to let it go."
        draft.findings.append(Finding(where, "UNTAGGED_NOT_SAID", what, "The port would leave it.", mend))
        return False
    return True


def _tags(draft: Draft, asked: Switching, held: list[str]) -> bool:
    return all(draft.vlans.covers(asked.tagged or (), vlan) for vlan in held)


def _clear(draft: Draft, name: str) -> None:
    """Take away layer 2 as this package writes it; other statements of the family stay.

    An access port without a VLAN is in the default VLAN, which is what a port is of which nothing is said.
    """
    mode, members = mode_of(draft.config, name, draft.style), members_of(draft.config, name)
    if mode in (None, "access") and not members and not native_of(draft.config, name, draft.style):
        return
    for vlan in listing(draft.config, name):
        _leave_vlan_list(draft, name, vlan)
    draft.set_leaf(family(name), MODE[draft.style], None)
    draft.config.remove(*family(name), "vlan")
    draft.set_leaf(interface(name) if draft.style == "els" else family(name), "native-vlan-id", None)
    if draft.style == "nonels" and not draft.config.has(*family(name)) and is_port(name):
        # Junos refuses spanning tree on a port that is not switched.
        for protocol, unit in product(STP_PROTOCOLS, (name, f"{name}.0")):
            draft.config.remove("protocols", protocol, entry("interface", unit))


def _known(draft: Draft, name: str, asked: Switching, where: str) -> bool:
    held = members_of(draft.config, name)
    wanted = [vlan for vlan in (asked.untagged, *(asked.tagged or ())) if vlan]
    # What the switch has committed on this port it takes again, a range of ids without any VLAN too.
    unknown = [vlan for vlan in wanted if not draft.vlans.knows(vlan) and not (vlan in held and span_of(vlan))]
    for vlan in unknown:
        why = f"Junos: No vlan matches vlan tag {vlan} for interface." if number_of(vlan) else "The commit would fail."
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
    tagged = [vlan for vlan in asked.tagged or () if not draft.vlans.covers(kept, vlan)]
    wanted = [*kept, *tagged]
    unlisted = current == "trunk" and natives and not draft.vlans.covers(held, natives[0])
    as_it_is = unlisted and asked.untagged is not None and draft.vlans.same(natives, [asked.untagged])
    if asked.untagged and draft.style == "els" and not as_it_is and not draft.vlans.covers(wanted, asked.untagged):
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
    """Write `vlan members`; a VLAN that lists the port itself is not written a second time."""
    where, listed = path(*family(name), "vlan"), listing(draft.config, name)
    for item in draft.config.statements.at(where):
        if item[-1].value not in members:
            del draft.config.statements[item]
    for member in members:
        if not draft.vlans.covers(listed, member):
            draft.own(*where, leaf("members", member))


def _leave_vlan_lists(draft: Draft, name: str, members: list[str]) -> None:
    """Take the port out of `vlans V interface`: ELS refuses it beside interface-mode, and others add a second VLAN."""
    for vlan in listing(draft.config, name):
        if draft.style == "els" or not draft.vlans.covers(members, vlan):
            _leave_vlan_list(draft, name, vlan)


def _leave_vlan_list(draft: Draft, name: str, vlan: str) -> None:
    for unit in (name, f"{name}.0"):
        draft.config.remove("vlans", entry("vlan", vlan), entry("interface", unit))


def set_mtu(draft: Draft, name: str, payload: int | None, where: str) -> None:
    """Write the interface's mtu from the payload; nothing where it is not asked for, or carries it already."""
    if payload is None:
        if draft.exact:
            draft.set_leaf(interface(name), "mtu", None)
        return
    tagged, held = counts_tag(draft.config, name, draft.style), number_of(draft.config.value(*interface(name), "mtu"))
    if held is not None and payload_of(held, tagged) == payload:
        draft.set_leaf(interface(name), "mtu", held)
        return
    mtu = junos_mtu(payload, tagged, explicit=_hides_an_mtu(draft, name))
    if mtu is not None and mtu > MTU_HIGHEST:
        what = f"payload_mtu {payload} is an mtu of {mtu} with the tag that the interface has"
        why = f"Junos's mtu is within {MTU_LOWEST}..{MTU_HIGHEST}."
        draft.findings.append(Finding(where, "OUT_OF_RANGE", what, why, "Give a lower payload_mtu."))
        return
    draft.set_leaf(interface(name), "mtu", mtu)


def _hides_an_mtu(draft: Draft, name: str) -> bool:
    """Tell whether the default has to be written: a range or a group may give another mtu where none is.

    An interface that has none and is written already inherits none.
    """
    held = draft.config.value(*interface(name), "mtu")
    may_inherit = held is not None or not draft.written.has(*interface(name))
    return may_inherit and (_ranges_say_mtu(draft.written, name) or _groups_say_mtu(draft.written))


def _ranges_say_mtu(config: Config, name: str) -> bool:
    """Tell whether a range that holds the interface has an mtu."""
    said = (tail for held in ranges.holding(config, name) for tail in ranges.given(config, held.name))
    return any(tail[0].tag == "mtu" for tail in said)


def _groups_say_mtu(config: Config) -> bool:
    """Tell whether a group has an mtu for interfaces."""
    of_groups = (key for key in config.statements.groups if [step.tag for step in key] == ["groups", "interfaces"])
    return any(item[3:] and item[3].tag == "mtu" for key in of_groups for item in config.statements.groups[key])


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
    if edge and draft.style == "nonels" and not draft.config.has(*family(name)):
        # Junos: XSTP : Interface ge-0/0/3.0 is not enabled for Ethernet Switching.
        draft.notes.append(f"{name} is no switched port, so edge for peer {peer} is left alone.")
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
