# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a configuration says the same in XML, braces and set commands, and that loading does what Junos does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from kinds.junos_ex import schema, setform, textform, xmlform
from kinds.junos_ex.errors import JunosError
from kinds.junos_ex.tree import Node, ensure, equal

NAMES = {
    "interface": ["ge-0/0/1", "ge-0/0/10", "ge-0/0/2", "ae0", "ae11"],
    "unit": ["0", "7"],
    "vlan-name": ["v1", "server lan"],
}
PATTERNS = ["<*>", "<ae*>", "<ge-0/0/[0-5]>"]
WORDS = ["plain", "two words", 'a "quoted" one', "back\\slash", "semi;colon", "{brace}", "#hash", "10.0.0.0/8"]


def value(data: st.DataObject, node: schema.Schema) -> str:
    """Draw a value that fits a leaf."""
    kind, _, rest = node.type.partition(" ")
    if kind == "enum":
        return data.draw(st.sampled_from(rest.split("|")))
    if kind == "uint":
        low, high = map(int, rest.split(".."))
        return str(data.draw(st.integers(low, high)))
    return {"ae": "ae3", "vlan-id": "77"}.get(kind) or data.draw(st.sampled_from(WORDS))


def grow(data: st.DataObject, node: Node, depth: int) -> None:
    """Put a few statements that the schema allows below `node`."""
    known = list(node.schema.children.values())
    for part in data.draw(st.lists(st.sampled_from(known), max_size=3)) if known and depth else []:
        names = NAMES.get(part.key, WORDS[:2]) + (PATTERNS if part.wild else [])
        key = data.draw(st.sampled_from(names)) if part.kind == "list" else ""
        if part.name == "version":
            continue
        made = ensure(node, part, key)
        made.inactive = made.inactive or (
            part.kind in ("container", "list") and not part.hidden and data.draw(st.integers(0, 9)) == 0
        )
        if part.kind == "leaf":
            made.value = value(data, part)
        elif part.kind == "leaf-list":
            made.values = sorted({value(data, part) for _ in range(data.draw(st.integers(1, 3)))})
        grow(data, made, depth - 1)


def settle(node: Node) -> None:
    """Take away what the forms cannot say: containers that are inactive and empty."""
    for child in list(node.children.values()):
        settle(child)
        if child.inactive and not child.children and child.schema.kind == "container":
            child.inactive = False


@pytest.mark.parametrize("style", ["els", "nonels"])
@settings(max_examples=120)
@given(data=st.data())
def test_each_form_gives_back_the_tree_it_was_made_from(style: Any, data: st.DataObject) -> None:
    tree = Node(schema.load(style))
    grow(data, tree, 6)
    settle(tree)
    element = etree.Element("configuration")
    xmlform.write(element, tree)
    back = [Node(tree.schema) for _ in range(3)]
    xmlform.Loader().load(back[0], element)
    setform.load(back[1], "\n".join(setform.lines(tree)))
    if textform.write(tree):
        textform.load(back[2], textform.write(tree))
    for form, made in zip(("xml", "set", "text"), back, strict=True):
        assert setform.lines(made) == setform.lines(tree), form
        assert equal(made, tree), form


@pytest.mark.parametrize("style", ["els", "nonels"])
@settings(max_examples=60)
@given(data=st.data())
def test_the_difference_is_empty_exactly_when_two_trees_are_equal(style: Any, data: st.DataObject) -> None:
    one, other = Node(schema.load(style)), Node(schema.load(style))
    grow(data, one, 5)
    grow(data, other, 5)
    assert textform.diff(one, one.clone()) == ""
    assert (textform.diff(one, other) == "") == equal(one, other)


def tree(text: str, style: Any = "els") -> Node:
    made = Node(schema.load(style))
    setform.load(made, text)
    return made


def xml(text: str) -> Any:
    return etree.fromstring(f"<configuration>{text}</configuration>")


def test_a_leaf_list_takes_one_value_or_several_in_brackets() -> None:
    made = tree(
        "set interfaces ae0 unit 0 family ethernet-switching vlan members [ a1 b2 ]\n"
        "set interfaces ae0 unit 0 family ethernet-switching vlan members c3"
    )
    assert setform.lines(made)[-1].endswith("members c3") and len(setform.lines(made)) == 3


def test_active_and_passive_replace_each_other() -> None:
    made = tree(
        "set interfaces ae0 aggregated-ether-options lacp active\n"
        "set interfaces ae0 aggregated-ether-options lacp passive"
    )
    assert setform.lines(made) == ["set interfaces ae0 aggregated-ether-options lacp passive"]


def test_the_bundle_has_the_cli_name_802_3ad_and_the_xml_name_ieee_802_3ad() -> None:
    made = tree("set interfaces ge-0/0/1 ether-options 802.3ad ae0")
    element = etree.Element("configuration")
    xmlform.write(element, made)
    assert element.findtext("interfaces/interface/ether-options/ieee-802.3ad/bundle") == "ae0"
    assert "802.3ad ae0;" in textform.write(made)


def test_deleting_the_last_statement_takes_the_empty_containers_above_along() -> None:
    made = tree("set interfaces ae0 aggregated-ether-options lacp active\nset interfaces ae0 mtu 9014")
    setform.load(made, "delete interfaces ae0 aggregated-ether-options lacp active")
    assert setform.lines(made) == ["set interfaces ae0 mtu 9014"]


def test_deleting_what_is_absent_is_a_warning_and_the_other_lines_are_loaded() -> None:
    made = tree("")
    reports = setform.load(made, "set vlans v10 vlan-id 10\ndelete interfaces ge-0/0/9\nset vlans v20 vlan-id 20")
    assert [(report.severity, report.message) for report in reports] == [("warning", "statement not found")]
    assert len(setform.lines(made)) == 2


def test_an_unknown_statement_is_a_syntax_error_that_names_it_and_where_it_stands() -> None:
    with pytest.raises(JunosError) as caught:
        tree("set interfaces ae0 bundle-speed 1g")
    report = caught.value.reports[0]
    assert (report.message, report.bad, report.path) == ("syntax error", "bundle-speed", "[edit interfaces ae0]")


def test_an_unknown_element_is_a_syntax_error_that_names_it() -> None:
    with pytest.raises(JunosError) as caught:
        xmlform.Loader().load(tree(""), xml("<interfaces><interface><name>ae0</name><lacp/></interface></interfaces>"))
    assert (caught.value.reports[0].message, caught.value.reports[0].bad) == ("syntax error", "lacp")


@pytest.mark.parametrize(
    ("style", "line", "bad"),
    [
        ("els", "set interfaces ae0 unit 0 family ethernet-switching port-mode trunk", "port-mode"),
        ("els", "set interfaces ae0 unit 0 family ethernet-switching native-vlan-id 10", "native-vlan-id"),
        ("nonels", "set interfaces ae0 unit 0 family ethernet-switching interface-mode trunk", "interface-mode"),
        ("nonels", "set interfaces ae0 native-vlan-id 10", "native-vlan-id"),
        ("els", "set ethernet-switching-options storm-control interface all", "ethernet-switching-options"),
    ],
)
def test_the_other_styles_statement_is_unknown(style: str, line: str, bad: str) -> None:
    with pytest.raises(JunosError) as caught:
        tree(line, style)
    assert (caught.value.reports[0].message, caught.value.reports[0].bad) == ("syntax error", bad)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("set interfaces ge-0/0/1 mtu 0", "Value 0 is not within range (256..9216)"),
        ("set interfaces ge-0/0/1 mtu much", "Invalid numeric value: 'much'"),
        ("set interfaces ae34345 mtu 9000", "device value outside range 0..127 for '34345' in 'ae34345'"),
        ("set interfaces ae34foobar345 mtu 9000", "invalid interface type in 'ae34foobar345'"),
        ("set vlans v1 vlan-id 5000", "Value 5000 is not within range (1..4094)"),
        ("set interfaces ae0 aggregated-ether-options lacp periodic medium", "syntax error"),
        ("set chassis aggregated-devices ethernet device-count 0", "Value 0 is not within range (1..255)"),
        ("set groups g1 when time 10:00", "SIM TEXT: when is not simulated"),
        ("set groups g1 interfaces ge-0/0/x mtu 9000", "invalid interface type in 'ge-0/0/x'"),
        ("set apply-groups-except g1", "syntax error"),
        ("rename vlans a1 to b1", "SIM TEXT: the command rename is not simulated"),
    ],
)
def test_a_value_that_is_wrong_is_refused_in_the_devices_words(line: str, words: str) -> None:
    with pytest.raises(JunosError) as caught:
        tree(line)
    assert caught.value.reports[0].message == words


def test_xml_deletes_a_statement_an_entry_all_entries_and_one_value() -> None:
    made = tree(
        "set interfaces ae0 mtu 9014\nset interfaces ae0 unit 0\nset interfaces ae0 unit 1\n"
        "set interfaces ae1 mtu 9000\n"
        "set interfaces ae1 unit 0 family ethernet-switching vlan members [ a1 b2 ]\nset vlans a1 vlan-id 1"
    )
    text = (
        '<interfaces><interface><name>ae0</name><mtu delete="delete"/><unit operation="delete"/></interface>'
        "<interface><name>ae1</name><unit><name>0</name><family><ethernet-switching><vlan>"
        '<members delete="delete">a1</members></vlan></ethernet-switching></family></unit></interface></interfaces>'
        '<vlans><vlan delete="delete"><name>a1</name></vlan></vlans>'
    )
    assert xmlform.Loader().load(made, xml(text)) == []
    assert setform.lines(made) == [
        "set interfaces ae0",
        "set interfaces ae1 mtu 9000",
        "set interfaces ae1 unit 0 family ethernet-switching vlan members b2",
    ]


def test_what_a_load_deletes_first_can_be_set_again_in_the_same_load() -> None:
    family = "set interfaces ae1 unit 0 family ethernet-switching vlan members"
    made = tree(f"{family} a1")
    text = (
        "<interfaces><interface><name>ae1</name><unit><name>0</name><family><ethernet-switching><vlan>"
        '<members delete="delete">a1</members><members>b2</members>'
        "</vlan></ethernet-switching></family></unit></interface></interfaces>"
    )
    assert xmlform.Loader().load(made, xml(text)) == []
    assert setform.lines(made) == [f"{family} b2"]


def test_replace_is_honoured_with_action_replace_only() -> None:
    inner = '<interface replace="replace"><name>ae0</name><description>new</description></interface>'
    text = f"<interfaces>{inner}</interfaces>"
    merged, replaced = tree("set interfaces ae0 mtu 9014"), tree("set interfaces ae0 mtu 9014")
    xmlform.Loader(replace=False).load(merged, xml(text))
    xmlform.Loader(replace=True).load(replaced, xml(text))
    assert merged.find("interfaces", "interface", "ae0", "mtu") is not None
    assert setform.lines(replaced) == ["set interfaces ae0 description new"]


def test_the_difference_looks_as_show_compare_writes_it() -> None:
    old = tree("set interfaces ge-0/0/1 unit 0 family ethernet-switching\nset interfaces ge-0/0/1 mtu 9000")
    new = tree(
        "set interfaces ge-0/0/1 ether-options 802.3ad ae0\nset interfaces ge-0/0/1 mtu 1514\nset vlans v10 vlan-id 10"
    )
    assert textform.diff(old, new) == (
        "[edit]\n+  vlans {\n+      v10 {\n+          vlan-id 10;\n+      }\n+  }\n"
        "[edit interfaces ge-0/0/1]\n-    unit 0 {\n-        family ethernet-switching;\n-    }\n"
        "-    mtu 9000;\n+    mtu 1514;\n+    ether-options {\n+        802.3ad ae0;\n+    }\n"
    )


def test_braces_delete_replace_and_deactivate_by_their_tags() -> None:
    made = tree("set interfaces ae0 mtu 9014\nset interfaces ae0 description old\nset vlans v10 vlan-id 10")
    textform.load(
        made,
        "interfaces { replace: ae0 { description new; } } delete: vlans; protocols { inactive: rstp; }",
        replace=True,
    )
    assert setform.lines(made) == [
        "set interfaces ae0 description new",
        "set protocols rstp",
        "deactivate protocols rstp",
    ]


def test_braces_without_an_end_are_a_syntax_error() -> None:
    with pytest.raises(JunosError, match="syntax error"):
        textform.load(tree(""), "interfaces { ae0 { mtu 9014; }")


def test_braces_have_the_word_groups_once_and_the_lists_of_groups_applied_first() -> None:
    made = tree(
        "set groups g2 interfaces <ae*> mtu 9216\nset groups g1 system host-name h\nset apply-groups [ g2 g1 ]\n"
        "set interfaces ae0 description x\nset interfaces ae0 apply-groups-except g2\ndeactivate groups g1"
    )
    text = textform.write(made)
    assert text == (
        "groups {\n    g2 {\n        interfaces {\n            <ae*> {\n                mtu 9216;\n            }\n"
        "        }\n    }\n    inactive: g1 {\n        system {\n            host-name h;\n        }\n    }\n}\n"
        "apply-groups [ g2 g1 ];\ninterfaces {\n    ae0 {\n        apply-groups-except g2;\n        description x;\n"
        "    }\n}\n"
    )
    back = tree("")
    textform.load(back, text)
    assert equal(back, made)


def test_the_difference_of_groups_names_them_where_they_stand() -> None:
    old = tree("set groups g1 system host-name a\nset groups g2 system host-name b")
    new = tree("set groups g1 system host-name c\nset groups g3 system host-name b")
    assert textform.diff(old, new) == (
        "[edit groups]\n-   g2 {\n-       system {\n-           host-name b;\n-       }\n-   }\n"
        "+   g3 {\n+       system {\n+           host-name b;\n+       }\n+   }\n"
        "[edit groups g1 system]\n-     host-name a;\n+     host-name c;\n"
    )


def test_the_difference_marks_entries_whose_order_changed() -> None:
    ranges = [f"set interfaces interface-range {name} member ge-0/0/1" for name in ("aa", "bb")]
    old, new = tree("\n".join(ranges)), tree("\n".join(ranges[::-1]))
    assert textform.diff(old, new) == (
        "[edit interfaces]\n!   interface-range bb { ... }\n!   interface-range aa { ... }\n"
    )
