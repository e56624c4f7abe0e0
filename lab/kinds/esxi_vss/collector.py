# SPDX-License-Identifier: GPL-3.0-or-later
"""The property collector: which objects a filter selects, and what it tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .thing import Thing
from .vmomi import VmomiSupport, vim, vmodl

Collector = vmodl.query.PropertyCollector
Things = dict[str, Thing]
May = Callable[[Thing, str], bool]
# What vCenter gives in one page at most when the client names no number.
PAGE = 100


def contents(things: Things, specs: list[Any], may: May) -> list[Any]:
    """Give the contents of all objects that the filters select, each object once per filter."""
    return [content for spec in specs for content in _filtered(things, spec, may)]


def needed(thing: Thing, path: str) -> str:
    """Give the privilege that a property asks for: its own, else System.Read."""
    try:
        return thing.ref._GetPropertyInfo(path.partition(".")[0]).privId or "System.Read"
    except AttributeError:
        return "System.Read"


def denied(ref: Any, privilege: str) -> Any:
    """Make the fault of a user who lacks a privilege on an object."""
    text = "Permission to perform this operation was denied."
    return vim.fault.NoPermission(msg=text, object=ref, privilegeId=privilege)


def _filtered(things: Things, spec: Any, may: May) -> Iterator[Any]:
    seen: set[str] = set()
    for chosen in spec.objectSet:
        if chosen.obj._moId not in things:
            if spec.reportMissingObjectsInResults:
                continue
            raise gone(chosen.obj)
        for thing in _selected(things, chosen):
            wanted = [each for each in spec.propSet if isinstance(thing.ref, each.type)]
            if wanted and thing.ref._moId not in seen:
                seen.add(thing.ref._moId)
                yield _content(thing, wanted, may)


def gone(ref: Any) -> Any:
    """Make the fault of an object that is not there (any more)."""
    name = f"{VmomiSupport.GetWsdlName(type(ref))}:{ref._moId}"
    text = f"The object '{name}' has already been deleted or has not been completely created"
    return vmodl.fault.ManagedObjectNotFound(msg=text, obj=ref)


def _selected(things: Things, chosen: Any) -> Iterator[Thing]:
    """Give the object of an ObjectSpec, unless it is skipped, and all that its traversals lead to."""
    thing = things[chosen.obj._moId]
    if not chosen.skip:
        yield thing
    named = _named(chosen.selectSet)
    yield from _walk(things, thing, list(chosen.selectSet), named, set())


def _named(selections: list[Any]) -> dict[str, Any]:
    """Give the traversals that have a name, at any depth: a SelectionSpec refers to them."""
    found: dict[str, Any] = {}
    for each in selections:
        if isinstance(each, Collector.TraversalSpec):
            if each.name:
                found[each.name] = each
            found.update(_named(each.selectSet))
    return found


def _walk(
    things: Things, thing: Thing, selections: list[Any], named: dict[str, Any], done: set[tuple[str, int]]
) -> Iterator[Thing]:
    """Follow traversals from one object; `done` ends a circle."""
    for each in selections:
        step = each if isinstance(each, Collector.TraversalSpec) else named.get(each.name)
        if step is None:
            raise vmodl.fault.InvalidArgument(msg=f"no traversal {each.name}", invalidProperty="selectSet")
        if not isinstance(thing.ref, step.type) or (thing.ref._moId, id(step)) in done:
            continue
        done.add((thing.ref._moId, id(step)))
        for ref in _refs(thing.value(step.path)):
            if ref._moId in things:
                found = things[ref._moId]
                if not step.skip:
                    yield found
                yield from _walk(things, found, list(step.selectSet), named, done)


def _refs(value: Any) -> list[Any]:
    """Give the references in a property."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _content(thing: Thing, wanted: list[Any], may: May) -> Any:
    """Tell the properties that are asked for; what is unset stays out, and what the user may not read is missing."""
    paths: dict[str, None] = {}
    for spec in wanted:
        paths.update(dict.fromkeys(thing.props if spec.all else spec.pathSet))
    made = Collector.ObjectContent(obj=thing.ref)
    for path in paths:
        privilege = needed(thing, path)
        if not may(thing, privilege):
            made.missingSet.append(Collector.MissingProperty(path=path, fault=denied(thing.ref, privilege)))
            continue
        value = thing.value(path)
        if value is not None:
            made.propSet.append(vmodl.DynamicProperty(name=path, val=value))
    return made


def update(things: Things, number: int, filters: list[tuple[Any, Any]], may: May) -> Any:
    """Tell all that the filters select, as a first update does."""
    made = Collector.UpdateSet(version=str(number))
    for ref, spec in filters:
        updates = []
        for content in contents(things, [spec], may):
            changes = [Collector.Change(name=each.name, op="assign", val=each.val) for each in content.propSet]
            updates.append(Collector.ObjectUpdate(kind="enter", obj=content.obj, changeSet=changes))
        made.filterSet.append(Collector.FilterUpdate(filter=ref, objectSet=updates))
    return made
