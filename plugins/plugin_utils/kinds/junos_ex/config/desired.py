# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration that is wanted: the current one, changed in nothing but what is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..declared.model import Bundle, Declared, Port, Style, Vlan
from . import layout, members, ranges, references
from .layout import Draft, interface
from .names import bundle_index, number_of, physical
from .references import Foreign
from .statements import Config, entry, path
from .vlans import table

State = Literal["merged", "replaced", "overridden", "deleted"]
_OF_VLANS = ("members", "native-vlan-id")
SPANNING_TREES = ("rstp", "mstp", "vstp", "stp")
DEVICE_COUNT = ("chassis", "aggregated-devices", "ethernet")


@dataclass
class Wanted:
    """The wanted configuration, and what was found on the way."""

    config: Config
    foreign: list[Foreign] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def wanted(
    current: Config, declared: Declared, state: State, style: Style, stp: str | None, written: Config | None = None
) -> Wanted:
    """Return what shall take effect at the switch.

    Args:
        current: what takes effect
        declared: what is asked for
        state: merged adds and sets, replaced makes the declared objects exact, overridden also takes undeclared bundles
            away, deleted takes the declared objects away
        style: of the switch
        stp: the spanning tree protocol whose edge statement is used, None to leave spanning tree alone
        written: what is written in the objects, None where that is all of it

    """
    exact = state in ("replaced", "overridden")
    draft = Draft(current.copy(), style, table(current, declared), exact, stp, written or current)
    foreign: list[Foreign] = []
    if state == "deleted":
        foreign += _delete(draft, declared)
    else:
        foreign += _apply(draft, declared, state)
    _keep_spanning_tree(draft, current)
    _device_count(draft, declared, state)
    _judge_bundles(draft, current)
    return Wanted(draft.config, _unique(foreign), draft.findings, draft.notes)


def _keep_spanning_tree(draft: Draft, before: Config) -> None:
    """Leave spanning tree running that named nothing but the ports that are taken out of it.

    With its last port `protocols rstp` itself would go, and spanning tree with it on every port of the switch.
    """
    for name in SPANNING_TREES:
        if before.has("protocols", name) and not draft.config.has("protocols", name):
            draft.config.add("protocols", name)


def _apply(draft: Draft, declared: Declared, state: State) -> list[Foreign]:
    foreign: list[Foreign] = []
    held = {draft.config.value("vlans", entry("vlan", name), "vlan-id"): name for name in _vlan_names(draft)}
    for vlan in declared.vlans:
        _set_vlan(draft, vlan, held.get(str(vlan.id)))
    if state == "overridden":
        foreign += _override(draft, {bundle.name for bundle in declared.bundles})
    for port in declared.ports:
        foreign += _set_port(draft, port)
    before = members.members_by_bundle(draft.config)
    for bundle in declared.bundles:
        foreign += _set_bundle(draft, bundle, before)
    return foreign


def _override(draft: Draft, declared: set[str]) -> list[Foreign]:
    """Take undeclared bundles away; what is inactive is not in effect and stays, with a word about it."""
    foreign: list[Foreign] = []
    for name in members.bundles_of(draft.config):
        if name not in declared:
            foreign += members.remove_bundle(draft, name)
    for name in members.inactive_bundles(draft.written):
        if name not in declared:
            draft.config.cleared.discard(path(*interface(name)))
            draft.notes.append(f"{name} is not declared and stays in the configuration, for it is inactive.")
    return foreign


def _vlan_names(draft: Draft) -> list[str]:
    return draft.config.entries("vlans", tag="vlan")


def _set_vlan(draft: Draft, vlan: Vlan, holder: str | None) -> None:
    where = ("vlans", entry("vlan", vlan.name))
    if vlan.id is None and not draft.config.has(*where):
        why = "The tag on the wire is the VLAN's identity."
        what = "there is no id, and the switch has no such VLAN"
        draft.findings.append(Finding(f"vlans.{vlan.name}", "VLAN_ID_MISSING", what, why, "Give id, 1 to 4094."))
    if vlan.id is not None:
        if holder not in (None, vlan.name) and draft.vlans.ids.get(holder or "") == vlan.id:
            why = "A tag belongs to one VLAN of a switch."
            what = f"id {vlan.id} is the switch's VLAN {holder}"
            mend = "Declare it under that name, or remove the other."
            draft.findings.append(Finding(f"vlans.{vlan.name}", "VLAN_ID_TAKEN", what, why, mend))
        draft.set_leaf(where, "vlan-id", vlan.id)
    if vlan.description is not None:
        draft.set_leaf(where, "description", vlan.description or None)
    if vlan.l3_interface is not None:
        draft.set_leaf(where, "l3-interface", vlan.l3_interface or None)


def _set_port(draft: Draft, port: Port) -> list[Foreign]:
    """Set a plain port; it leaves the bundle that it was in."""
    where = f"ports.{port.name}"
    if members.bundle_of(draft.config, port.name):
        members.free(draft, port.name, description=draft.exact)
    found = references.foreign(draft.config, port.name, joining=False)
    _set_common(draft, port, where)
    layout.set_edge(draft, port.name, port.peer)
    _set_disabled(draft, port.name, port.disabled)
    return found


def _set_common(draft: Draft, port: Port, where: str) -> None:
    layout.set_switching(draft, port.name, port.switching, where)
    layout.set_mtu(draft, port.name, port.payload_mtu, where)
    layout.set_description(draft, port.name, port.description)


def _set_bundle(draft: Draft, bundle: Bundle, before: dict[str, list[str]]) -> list[Foreign]:
    where = f"bundles.{bundle.name}"
    foreign = _routed_under_layer_2(draft, bundle)
    held, stanza = before.get(bundle.name, []), interface(bundle.name)
    with_unit = not draft.config.has(*stanza) or bool(draft.config.entries(*stanza, tag="unit"))
    form = members.form_of(draft.config, held or [port for ports in before.values() for port in ports])
    if draft.exact:
        for port in held:
            if port not in bundle.members and members.bundle_of(draft.config, port) == bundle.name:
                members.free(draft, port)
    for port in bundle.members:
        foreign += members.join(draft, port, bundle.name, form)
        text = bundle.member_descriptions.get(port)
        if text is not None:
            layout.set_description(draft, port, text)
        _set_disabled(draft, port, None if bundle.disabled_members is None else port in bundle.disabled_members)
    _set_aggregation(draft, bundle)
    _set_common(draft, bundle, where)
    if not draft.config.has(*stanza) or (with_unit and not draft.config.entries(*stanza, tag="unit")):
        # As delivered ports have it; without a unit the members are in no bundle, without a stanza there is no ae.
        draft.own(*layout.family(bundle.name))
    layout.set_edge(draft, bundle.name, bundle.peer)
    return foreign


def _set_disabled(draft: Draft, port: str, disabled: bool | None) -> None:
    """Write or take away `disable`; where it is not said it stays, for somebody had a reason."""
    if disabled:
        draft.own(*interface(port), "disable")
    elif disabled is not None:
        draft.config.remove(*interface(port), "disable")


def _routed_under_layer_2(draft: Draft, bundle: Bundle) -> list[Foreign]:
    """Return the routed families of an ae that becomes a switched one, and take them away."""
    if not bundle.switching.asked:
        return []
    found = [item for item in references.foreign(draft.config, bundle.name, True) if item.kind == "routed"]
    for item in found:
        draft.config.remove(*item.statement)
    return found


def _set_aggregation(draft: Draft, bundle: Bundle) -> None:
    options = (*interface(bundle.name), "aggregated-ether-options")
    _set_lacp(draft, bundle)
    for tag, value in (("minimum-links", bundle.minimum_links), ("link-speed", bundle.link_speed)):
        if value is not None or draft.exact:
            draft.set_leaf(options, tag, value)


def _set_lacp(draft: Draft, bundle: Bundle) -> None:
    """Write the mode always: `lacp` without one is passive. The timer is written where it is said, and nowhere else."""
    lacp = (*interface(bundle.name), "aggregated-ether-options", "lacp")
    if bundle.lacp == "none":
        draft.config.remove(*lacp)
        return
    if bundle.lacp is None:
        return
    other = "passive" if bundle.lacp == "active" else "active"
    draft.config.remove(*lacp, other)
    draft.own(*lacp, bundle.lacp)
    if bundle.periodic is not None or draft.exact:
        draft.set_leaf(lacp, "periodic", bundle.periodic)


def _delete(draft: Draft, declared: Declared) -> list[Foreign]:
    foreign: list[Foreign] = []
    for bundle in declared.bundles:
        foreign += members.remove_bundle(draft, bundle.name)
        if draft.written.is_inactive(*interface(bundle.name)) and draft.written.has(*interface(bundle.name)):
            draft.notes.append(f"{bundle.name} is inactive in the configuration, and goes with all that is in it.")
    for port in declared.ports:
        if members.bundle_of(draft.config, port.name):
            why = "The port is a member link; a clean port would shrink the bundle."
            mend = "Delete the bundle, or declare it without this member under state replaced."
            draft.findings.append(Finding(f"ports.{port.name}", "PORT_IN_BUNDLE", "the port is in a bundle", why, mend))
            continue
        foreign += members.remove_interface(draft, port.name)
    for vlan in declared.vlans:
        _delete_vlan(draft, vlan.name)
    return foreign


def _delete_vlan(draft: Draft, name: str) -> None:
    users = [port for port in draft.config.entries("interfaces", tag="interface") if _uses(draft, port, name)]
    users += [f"interface-range {each}" for each in ranges.names(draft.written) if _given(draft, each, name)]
    routed = draft.config.value("vlans", entry("vlan", name), "l3-interface")
    users += [routed] if routed else []
    lists = draft.config.entries("vlans", entry("vlan", name), tag="interface")
    users += [unit for unit in lists if physical(unit) not in users]
    if users:
        why = "Ports would lose it, or the commit would fail."
        what = f"the VLAN is used by {', '.join(users)}"
        draft.findings.append(Finding(f"vlans.{name}", "VLAN_IN_USE", what, why, "Take it off these first."))
        return
    draft.config.remove("vlans", entry("vlan", name))


def _given(draft: Draft, group: str, name: str) -> bool:
    """Tell whether a range gives a VLAN to its ports, also where all of them are of cards that are away."""
    said = [item[-1] for item in ranges.given(draft.written, group)]
    return draft.vlans.covers([leaf.value for leaf in said if leaf.tag in _OF_VLANS and leaf.value], name)


def _uses(draft: Draft, port: str, name: str) -> bool:
    listed = layout.members_of(draft.config, port)
    native = layout.native_of(draft.config, port, draft.style)
    return draft.vlans.covers([*listed, *([native] if native else [])], name)


def _device_count(draft: Draft, declared: Declared, state: State) -> None:
    """Keep device-count above every ae: one beyond it is committed without a word and never made.

    It is lowered by overridden only, and not below an ae that is inactive and stays: activated, it would not be made.
    Junos has no device-count 0: the stanza goes instead (Juniper/OpenClos, PR 268).
    """
    needed = max(_needed(members.bundles_of(draft.config)), declared.device_count or 0)
    current = number_of(draft.config.value(*DEVICE_COUNT, "device-count")) or 0
    asleep = [
        name for name in members.inactive_bundles(draft.written) if path(*interface(name)) not in draft.config.cleared
    ]
    count = max(needed, min(current, _needed(asleep))) if state == "overridden" else max(current, needed)
    if count:
        draft.set_leaf(DEVICE_COUNT, "device-count", count)
    else:
        draft.config.remove(*DEVICE_COUNT)
    if current > count > 0:
        draft.notes.append(f"device-count goes from {current} to {count}.")


def _needed(names: list[str]) -> int:
    """Return the device-count that makes all these."""
    return max([index + 1 for name in names if (index := bundle_index(name)) is not None], default=0)


def _judge_bundles(draft: Draft, before: Config) -> None:
    """Refuse what this change would leave behind: a bundle below its minimum-links, or without any member."""
    held, former = members.members_by_bundle(draft.config), members.members_by_bundle(before)
    known = set(members.bundles_of(before))
    for name in members.bundles_of(draft.config):
        links = number_of(draft.config.value(*interface(name), "aggregated-ether-options", "minimum-links")) or 0
        count = len(held.get(name, []))
        if count == len(former.get(name, [])) and name in known:
            continue
        if links > count:
            why = "The commit would fail."
            what = f"{count} member(s) would remain, and minimum-links is {links}"
            draft.findings.append(Finding(name, "MINIMUM_LINKS", what, why, "Lower it, or leave the members."))
        elif not count:
            draft.notes.append(f"{name} is left without a member link.")


def _unique(items: list[Foreign]) -> list[Foreign]:
    return sorted(set(items))
