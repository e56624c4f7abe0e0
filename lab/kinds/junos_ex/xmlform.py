# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration as XML: out of the tree, and loading with Junos's attributes (delete, replace, operation, inactive)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lxml import etree

from .errors import JunosError, Report, error, not_simulated, syntax_error, warning
from .schema import Schema
from .tree import Node, edit_path, ensure, remove
from .values import check_key, check_value

Element = etree._Element
Mark = Callable[[Element, Node, str], None]  # marks an element that was made of a statement, or of one of its values
UNSUPPORTED = ("apply-macro", "apply-flags", "when", "logical-systems")
ATTRIBUTES = ("delete", "replace", "operation", "inactive", "active", "create")


def local(element: Element) -> str:
    """Give the element's name without its namespace."""
    return str(etree.QName(element).localname)


def elements(parent: Element) -> Iterable[Element]:
    """Give the child elements, without comments and processing instructions."""
    return (child for child in parent if isinstance(child.tag, str))


def value_of(element: Element) -> str:
    """Give the text without the white space around it."""
    return (element.text or "").strip()


def no_mark(element: Element, node: Node, value: str) -> None:
    """Mark nothing."""


def write(parent: Element, node: Node, mark: Mark = no_mark) -> None:
    """Append the children of `node` to `parent`, as `<get-configuration>` shows them."""
    for child in node.ordered():
        write_one(parent, child, mark)


def write_one(parent: Element, node: Node, mark: Mark = no_mark) -> None:
    """Append `node` itself to `parent`."""
    for value in node.values if node.schema.kind == "leaf-list" else [node.value]:
        element = etree.SubElement(parent, node.schema.name)
        if node.inactive:
            element.set("inactive", "inactive")
        if node.schema.kind in ("leaf", "leaf-list"):
            element.text = value
        mark(element, node, value if node.schema.kind == "leaf-list" else "")
        if node.schema.kind == "list":
            name = etree.SubElement(element, "name")
            name.text = node.key
            mark(name, node, "")
        write(element, node, mark)


def select(parent: Element, node: Node, wanted: Element, mark: Mark = no_mark) -> None:
    """Append what of `node` the filter `wanted` names: the subtree filter of `<get-configuration>`.

    An element without children selects the whole statement; a list with `<name>` that entry alone.
    """
    for part in elements(wanted):
        name = local(part)
        schema = node.schema.children.get(name)
        if schema is None:
            raise syntax_error(name, edit_path(node))
        key = next((value_of(child) for child in elements(part) if local(child) == "name"), "")
        inner = [child for child in elements(part) if local(child) != "name"]
        for child in node.entries(name) if schema.kind == "list" else filter(None, [node.child(name)]):
            if not key or child.key == key:
                _select_one(parent, child, part, bool(inner), mark)


def _select_one(parent: Element, node: Node, part: Element, deeper: bool, mark: Mark) -> None:
    """Append `node` wholly, or what `part` names below it."""
    if not deeper:
        write_one(parent, node, mark)
        return
    element = etree.SubElement(parent, node.schema.name)
    mark(element, node, "")
    if node.schema.kind == "list":
        etree.SubElement(element, "name").text = node.key
    inner = etree.Element("inner")
    inner.extend([child for child in elements(part) if local(child) != "name"])
    select(element, node, inner, mark)


@dataclass
class Loader:
    """Loads one XML document into a tree. `replace` says that `replace="replace"` is honoured (action=replace)."""

    replace: bool = False
    default: str = "merge"
    reports: list[Report] = field(default_factory=list)

    def load(self, root: Node, configuration: Element) -> list[Report]:
        """Load the children of `<configuration>`; give the warnings.

        Raises:
            JunosError: with the errors found, and the warnings met before.
        """
        self._children(root, configuration)
        if any(report.severity == "error" for report in self.reports):
            raise JunosError(*self.reports)
        return self.reports

    def _children(self, node: Node, element: Element) -> None:
        """Load what stands below `element` into `node`; one bad statement does not stop the next."""
        for part in elements(element):
            if node.schema.kind == "list" and local(part) == "name":
                continue
            try:
                self._one(node, part)
            except JunosError as failure:
                self.reports += failure.reports

    def _one(self, parent: Node, part: Element) -> None:
        """Load one statement."""
        name = local(part)
        schema = parent.schema.children.get(name)
        if schema is None:
            raise not_simulated(name) if name in UNSUPPORTED else syntax_error(name, edit_path(parent))
        self._check_attributes(part)
        operation = self._operation(part)
        key = self._key(schema, part, parent) if schema.kind == "list" else ""
        if operation in ("delete", "remove"):
            self._delete(parent, schema, key, value_of(part), quiet=operation == "remove")
            return
        existing = parent.child(name, key)
        if operation == "replace" and existing is not None:
            existing.children.clear()
            existing.values.clear()
        if operation == "create" and existing is not None and schema.kind != "leaf-list":
            raise error("statement creation failed: already exists", bad=name, path=edit_path(parent))
        self._put(parent, schema, key, part)

    def _put(self, parent: Node, schema: Schema, key: str, part: Element) -> None:
        """Make the statement where it is missing, and load its value or what stands below it."""
        value = value_of(part)
        if schema.kind in ("leaf", "leaf-list"):
            value = check_value(schema, value, edit_path(parent))
        elif schema.kind in ("flag", "container") and value:
            raise syntax_error(value, edit_path(parent))
        node = ensure(parent, schema, key)
        if part.get("inactive") is not None:
            node.inactive = True
        elif part.get("active") is not None:
            node.inactive = False
        if schema.kind == "leaf":
            node.value = value
        elif schema.kind == "leaf-list" and value not in node.values:
            node.values.append(value)
        self._children(node, part)

    def _delete(self, parent: Node, schema: Schema, key: str, value: str, quiet: bool) -> None:
        """Delete a statement, a list's entry or all of them, or one value of a leaf-list."""
        if schema.kind == "list" and not key:
            found = parent.entries(schema.name)
        else:
            found = [node for node in [parent.child(schema.name, key)] if node is not None]
        if schema.kind == "leaf-list" and value and found:
            if value in found[0].values:
                found[0].values.remove(value)
                if found[0].values:
                    return
            else:
                found = []
        for node in found:
            remove(node)
        if not found and not quiet:
            self.reports.append(warning("statement not found", path=edit_path(parent), bad=key or value or schema.name))

    def _key(self, schema: Schema, part: Element, parent: Node) -> str:
        """Give the name of a list's entry; it may be missing where all entries are deleted."""
        names = [value_of(child) for child in elements(part) if local(child) == "name"]
        if not names and self._operation(part) in ("delete", "remove"):
            return ""
        check_key(schema, names[0] if names else "", edit_path(parent))
        return names[0]

    def _operation(self, part: Element) -> str:
        """Tell what is to be done with an element: merge, replace, delete, remove or create."""
        if part.get("delete") is not None:
            return "delete"
        if part.get("replace") is not None and self.replace:
            return "replace"
        for name, value in part.attrib.items():
            if etree.QName(name).localname == "operation":
                return str(value)
        return "merge" if self.default != "replace" else "replace"

    def _check_attributes(self, part: Element) -> None:
        """Refuse what Junos knows and the simulator does not (rename, insert, protect, comments)."""
        for name in part.attrib:
            word = str(etree.QName(name).localname)
            if word not in ATTRIBUTES and "xml.juniper.net" not in str(etree.QName(name).namespace or ""):
                raise not_simulated(f"attribute {word} of a statement")
