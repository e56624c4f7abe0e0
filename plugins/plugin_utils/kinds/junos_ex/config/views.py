# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration in two views: as it is written, and as it takes effect with its ranges and groups put in.

`get-configuration` with `inherit="inherit"` shows the second: no `groups`, no `apply-groups` and no `interface-range`,
and what they give in the objects that inherit it; with `groups="groups"` an element that a group gives carries
`junos:group` (Juniper, Junos XML Management Protocol Developer Guide, "Specify How to Display Inheritance"). What marks
a range is not documented, so it is computed here and no mark is relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from . import ranges
from .ranges import RANGE
from .statements import Config, Path, Statements, entry, from_element, path

INHERITING = frozenset({"groups", "apply-groups", "apply-groups-except", RANGE})
"""What makes the two views differ."""
_EXCLUSIVE = {"active": "passive", "passive": "active"}


@dataclass(frozen=True)
class Views:
    """What is written, what takes effect (nothing in it is inactive), and which group gives a statement of the second.

    Where something names a range elsewhere (`protocols rstp interface RANGE`), the second view names its ports.
    """

    written: Config
    inherited: Config
    groups: Mapping[Path, str] = field(default_factory=dict)
    interfaces: frozenset[str] = frozenset()
    """The interfaces that the switch shows in the second view."""


def of_elements(written: Any, inherited: Callable[[], Any]) -> Views:
    """Return the views of a switch; `inherited` reads the second one and is called only where it is another."""
    config = from_element(written)
    return of_effect(config, inherited()) if inherits(config) else plain(config)


def of_effect(written: Config, inherited: Any) -> Views:
    """Return the views of a switch whose written configuration is known."""
    marks: dict[Path, str] = {}
    live = from_element(inherited, marks).active()
    for name in ranges.names(live):  # a switch that shows them all the same
        live.remove("interfaces", entry(RANGE, name))
    known = live.entries("interfaces", tag="interface")
    return Views(written, _in_effect(live, written, known), marks, frozenset(known))


def plain(config: Config) -> Views:
    """Return the views of a configuration in which nothing is inherited."""
    return Views(config, config.active())


def inherits(config: Config) -> bool:
    """Tell whether anything of a configuration may be inherited."""
    return any(step.tag in INHERITING for item in config.statements for step in item)


def offline(config: Config) -> Views:
    """Return the views of a text; ranges are put in by this package, for no switch can be asked.

    Raises:
        RefusalError: it has groups, or a leaf with several values both in a port and in its range.

    """
    if not inherits(config):
        return Views(config, without_empty(config.active()))
    found = [step for item in config.statements for step in item if step.tag in INHERITING - {RANGE}]
    if found:
        named = sorted({str(step.value or step.key) for step in found if step.value or step.key})
        what = f"{'groups' if found[0].tag == 'groups' else found[0].tag}: {', '.join(named)}"
        why = "What a group gives can be told by the switch only."
        mend = "Give the output of show configuration | display inheritance | display xml, or read the switch itself."
        raise RefusalError([Finding("running_config", "GROUP_INHERITED", what, why, mend)])
    return Views(config, _in_effect(_expanded(config), config))


def _in_effect(inherited: Config, written: Config, known: Iterable[str] | None = None) -> Config:
    """Return the inherited view with the names of ranges replaced, and without containers that are not empty."""
    for name in ranges.names(written):
        _replace_name(inherited, name, ranges.ports_of(written, name, known))
    for item in [item for item in inherited.statements if _holds_the_inactive_only(item, written)]:
        del inherited.statements[item]
    return without_empty(inherited)


def _holds_the_inactive_only(item: Path, written: Config) -> bool:
    """Tell whether a statement is a container that is shown for what lies inactive in it, and says nothing by itself.

    An entry of a list, and a family, say something by being there.
    """
    last = item[-1]
    if last.key is not None or last.value is not None or item[-2:-1] == path("family") or item in written.statements:
        return False
    return any(len(each) > len(item) and each[: len(item)] == item for each in written.inactive)


def _replace_name(config: Config, name: str, ports: Iterable[str]) -> None:
    for item in [item for item in config.statements.mentions.get(name, ()) if names_range(item, name) is not None]:
        position = names_range(item, name)
        del config.statements[item]
        if position is not None:
            for port in ports:
                config.statements[renamed(item, position, name, port)] = None


def names_range(item: Path, name: str) -> int | None:
    """Return at which step a statement outside `interfaces` names the range as an interface."""
    for position, step in enumerate(item):
        text = step.key or step.value
        if step.tag == "interface" and text is not None and text.split(".", 1)[0] == name:
            return position
    return None


def renamed(item: Path, position: int, name: str, other: str) -> Path:
    """Return the statement with another interface at this step; a unit stays."""
    step = item[position]
    key, value = (text and f"{other}{text.removeprefix(name)}" for text in (step.key, step.value))
    return (*item[:position], step._replace(key=key, value=value), *item[position + 1 :])


def without_empty(config: Config) -> Config:
    """Return the configuration without containers that are written empty and are not (`unit 0` beside `unit 0 ...`)."""
    above = {item[:size] for item in config.statements for size in range(1, len(item))}
    bare = [item for item in config.statements if item in above]
    if not bare:
        return config
    return Config(Statements(item for item in config.statements if item not in above), config.inactive)


def followed(views: Views, written: Config) -> Config:
    """Return what takes effect when this is written instead, computed: what groups give is taken to stay."""
    before, after = (_in_effect(_expanded(config, False), config) for config in (views.written, written))
    found = views.inherited.copy()
    for item in before.statements:
        if item not in after.statements and item in found.statements:
            del found.statements[item]
    found.statements.update(item for item in after.statements if item not in before.statements)
    return found


def _expanded(config: Config, strict: bool = True) -> Config:
    """Return a text with its ranges put into their ports: what a port says itself wins, then the first range.

    A leaf with several values both in a port and in its range is refused where it is `strict`, else both are taken.
    """
    live = config.active()
    found = Config(Statements(item for item in live.statements if not _apart(item)))
    for name in ranges.names(config):
        for port in ranges.ports_of(config, name):
            _give(found, port, ranges.given(config, name), name if strict else "")
    return found


def with_absent(views: Views, names: Iterable[str]) -> Views:
    """Return views in which ports have what a range says of them also where the switch does not show it.

    A port of a card or a member that is away has no statement of the range; it comes back with all of them.
    """
    table = ranges.table(views.written)
    held = [(name, each.name) for name in names for each in ranges.held_by(table, name)]
    if not held:
        return views
    found = views.inherited.copy()
    for name, group in held:
        above = path("interfaces", entry("interface", name))
        shown = {ranges.slot(item) for item in found.statements.at(above)}
        tails = ranges.given(views.written, group)
        if not any(ranges.slot((*above, *tail)) in shown for tail in tails):
            _give(found, name, tails, "")
        named = {_same(item) for item in found.statements.mentions.get(name, ())}
        found.statements.update(item for item in references(views.written, group, name) if _same(item) not in named)
    return replace(views, inherited=without_empty(found))


def references(config: Config, name: str, port: str) -> Iterator[Path]:
    """Yield what is said of a port because a range is named where an interface is."""
    for item in config.statements.mentions.get(name, ()):
        position = names_range(item, name)
        if position is not None and not config.is_inactive(*item):
            yield renamed(item, position, name, port)


def _apart(item: Path) -> bool:
    """Tell whether the inherited view does not show the statement."""
    return any(step.tag in INHERITING for step in item)


def _give(config: Config, port: str, tails: Iterable[Path], name: str) -> None:
    """Put what a range says below a port; without a `name` several values of both are taken."""
    above = path("interfaces", entry("interface", port))
    held = {ranges.slot(item): item for item in config.statements.at(above)}
    values = set(config.statements.at(above))
    for tail in tails:
        item = (*above, *tail)
        other = _EXCLUSIVE.get(tail[-1].tag)
        if other and (*item[:-1], item[-1]._replace(tag=other)) in values:
            continue
        both = ranges.is_list(item) and ranges.slot(item) in held and item not in values
        if both and name:
            raise RefusalError([_both(port, name, item)])
        if both or ranges.slot(item) not in held:
            config.statements[item] = None


def _both(port: str, name: str, item: Path) -> Finding:
    what = f"{item[-1].tag} is in the port and in interface-range {name}"
    why = "Before Junos 14.1X53-D15 the port's own hold, from it on those of both."
    mend = "Read the switch itself, or write them in one place."
    return Finding(port, "RANGE_LEAF_LIST", what, why, mend)


def differences(found: Views, wanted: Config) -> list[tuple[str, Path, str]]:
    """Return what a candidate would have beside what is wanted, and what it would lack: (word, statement, group)."""
    if found.inherited.statements.keys() == wanted.statements.keys():
        return []
    one, two = ({_same(item): item for item in config.statements} for config in (found.inherited, wanted))
    more = [("have", item, found.groups.get(item, "")) for key, item in one.items() if key not in two]
    less = [("lack", item, "") for key, item in two.items() if key not in one]
    return [each for each in (*more, *less) if not _is_hollow(each[1], found.inherited, wanted)]


def _is_hollow(item: Path, one: Config, two: Config) -> bool:
    """Tell whether a statement is an empty container that is in both, in one of them not empty, or a bare interface."""
    return [step.tag for step in item] == ["interfaces", "interface"] or (one.has(*item) and two.has(*item))


def _same(item: Path) -> Path:
    """Return a form in which an interface and its unit 0 are one outside `interfaces`, and blanks at the ends none."""
    last = item[-1]
    if last.value is not None:
        item = (*item[:-1], last._replace(value=last.value.strip()))
    if item[0].tag == "interfaces":
        return item
    return tuple(
        step._replace(key=step.key.removesuffix(".0")) if step.tag == "interface" and step.key else step
        for step in item
    )
