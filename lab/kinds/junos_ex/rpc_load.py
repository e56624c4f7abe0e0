# SPDX-License-Identifier: GPL-3.0-or-later
"""RPCs that change the candidate: load-configuration, edit-config, locks, discarding."""

from __future__ import annotations

from lxml import etree

from . import setform, textform
from .dispatch import Call, Reply, number, rpc
from .errors import JunosError, Report, error, not_simulated, syntax_error
from .frames import attributes_of, report_element
from .tree import Node
from .xmlform import Element, Loader, elements, local

ACTIONS = ("merge", "replace", "override", "update", "set")
SOURCES = ("configuration", "configuration-text", "configuration-set")


@rpc("lock-configuration")
def lock(call: Call) -> Reply:
    """Lock the database for this session alone."""
    call.only()
    call.device.lock(call.session)
    return Reply(ok=True)


@rpc("lock")
def lock_target(call: Call) -> Reply:
    """Lock the candidate (standard NETCONF); Junos knows no lock of the running configuration alone."""
    _target(call, "target", "candidate")
    call.device.lock(call.session)
    return Reply(ok=True)


@rpc("unlock-configuration", "unlock")
def unlock(call: Call) -> Reply:
    """Give the lock back; uncommitted changes go."""
    if call.name == "unlock":
        _target(call, "target", "candidate")
    call.device.unlock(call.session)
    return Reply(ok=True)


@rpc("open-configuration")
def open_private(call: Call) -> Reply:
    """Refuse private, ephemeral, batch and dynamic databases: facts advise against them all."""
    raise not_simulated("open-configuration")


@rpc("close-configuration")
def close_private(call: Call) -> Reply:
    """Refuse to close what cannot have been opened."""
    raise error("Configuration database is not open")


@rpc("discard-changes")
def discard(call: Call) -> Reply:
    """Drop the candidate's changes."""
    call.only()
    call.device.discard(call.session)
    return Reply(ok=True)


def _target(call: Call, part: str, wanted: str) -> None:
    """Refuse another datastore than `wanted`."""
    call.only(part, "default-operation", "test-option", "error-option", "config", "config-text", "filter")
    named = [local(store) for child in elements(call.request) if local(child) == part for store in elements(child)]
    if named != [wanted]:
        raise not_simulated(f"{call.name} of {named[0] if named else 'nothing'}")


@rpc("load-configuration")
def load(call: Call) -> Reply:
    """Load a rollback file, the rescue configuration, or a configuration in XML, braces or set commands."""
    attributes = attributes_of(call.request)
    if "rollback" in attributes:
        call.device.rollback(call.session, number(call, attributes["rollback"], 0, 49))
        return _results([])
    if "rescue" in attributes:
        if call.device.rescue is None:
            raise error("rescue configuration does not exist")
        call.device.replace(call.session, call.device.rescue.tree.clone())
        return _results([])
    unknown = set(attributes) - {"action", "format"}
    if unknown:
        raise not_simulated(f"load-configuration {sorted(unknown)[0]}")
    action = attributes.get("action", "merge")
    given = [part for part in elements(call.request) if local(part) in SOURCES]
    if action not in ACTIONS:
        raise not_simulated(f"load-configuration action {action}")
    if len(given) != 1 or len(call.request) != 1:
        raise syntax_error(local(call.request[0]) if len(call.request) else "load-configuration")
    return _load(call, action, attributes.get("format", "xml"), given[0])


def _load(call: Call, action: str, form: str, given: Element) -> Reply:
    """Load one configuration; errors and warnings stand inside the results, what was right is loaded."""
    wanted = {"configuration-set": ("set",), "configuration-text": ("merge", "replace", "override", "update")}
    if action not in wanted.get(local(given), ACTIONS[:4]) or (form == "xml") != (local(given) == "configuration"):
        raise error(f"load-configuration: format {form} and action {action} do not go with <{local(given)}>")
    tree = call.device.edit(call.session)
    if action in ("override", "update"):
        tree = Node(call.device.schema)
        call.device.replace(call.session, tree)
    try:
        reports = _into(tree, action, given)
    except JunosError as failure:
        reports = failure.reports
    tree.children.pop(("version", ""), None)
    return _results(reports)


def _into(tree: Node, action: str, given: Element) -> list[Report]:
    """Load by the form that the element says."""
    if local(given) == "configuration":
        return Loader(replace=action == "replace").load(tree, given)
    if local(given) == "configuration-set":
        return setform.load(tree, given.text or "")
    return textform.load(tree, given.text or "", replace=action == "replace")


def _results(reports: list[Report]) -> Reply:
    """Make `<load-configuration-results>`: errors and their number, or `<ok/>` with the warnings before it."""
    results = etree.Element("load-configuration-results")
    results.extend([report_element(report) for report in reports])
    errors = sum(report.severity == "error" for report in reports)
    if errors:
        etree.SubElement(results, "load-error-count").text = str(errors)
    else:
        etree.SubElement(results, "ok")
    return Reply([results], failed=errors > 0)


@rpc("edit-config")
def edit_config(call: Call) -> Reply:
    """Change the candidate (standard NETCONF): default-operation merge, replace or none, `operation` attributes."""
    _target(call, "target", "candidate")
    default = call.argument("default-operation", "merge")
    if default not in ("merge", "replace", "none"):
        raise error(f"unknown default-operation {default}", bad=default)
    found = call.request.find("{*}config/{*}configuration")
    text = call.request.find("{*}config-text/{*}configuration-text")
    if found is None and text is None:
        raise syntax_error("config")
    tree = call.device.edit(call.session)
    if default == "replace":
        tree = Node(call.device.schema)
        call.device.replace(call.session, tree)
    reports = Loader().load(tree, found) if found is not None else textform.load(tree, _text(text))
    return Reply([report_element(report) for report in reports], ok=not reports)


def _text(element: Element | None) -> str:
    """Give an element's text."""
    return (element.text or "") if element is not None else ""
