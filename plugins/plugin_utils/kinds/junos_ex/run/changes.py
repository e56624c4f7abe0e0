# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan changes of a switch, as data: from the structures before and after, and the statements beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change, Value
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind

from ..config import carried, layout, ranges
from ..config.carried import Carried, Vlan
from ..config.emit import words
from ..config.names import bundle_index, in_order, is_port, physical
from ..config.stanzas import structured_here
from ..config.statements import Config, Path
from ..declared.aggregation import LEAVES
from ..declared.model import PAYLOAD_DEFAULT, Style

Structure = Mapping[str, Any]
Entry = Mapping[str, Any] | None


def between(before: Structure, after: Structure, style: Style) -> list[Change]:
    """Return every difference between two configurations in the shape of the declaration."""
    if before == after:
        return []
    return [*_vlans(before, after, style), *_members(before, after), *_interfaces(before, after, style)]


def device_count(before: int, after: int) -> list[Change]:
    """Return the change of the number of aggregated interfaces, if there is one."""
    return [] if before == after else [_change(ChangeKind.DEVICE_COUNT, "chassis", before or None, after or None)]


def others(before: Config, after: Config, *structures: Structure) -> list[Change]:
    """Return what changes beside the structures, one change for each object, which nobody knows to be neutral.

    A statement is told by the structure of its own side alone: a port that was only disabled stood in none.
    """
    if before.statements.keys() == after.statements.keys():
        return []
    shown = [_shown(found) for found in structures]
    gone, come = (
        _lines(
            item
            for item in one.statements
            if item not in two.statements and not (_is_text(item) or structured_here(item, *has))
        )
        for one, two, has in ((before, after, shown[0]), (after, before, shown[1]))
    )
    texts = [item for item in before.statements.keys() ^ after.statements.keys() if _is_text(item)]
    either = [set().union(*each) for each in zip(*shown, strict=True)]
    names = {str(item[1].key) for item in texts if not structured_here(item, *either)}
    found = list(_texts(names, before, after))
    for name in {**gone, **come}:
        old, new = gone.get(name), come.get(name)
        concerns = (old or new or ((), ()))[1]
        found.append(_change(ChangeKind.OTHER, name, old and old[0], new and new[0], concerns=concerns))
    return found


def _shown(structure: Structure) -> tuple[set[str], set[str]]:
    """Return the interfaces that stand in a structure, and the ports within its bundles."""
    names = {name for key in ("bundles", "ports") for name in structure[key]}
    return names, {port for entry in structure["bundles"].values() for port in entry["members"]}


def _is_text(item: Path) -> bool:
    return [step.tag for step in item] == ["interfaces", "interface", "description"]


def _texts(names: Iterable[str], before: Config, after: Config) -> Iterator[Change]:
    for name in sorted(names, key=in_order):
        old, new = (config.value(*layout.interface(name), "description") for config in (before, after))
        yield _change(ChangeKind.DESCRIPTION, name, old, new, concerns=(name,))


def of_ranges(before: Config, after: Config) -> list[Change]:
    """Return what changes in interface-ranges, as written: it concerns the ports that come and go, or all of them."""
    if before.statements.keys() == after.statements.keys():
        return []
    both, differing = (before, after), before.statements.keys() ^ after.statements.keys()
    found = []
    for name in sorted({str(item[1].key) for item in differing if _of_range(item)}):
        items = [item for item in differing if _of_range(item) and item[1].key == name]
        was, becomes = (set(ranges.ports_of(config, name)) for config in both)
        common = any(len(item) > 2 and item[2].tag not in ranges.MEMBERSHIP for item in items)
        ports = tuple(sorted(was | becomes if common else was ^ becomes, key=in_order))
        old, new = (tuple(sorted(words(item) for item in items if item in config.statements)) for config in both)
        found.append(_change(ChangeKind.OTHER, f"interface-range {name}", old or None, new or None, concerns=ports))
    return found


def _of_range(item: Path) -> bool:
    return len(item) > 1 and item[1].tag == ranges.RANGE


def _lines(items: Iterable[Path]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return statements by object, in words, with the interfaces that they name."""
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for item in items:
        texts = (physical(text) for step in item for text in (step.key, step.value) if text)
        named = tuple(dict.fromkeys(name for name in texts if is_port(name) or bundle_index(name) is not None))
        name = " ".join(named) or " ".join(step.key or step.tag for step in item[:2])
        found[name] = ((*found.get(name, ((), ()))[0], words(item)), named)
    return found


def _change(
    kind: ChangeKind, name: str, before: Value, after: Value, item: str = "", concerns: tuple[str, ...] = ()
) -> Change:
    return Change(kind, "switch", name, before, after, item, concerns)


def _pairs(before: Structure, after: Structure, key: str) -> Iterator[tuple[str, Entry, Entry]]:
    for name in {**before[key], **after[key]}:
        yield name, before[key].get(name), after[key].get(name)


def _vlans(before: Structure, after: Structure, style: Style) -> Iterator[Change]:
    for name, old, new in _pairs(before, after, "vlans"):
        if old is None or new is None:
            kind = ChangeKind.VLAN_CREATED if old is None else ChangeKind.VLAN_DELETED
            yield _change(kind, name, (old or {}).get("id"), (new or {}).get("id"))
        for key in {**(old or {}), **(new or {})}:
            values = (old or {}).get(key), (new or {}).get(key)
            if values[0] == values[1] or (key == "id" and (old is None or new is None)):
                continue
            yield _change(_VLAN_FIELDS.get(key, ChangeKind.OTHER), name, *values)
            if key == "l3_interface":
                yield from _gateway(name, values, (before, after), style)


_VLAN_FIELDS = {
    "id": ChangeKind.VLAN_ID,
    "description": ChangeKind.DESCRIPTION,
    "l3_interface": ChangeKind.L3_INTERFACE,
}


def _gateway(
    vlan: str, values: tuple[Value, Value], both: tuple[Structure, Structure], style: Style
) -> Iterator[Change]:
    """Tell each interface that carries a VLAN of the VLAN's gateway."""
    names: set[str] = set()
    for found in both:
        known = carried.table(found)
        entries = {**found["bundles"], **found["ports"]}
        names |= {name for name, entry in entries.items() if vlan in carried.of(entry, known, style).names}
    for name in sorted(names):
        yield _change(ChangeKind.L3_INTERFACE, name, *values, item=vlan, concerns=(name,))


def _members(before: Structure, after: Structure) -> Iterator[Change]:
    """Yield what the ports are in, once for each port and once for each bundle that loses or gets it."""
    was, becomes = (
        {port: name for name, entry in found["bundles"].items() for port in entry["members"]}
        for found in (before, after)
    )
    for port in {**was, **becomes}:
        old, new = was.get(port), becomes.get(port)
        if old == new:
            continue
        concerns = tuple(filter(None, (port, old, new)))
        yield _change(ChangeKind.BUNDLE, port, old, new, concerns=concerns)
        if old:
            yield _change(ChangeKind.MEMBER_REMOVED, old, port, None, concerns=(old, port))
        if new:
            yield _change(ChangeKind.MEMBER_ADDED, new, None, port, concerns=(new, port))


def _interfaces(before: Structure, after: Structure, style: Style) -> Iterator[Change]:
    tables = carried.table(before), carried.table(after)
    same = tables[0] == tables[1]
    for key in ("bundles", "ports"):
        for name, old, new in _pairs(before, after, key):
            if same and old == new:
                continue
            if key == "bundles" and (old is None or new is None):
                yield _change(ChangeKind.BUNDLE, name, _protocol(old), _protocol(new), concerns=(name,))
            yield from _fields(name, old or {}, new or {})
            yield from _frames(name, (old, new), tables, style)


def _protocol(entry: Entry) -> str | None:
    return None if entry is None else "static" if entry["lacp"] == "none" else "LACP"


def _fields(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in {**old, **new}:
        if key not in _ELSEWHERE and old.get(key) != new.get(key):
            yield from _FIELDS.get(key, _other)(name, old.get(key), new.get(key))


_ELSEWHERE = frozenset({"members", "mode", "untagged", "tagged"})


def _other(name: str, old: Any, new: Any) -> Iterator[Change]:
    texts = tuple(None if value is None else str(value) for value in (old, new))
    yield _change(ChangeKind.OTHER, name, texts[0], texts[1], concerns=(name,))


def _plainly(kind: ChangeKind, key: str = "") -> Callable[[str, Any, Any], Iterator[Change]]:
    """Return what yields a change of this kind; one whose kind does not say what it is has the key beside it."""

    def found(name: str, old: Any, new: Any) -> Iterator[Change]:
        yield _change(kind, name, old, new, key if kind is ChangeKind.OTHER else "", concerns=(name,))

    return found


def _lacp(name: str, old: Any, new: Any) -> Iterator[Change]:
    if old is None or new is None:
        return  # the bundle is new, or goes
    of_mode = {"active": ChangeKind.LACP_ACTIVE, "passive": ChangeKind.LACP_PASSIVE}
    kind = ChangeKind.LACP if "none" in (old, new) else of_mode[new]
    yield _change(kind, name, old, new, concerns=(name,))


def _minimum(name: str, old: Any, new: Any) -> Iterator[Change]:
    raised = (new or 1) > (old or 1)
    kind = ChangeKind.MINIMUM_LINKS_RAISED if raised else ChangeKind.MINIMUM_LINKS_LOWERED
    yield _change(kind, name, old, new, concerns=(name,))


def _mtu(name: str, old: Any, new: Any) -> Iterator[Change]:
    raised = (new or PAYLOAD_DEFAULT) >= (old or PAYLOAD_DEFAULT)
    yield _change(ChangeKind.MTU_RAISED if raised else ChangeKind.MTU_LOWERED, name, old, new, concerns=(name,))


def _edge(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield _change(ChangeKind.EDGE_ADDED if new else ChangeKind.EDGE_REMOVED, name, old, new, concerns=(name,))


def _switched(off: bool) -> ChangeKind:
    return ChangeKind.DISABLED if off else ChangeKind.ENABLED


def _disabled(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield _change(_switched(bool(new)), name, bool(old), bool(new), concerns=(name,))


def _disabled_members(name: str, old: Any, new: Any) -> Iterator[Change]:
    for port in [*(new or ()), *(each for each in old or () if each not in (new or ()))]:
        off = port in (new or ())
        if off != (port in (old or ())):
            yield _change(_switched(off), port, not off, off, concerns=(port, name))


def _descriptions(name: str, old: Any, new: Any) -> Iterator[Change]:
    for port in {**(old or {}), **(new or {})}:
        texts = (old or {}).get(port), (new or {}).get(port)
        if texts[0] != texts[1]:
            yield _change(ChangeKind.DESCRIPTION, port, *texts, concerns=(port, name))


_FIELDS: Mapping[str, Callable[[str, Any, Any], Iterator[Change]]] = {
    "description": _plainly(ChangeKind.DESCRIPTION),
    **{leaf.key: _plainly(leaf.change, leaf.key) for leaf in LEAVES},
    "lacp": _lacp,
    "minimum_links": _minimum,
    "payload_mtu": _mtu,
    "peer": _edge,
    "disabled": _disabled,
    "disabled_members": _disabled_members,
    "member_descriptions": _descriptions,
}


def _frames(name: str, both: tuple[Entry, Entry], tables: tuple[Any, Any], style: Style) -> Iterator[Change]:
    """Yield what changes for the frames of an interface: mode, native VLAN, tagged VLANs."""
    old, new = ({} if entry is None else entry for entry in both)
    if old.get("mode") != new.get("mode"):
        yield _change(ChangeKind.PORT_MODE, name, old.get("mode"), new.get("mode"), concerns=(name,))
    was, becomes = (carried.of(entry, known, style) for entry, known in zip(both, tables, strict=True))
    found = [*_untagged(name, was, becomes), *_tagged(name, was, becomes)]
    yield from found
    raw = [{key: entry.get(key) for key in ("untagged", "tagged")} for entry in (old, new)]
    if not found and raw[0] != raw[1]:
        listed = [tuple(filter(None, (each["untagged"], *(each["tagged"] or ())))) for each in raw]
        yield _change(ChangeKind.VLAN_LIST, name, listed[0], listed[1], concerns=(name,))


def _untagged(name: str, was: Carried, becomes: Carried) -> Iterator[Change]:
    old, new = was.untagged, becomes.untagged
    if old == new or (old and new and old.id is not None and old.id == new.id):
        return
    if old and new and old.name == new.name:
        yield _change(ChangeKind.UNTAGGED_VLAN_ID, name, old.id, new.id, old.name, (name,))
    else:
        yield _change(ChangeKind.UNTAGGED_VLAN, name, _called(old), _called(new), concerns=(name,))


def _called(vlan: Vlan | None) -> str | None:
    return None if vlan is None else vlan.name


def _tagged(name: str, was: Carried, becomes: Carried) -> Iterator[Change]:
    old, new = ({vlan.name: vlan for vlan in each.tagged} for each in (was, becomes))
    renumbered = sorted(vlan for vlan in old.keys() & new.keys() if old[vlan].key != new[vlan].key)
    for vlan in renumbered:
        yield _change(ChangeKind.VLAN_ID, name, old[vlan].id, new[vlan].id, vlan, (name,))
    left, come = ([each for each in sorted(vlans.values()) if each.name not in renumbered] for vlans in (old, new))
    for each in left:
        if each.key not in {other.key for other in come}:
            yield _change(ChangeKind.VLAN_REMOVED, name, each.key, None, each.name, (name,))
    for each in come:
        if each.key not in {other.key for other in left}:
            yield _change(ChangeKind.VLAN_ADDED, name, None, each.key, each.name, (name,))
