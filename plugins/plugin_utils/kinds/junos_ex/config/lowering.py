# SPDX-License-Identifier: GPL-3.0-or-later
"""From what shall take effect to what is written: operations on objects that partly live of ranges and groups.

Of a range only the list of its ports is ever edited. A leaf with one value is written to the object and hides what it
inherits; what cannot be said beside a range makes the port leave it, with all else that the range gave it written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..declared.model import Style
from . import ranges
from .emit import words
from .names import bundle_index, in_order, physical
from .ranges import Membership, is_list, slot
from .statements import Config, Operation, Path, difference, entry, path
from .views import Views, references, without_empty

_WITH_UNIT = (("protocols", "rstp"), ("protocols", "mstp"), ("protocols", "vstp"), ("vlans",))
MANY = 6
"""So many statements are told of a part that is inactive."""
_WITH_UNIT_TOO = (("ethernet-switching-options",),)


@dataclass
class Lowered:
    """The written configuration that is wanted, the operations that make it, and what was found on the way."""

    written: Config
    operations: list[Operation] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def lower(views: Views, wanted: Config, style: Style) -> Lowered:
    """Return what makes `wanted` take effect on a switch that has these views."""
    if views.written is views.inherited:
        return Lowered(wanted, difference(views.written, wanted))
    found = Lowered(views.written.copy())
    change = _Change(views, without_empty(wanted), style, found)
    if ranges.names(views.written):
        change.leave()
    change.clear(wanted.cleared)
    change.delete()
    change.write()
    found.operations = difference(views.written, found.written)
    return found


class _Change:
    """One lowering while it is computed."""

    def __init__(self, views: Views, wanted: Config, style: Style, found: Lowered) -> None:
        self.views, self.wanted, self.style, self.found = views, wanted, style, found
        held, goal = views.inherited.statements, wanted.statements
        self.gone = [item for item in held if item not in goal and not wanted.has(*item)]
        self.come = [item for item in goal if item not in held]
        self.replaced = {slot(item) for item in self.come if item[-1].value is not None and not is_list(item)}
        self.leaving: dict[str, dict[str, Membership]] = {}
        self.emptied: set[Path] = set()
        self.known = ranges.there(views.written, views.interfaces) if views.interfaces else []
        self.ranges = ranges.table(views.written)

    def _own(self, item: Path) -> bool:
        return item in self.views.written.statements and not self.views.written.is_inactive(*item)

    def leave(self) -> None:
        """Take the ports out of the ranges beside which the wanted view cannot be said."""
        for item in [*(item for item in self.gone if slot(item) not in self.replaced), *filter(is_list, self.come)]:
            for port, held in self._giving(item):
                self.leaving.setdefault(port, {})[held.name] = held
        lost = self._lost()
        self.come += [item for item in lost if not self._own(item)]
        for port in sorted(self.leaving, key=in_order):
            for held in self.leaving[port].values():
                self._leave(port, held)
        self._judge_empty()

    def _giving(self, item: Path) -> Iterator[tuple[str, Membership]]:
        """Yield the ranges that give a statement, or another value of its leaf, with the port that it is about."""
        for port in self._ports_in(item):
            for held in ranges.held_by(self.ranges, port):
                if any(self._gives(each, item) for each in self._given(held.name, port, item)):
                    yield port, held

    def _gives(self, given: Path, item: Path) -> bool:
        """Tell whether a given statement is the same, or the empty container that would be left of it."""
        return slot(given) == slot(item) or (given == item[: len(given)] and not self.wanted.has(*given))

    def _ports_in(self, item: Path) -> list[str]:
        if item[0].tag == "interfaces":
            return [step.key for step in item[1:2] if step.tag == "interface" and step.key]
        texts = [step.key or step.value for step in item if step.tag == "interface"]
        return [physical(text) for text in texts if text]

    def _given(self, name: str, port: str, item: Path) -> Iterator[Path]:
        """Yield what a range gives to a port, in the part of the configuration in which a statement is."""
        if item[0].tag == "interfaces":
            above = path("interfaces", entry("interface", port))
            yield from ((*above, *tail) for tail in ranges.given(self.views.written, name))
            return
        yield from references(self.views.written, name, port)

    def _everything(self, name: str, port: str) -> Iterator[Path]:
        yield from self._given(name, port, path("interfaces"))
        yield from self._given(name, port, path("protocols"))

    def _lost(self) -> list[Path]:
        """Return what stays in effect and is lost with the ranges; more ranges are left where it needs that."""
        lost: dict[Path, None] = {}
        todo = [(port, name) for port, held in self.leaving.items() for name in held]
        while todo:
            port, name = todo.pop()
            kept = [item for item in self._from(name, port) if item in self.wanted.statements]
            lost.update(dict.fromkeys(kept))
            for item in filter(is_list, kept):
                for _port, held in self._giving(item):
                    if held.name not in self.leaving[port]:
                        self.leaving[port][held.name] = held
                        todo.append((port, held.name))
        return list(lost)

    def _from(self, name: str, port: str) -> list[Path]:
        """Return what a port has by a range, also what the range has by groups of its own."""
        applied = set(self.views.written.values("interfaces", entry(ranges.RANGE, name), "apply-groups"))
        above = path("interfaces", entry("interface", port))
        by_group = [
            item for item in self.views.inherited.statements.at(above) if self.views.groups.get(item) in applied
        ]
        return [item for item in (*self._everything(name, port), *by_group) if item in self.views.inherited.statements]

    def _leave(self, port: str, held: Membership) -> None:
        if held.pattern is not None:
            why = "What the range says is merged into the port, and a pattern cannot leave out one port."
            what = f"interface-range {held.name} holds {port} by the pattern {held.pattern}"
            mend = "Write the range's ports one by one or as member-range on the switch first."
            self.found.findings.append(Finding(port, "RANGE_PATTERN", what, why, mend))
            return
        given = ranges.given(self.views.written, held.name)  # without any the switch does not show which ports it has
        known = self.known if given else ()
        ranges.leave(self.found.written, port, held.name, known)
        more = "; what else the range gives it is written for the port itself" if self._keeps(port, held.name) else ""
        self.found.notes.append(f"{port} leaves interface-range {held.name}{more}.")

    def _keeps(self, port: str, name: str) -> bool:
        """Tell whether something that the range gives stays in effect and is written for the port."""
        return any(item in self.wanted.statements and not self._own(item) for item in self._from(name, port))

    def _judge_empty(self) -> None:
        """Refuse to leave a range without any port, once for all its ports."""
        for name in dict.fromkeys(name for left in self.leaving.values() for name in left):
            if not ranges.is_empty(self.found.written, name):
                continue
            ports = ranges.spans(port for port, left in self.leaving.items() if name in left)
            what = f"its last ports would leave it: {ports}"
            why = "It would be left without any port, and what a range says is never edited here."
            mend = "Write what it says for its ports and delete it, in one commit on the switch, first."
            self.found.findings.append(Finding(f"interface-range {name}", "RANGE_LAST_PORT", what, why, mend))

    def clear(self, cleared: Iterable[Path]) -> None:
        """Delete what went as a whole with all that is written in it: inactive parts, and groups that it applies."""
        for prefix in cleared:
            shown = self.views.inherited.has(*prefix) or self._is_inactive_bundle(prefix)
            if shown and not self.wanted.has(*prefix) and self.views.written.has(*prefix):
                self._remove(prefix)
                self.emptied.add(prefix)

    def _is_inactive_bundle(self, prefix: Path) -> bool:
        name = prefix[1].key if len(prefix) == 2 and prefix[1].tag == "interface" else None
        return name is not None and bundle_index(name) is not None and self.views.written.is_inactive(*prefix)

    def _remove(self, prefix: Path) -> None:
        config = self.found.written
        config.remove(*prefix)
        config.inactive = {each for each in config.inactive if each[: len(prefix)] != prefix}

    def delete(self) -> None:
        """Delete what is written in the objects; what a group gives cannot be deleted."""
        written = self.views.written
        for item in self.gone:
            own = len(item) < 3 or (written.has(*item) and not written.is_inactive(*item))
            self._remove(self._highest(item))
            if not (own or slot(item) in self.replaced or self._left(item) or self._with_its_object(item)):
                self._refuse_group(item)
        self._keep_objects()

    def _highest(self, item: Path) -> Path:
        """Return what goes with a statement inside its object: the containers of which nothing shall take effect."""
        parts = (item[:size] for size in range(3, len(item)))
        return next((part for part in parts if not self.wanted.has(*part)), item)

    def _keep_objects(self) -> None:
        """Leave an interface standing that has nothing of its own any more, and shall have what a wildcard gives it."""
        config, before = self.found.written, self.views.written
        for where in dict.fromkeys(item[:2] for item in self.gone if item[0].tag == "interfaces"):
            stays = any(item in self.views.groups for item in self.wanted.statements.at(where))
            stood = before.has(*where) or where[1].key in self.leaving
            if stays and stood and not config.has(*where):
                config.add(*where)

    def _with_its_object(self, item: Path) -> bool:
        """Tell whether the object goes; a wildcard of a group then gives it nothing, which the candidate shows."""
        return any(item[:size] in self.emptied for size in range(1, len(item)))

    def _left(self, item: Path) -> bool:
        return any(held.name in self.leaving.get(port, ()) for port, held in self._giving(item))

    def _refuse_group(self, item: Path) -> None:
        group = self.views.groups.get(item)
        source = f"group {group}" if group else "elsewhere"
        why = "What a group gives can be hidden by another value of a leaf only, not deleted in the object."
        mend = self._mend_group(item, group or "GROUP")
        where = next(iter(self._ports_in(item)), item[0].tag)
        what = f"{words(item)} is inherited from {source}"
        self.found.findings.append(Finding(where, "GROUP_INHERITED", what, why, mend))

    def _mend_group(self, item: Path, group: str) -> str:
        """Say what stops the group from giving this; `apply-groups-except` is for what is applied above the object."""
        written = self.views.written
        above = [item[:size] for size in range(2, len(item)) if group in written.values(*item[:size], "apply-groups")]
        if above:
            return f"Delete apply-groups {group} from {words(above[0])} on the switch, or edit the group."
        for port in self._ports_in(item):
            for held in ranges.held_by(self.ranges, port):
                if group in written.values("interfaces", entry(ranges.RANGE, held.name), "apply-groups"):
                    whole = f"interface-range {held.name}, which applies the group"
                    return f"Take {port} out of {whole}, on the switch, or edit the group."
        return f"Add apply-groups-except {group} to the object on the switch, or edit the group."

    def write(self) -> None:
        """Write what shall take effect and does not, and activate what is inactive on the way to it."""
        config = self.found.written
        for item in self.come:
            item = self._named(item)
            if not is_list(item):
                self._replace(item)
            config.statements[item] = None
            self._activate(item)

    def _named(self, item: Path) -> Path:
        """Return a statement with the unit that releases without ELS write where an interface is named elsewhere."""
        tags = tuple(step.tag for step in item)
        if self.style == "els" or not any(tags[: len(each)] == each for each in (*_WITH_UNIT, *_WITH_UNIT_TOO)):
            return item
        return tuple(
            step._replace(key=f"{step.key}.0") if step.tag == "interface" and step.key and "." not in step.key else step
            for step in item
        )

    def _replace(self, item: Path) -> None:
        """Take other values of a leaf with one value away, inactive ones too; the leaf is then activated."""
        config, above = self.found.written, item[:-1]
        if item[-1].value is None:
            return
        for other in [each for each in config.statements.near(above) if slot(each) == slot(item) and each != item]:
            del config.statements[other]
            config.inactive.discard(other)

    def _activate(self, item: Path) -> None:
        config = self.found.written
        beside = [each for each in config.inactive if is_list(item) and each != item and slot(each) == slot(item)]
        prefixes = [item[:size] for size in range(1, len(item) + 1) if item[:size] in config.inactive]
        for prefix in (*prefixes, *beside):
            self._judge_activation(prefix)
            config.inactive.discard(prefix)

    def _judge_activation(self, prefix: Path) -> None:
        config = self.found.written
        others = [prefix_ for prefix_ in config.inactive if prefix_ != prefix]
        alive = [
            item
            for item in config.statements.at(prefix)
            if not self.wanted.has(*item)
            and slot(item) not in self.replaced
            and not any(item[: len(other)] == other for other in others)
        ]
        if alive:
            within = _told([words(item[len(prefix) :]) for item in alive if item != prefix])
            what = f"{words(prefix)} is inactive{f' and holds {within}' if within else ''}"
            why = "Activated, it would bring this to life, which is not declared."
            mend = "Activate or delete it on the switch first."
            where = next(iter(self._ports_in(prefix)), prefix[0].tag)
            self.found.findings.append(Finding(where, "INACTIVE", what, why, mend))


def _told(texts: list[str]) -> str:
    """Return the texts in one line; of a whole part of a configuration the first ones and their number."""
    more = len(texts) - MANY
    return ", ".join(texts) if more <= 0 else f"{', '.join(texts[:MANY])} and {more} more"
