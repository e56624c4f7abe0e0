# SPDX-License-Identifier: GPL-3.0-or-later
"""RPCs that show a configuration: get-configuration in XML, braces and set commands, differences, get-config."""

from __future__ import annotations

from lxml import etree

from . import setform, textform
from .clock import stamp
from .device import Commit, Device
from .dispatch import Call, Reply, number, rpc
from .errors import error, not_simulated, syntax_error
from .frames import XNM, attributes_of, outermost
from .inherited import View, shown
from .tree import Node, ensure
from .xmlform import Element, Mark, elements, local, no_mark, select, write

ATTRIBUTES = {"database", "format", "compare", "rollback", "inherit", "groups", "interface-ranges"}


def configuration(
    device: Device, tree: Node, form: str, wanted: Element | None, commit: Commit | None, mark: Mark = no_mark
) -> Element:
    """Give a configuration, or what the filter `wanted` names of it, in the form asked for."""
    if form == "xml":
        return _xml(device, tree, wanted, commit, mark)
    shown = filtered(tree, wanted) if wanted is not None else tree
    if form == "set":
        made = etree.Element("configuration-set")
        version = [f"set version {device.model.release}"] if wanted is None else []
        made.text = "\n" + "".join(line + "\n" for line in [*version, *setform.lines(shown)])
    elif form == "text":
        made = outermost("configuration-text", XNM)
        made.text = "\n" + (_head(device, commit) if wanted is None else "") + textform.write(shown)
    else:
        raise not_simulated(f"configuration in the format {form}")
    return made


def space(device: Device) -> str:
    """Give the XML namespace of the attributes that the release adds."""
    return f"http://xml.juniper.net/junos/{device.model.short_release}/junos"


def _xml(device: Device, tree: Node, wanted: Element | None, commit: Commit | None, mark: Mark) -> Element:
    """Give a configuration as XML, with who made it when."""
    junos = space(device)
    made = outermost("configuration", XNM, junos=junos)
    if commit is not None:
        made.set(f"{{{junos}}}commit-seconds", str(int(commit.time)))
        made.set(f"{{{junos}}}commit-localtime", stamp(commit.time))
        made.set(f"{{{junos}}}commit-user", commit.user)
    else:
        made.set(f"{{{junos}}}changed-seconds", str(int(device.clock.now())))
        made.set(f"{{{junos}}}changed-localtime", stamp(device.clock.now()))
    plain = etree.Element("configuration", nsmap={"junos": junos})
    if wanted is None or not len(wanted):
        etree.SubElement(plain, "version").text = device.model.release
        write(plain, tree, mark)
    else:
        select(plain, tree, wanted, mark)
    for element in plain.iter():
        element.tag = f"{{{XNM}}}{element.tag}"
    made.extend(list(plain))
    return made


def filtered(tree: Node, wanted: Element) -> Node:
    """Copy what the filter names, for the forms that are text."""
    made = Node(tree.schema)
    _copy(made, tree, wanted)
    return made


def _copy(target: Node, source: Node, wanted: Element) -> None:
    """Copy the statements of `source` that `wanted` names into `target`."""
    parts = [part for part in elements(wanted) if local(part) != "name"]
    if not parts:
        copy = source.clone()
        target.value, target.values, target.children = copy.value, copy.values, copy.children
        for child in target.children.values():
            child.parent = target
        return
    for part in parts:
        key = next(((child.text or "").strip() for child in elements(part) if local(child) == "name"), "")
        if local(part) not in source.schema.children:
            raise syntax_error(local(part))
        for (name, entry), child in source.children.items():
            if name == local(part) and key in ("", entry):
                _copy(ensure(target, child.schema, entry), child, part)


def _head(device: Device, commit: Commit | None) -> str:
    """Give the lines that stand above a configuration in braces."""
    if commit is None:
        return f"## Last changed: {stamp(device.clock.now())}\nversion {device.model.release};\n"
    return f"## Last commit: {stamp(commit.time)} by {commit.user}\nversion {device.model.release};\n"


@rpc("get-configuration")
def get_configuration(call: Call) -> Reply:
    """Show the candidate or what runs, whole or filtered, or the difference to a rollback file."""
    attributes = attributes_of(call.request)
    unknown = set(attributes) - ATTRIBUTES
    if unknown:
        raise not_simulated(f"get-configuration {sorted(unknown)[0]}")
    device, form = call.device, attributes.get("format", "xml")
    if "compare" in attributes:
        return _compare(call, attributes)
    database = attributes.get("database", "candidate")
    if database not in ("candidate", "committed"):
        raise error(f"unknown database {database}", bad=database)
    tree = device.committed if database == "committed" else device.edited
    mark: Mark = no_mark
    if _inherits(attributes):
        found = shown(tree, device.model, device.fpcs)
        tree, mark = found.root, _marks(device, found) if "groups" in attributes else no_mark
    wanted = next((part for part in elements(call.request) if local(part) == "configuration"), None)
    commit = None if database == "candidate" and device.dirty else device.commits[0]
    return Reply([configuration(device, tree, form, wanted, commit, mark)])


def _inherits(attributes: dict[str, str]) -> bool:
    """Tell whether the inherited view is asked for.

    Juniper, "Specify How to Display Inheritance for Configuration Groups and Interface Ranges": `inherit="inherit"`
    shows groups and ranges inside what inherits them and not separately; `groups` and `interface-ranges` go with it
    and add where each element comes from. They are refused alone, for no page says what they do then, and so is
    `inherit="defaults"`, whose group junos-defaults is not known here.
    """
    marks = [name for name in ("groups", "interface-ranges") if name in attributes]
    wrong = [name for name in marks if attributes[name] != name]
    if wrong:
        raise not_simulated(f'get-configuration {wrong[0]}="{attributes[wrong[0]]}"')
    if "inherit" not in attributes:
        if marks:
            raise not_simulated(f"get-configuration {marks[0]} without inherit")
        return False
    if attributes["inherit"] != "inherit":
        raise not_simulated(f'get-configuration inherit="{attributes["inherit"]}"')
    if "groups" in attributes and attributes.get("format", "xml") != "xml":
        raise not_simulated("get-configuration groups in another format than XML")
    return True


def _marks(device: Device, found: View) -> Mark:
    """Give what marks the elements that a group gave: `junos:group` in their opening tags.

    Nothing marks what a range gave, although `interface-ranges` is answered: the attribute is in no page that was
    found, and a client must not rely on one.
    """

    def mark(element: Element, node: Node, value: str) -> None:
        name = found.group(node, value)
        if name:
            element.set(f"{{{space(device)}}}group", name)

    return mark


def _compare(call: Call, attributes: dict[str, str]) -> Reply:
    """Show the difference from a rollback file to the candidate (or to what runs), in braces."""
    device = call.device
    if {"inherit", "groups", "interface-ranges"} & set(attributes):
        raise not_simulated("get-configuration compare of inherited views")
    if attributes["compare"] != "rollback" or attributes.get("format", "text") not in ("text", "xml"):
        raise not_simulated(f"get-configuration compare {attributes['compare']} format {attributes.get('format')}")
    if attributes.get("format", "text") != "text":
        raise not_simulated("get-configuration compare in XML")
    wanted = number(call, attributes.get("rollback", "0"), 0, 49)
    if wanted >= len(device.commits):
        raise error(f"rollback {wanted} does not exist")
    tree = device.committed if attributes.get("database") == "committed" else device.edited
    made = etree.Element("configuration-information")
    text = textform.diff(device.commits[wanted].tree, tree)
    etree.SubElement(made, "configuration-output").text = "\n" + text if text else "\n"
    return Reply([made])


@rpc("get-config")
def get_config(call: Call) -> Reply:
    """Show a configuration (standard NETCONF), whole or by subtree filter."""
    call.only("source", "filter")
    stores = [local(store) for child in elements(call.request) if local(child) == "source" for store in elements(child)]
    if stores not in (["running"], ["candidate"]):
        raise not_simulated(f"get-config of {stores}")
    wanted = call.request.find("{*}filter/{*}configuration")
    tree = call.device.committed if stores == ["running"] else call.device.edited
    data = etree.Element("data")
    data.append(configuration(call.device, tree, "xml", wanted, call.device.commits[0]))
    return Reply([data])
