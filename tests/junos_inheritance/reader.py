# SPDX-License-Identifier: GPL-3.0-or-later
"""Set lines read into XML for the judge, so that neither the product's reader nor the simulator's is trusted by it.

It knows the statements that these tests use and takes each other word for a container; the configurations that are
read with it are judged by Juniper's YANG, so that a statement of another kind is noticed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

ENTRIES = frozenset(
    {"unit", "address", "groups", "interface-range", "member-range", "storm-control-profiles", "fpc", "pic", "port"}
)
"""Words that are followed by the key of an entry wherever they stand."""
VALUES = frozenset(
    {"bundle", "channel-speed", "description", "device-count", "end-range", "interface-mode", "l3-interface"}
    | {"link-mode", "link-speed", "mastership-priority", "minimum-links", "mtu", "native-vlan-id", "periodic"}
    | {"port-mode", "port-priority", "priority", "profile-name", "role", "speed", "system-id", "up", "vlan-id"}
)
"""Words that are followed by a value."""
SETS = frozenset({"members", "apply-groups", "apply-groups-except"})
"""Words that are followed by one value of several, or by several in brackets."""
WORD = re.compile(r'"([^"]*)"|(\S+)')


def words(line: str) -> list[str]:
    """Return the words of a line; quotation marks keep one together."""
    return [quoted or plain for quoted, plain in WORD.findall(line)]


def from_set(text: str | Iterable[str]) -> Element:
    """Return `<configuration>` of set and deactivate lines; `#` begins a comment."""
    root = Element("configuration")
    for line in text.splitlines() if isinstance(text, str) else text:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        verb, *rest = words(line)
        assert verb in ("set", "deactivate"), line
        places = list(_steps(rest))
        if verb == "set":
            _write(root, places)
        else:
            _find(root, places).set("inactive", "inactive")
    return root


def from_text(text: str) -> Element:
    """Return `<configuration>` of XML or set lines, without its namespaces."""
    if not text.lstrip().startswith("<"):
        return from_set(text)
    root = ElementTree.fromstring(text)
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    found = root if root.tag == "configuration" else root.find(".//configuration")
    assert found is not None
    return found


Step = tuple[str, str | None, bool]
"""Tag, key or value, and whether that is a key."""


def _steps(line: list[str]) -> Iterable[Step]:
    """Yield the steps of a path: hidden words of the command line are said."""
    parents: list[str] = []
    while line:
        word = line.pop(0)
        top = _top(parents)
        if top in (["interfaces"], ["vlans"]) and word not in ("interface-range", *SETS):
            line, word = [word, *line], top[0][:-1]
        if word == "802.3ad":
            yield "ieee-802.3ad", None, False
            line, word = (line, "") if line and line[0] == "lacp" else (line, "bundle")
        if word == "storm-control" and top[:1] == ["interfaces"]:
            yield word, None, False
            word = "profile-name"
        if not word:
            continue
        parents.append(word)
        yield from _taken(word, parents, line)


def _top(parents: list[str]) -> list[str]:
    """Return the path without the group that it lies in."""
    return parents[1:] if parents[:1] == ["groups"] else parents


def _taken(word: str, parents: list[str], line: list[str]) -> Iterable[Step]:
    if word == "member-range":
        yield word, line.pop(0), True
        assert line.pop(0) == "to"
        yield "end-range", line.pop(0), False
    elif word in SETS:
        values = line[1 : line.index("]")] if line[0] == "[" else line[:1]
        line.clear()
        for value in values:
            yield word, value, False
    elif _is_entry(word, parents):
        yield word, line.pop(0), True
    elif word in VALUES and line:
        yield word, line.pop(0), False
    else:
        yield word, None, False


def _is_entry(word: str, parents: list[str]) -> bool:
    top = _top(parents)
    if word == "interface":
        return top[0] in ("interfaces", "protocols", "vlans", "poe", "ethernet-switching-options", "switch-options")
    if word == "vlan":
        return top[0] == "vlans" or top[:2] == ["protocols", "igmp-snooping"]
    if word == "member":
        return True
    return word in ENTRIES


def _write(root: Element, steps: Iterable[Step]) -> None:
    node, parent = root, root
    for tag, text, is_key in steps:
        parent = parent if tag in SETS and node.tag == tag else node
        found = _child(parent, tag, text, is_key)
        if found is None:
            found = ElementTree.SubElement(parent, tag)
            if is_key:
                ElementTree.SubElement(found, "name").text = text
        if text is not None and not is_key:
            found.text = text
        node = parent if tag == "end-range" else found


def _child(node: Element, tag: str, text: str | None, is_key: bool) -> Element | None:
    for child in node.findall(tag):
        if (is_key and child.findtext("name") == text) or (not is_key and (tag not in SETS or child.text == text)):
            return child
    return None


def _find(root: Element, steps: Iterable[Step]) -> Element:
    node = root
    for tag, text, is_key in steps:
        found = _child(node, tag, text, is_key)
        assert found is not None, f"{tag} {text} is not there to be deactivated"
        node = node if tag == "end-range" else found
    return node


def to_set(root: Element) -> list[str]:
    """Return a configuration as set and deactivate lines, as an operator would type them."""
    found = list(_written(root, "", False))
    return [line for line in found if line.startswith("set")] + [line for line in found if not line.startswith("set")]


def _written(node: Element, above: str, beneath_interfaces: bool) -> Iterator[str]:
    for child in node:
        tag, key = child.tag, child.findtext("name")
        if tag == "name":
            continue
        hidden = tag in ("bundle", "profile-name") or (tag == "interface" and beneath_interfaces)
        hidden = hidden or (tag == "vlan" and above.split()[-1:] == ["vlans"])
        text = key if key is not None else (child.text or "").strip() if not len(child) else ""
        shown = "to" if tag == "end-range" else "" if hidden else tag.removeprefix("ieee-")
        here = " ".join(part for part in (above, shown, _quoted(text)) if part)
        inner = [other for other in child if other.tag != "name"]
        if child.get("inactive"):
            yield f"deactivate {here}"
        yield from _written(child, here, tag == "interfaces") if inner else [f"set {here}"]


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"[\s'<>\[\]*]", text) else text
