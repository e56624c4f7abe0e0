# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that commit check refuses what the device refuses, in its words, and nothing that it takes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from kinds.junos_ex import must, rules, schema, setform, xmlform
from kinds.junos_ex.device import Options
from kinds.junos_ex.errors import CommitError, JunosError
from kinds.junos_ex.models import MODELS
from kinds.junos_ex.tree import Node

MODEL = {"els": "ex4300-48t", "nonels": "ex4200-48t"}
PORT_MODE = {"els": "interface-mode", "nonels": "port-mode"}
YANG = Path(os.environ.get("JUNOS_YANG", Path(__file__).resolve().parents[4] / "shared" / "junos-yang"))
MEMBER = "set interfaces ge-0/0/1 ether-options 802.3ad ae0\n"
SWITCHING = "set interfaces ge-0/0/3 unit 0 family ethernet-switching "
CONSTRAINT = "configuration check-out failed: (statements constraint check failed)"
DAEMON = "configuration check-out failed"


def refusals(style: Any, text: str) -> list[rules.Report]:
    tree = Node(schema.load(style))
    setform.load(tree, text.replace("MODE", PORT_MODE[style]))
    return rules.check(tree, MODELS[MODEL[style]], 1, "configuration check-out failed")


BOTH = [
    (MEMBER + "set interfaces ge-0/0/1 mtu 9000", "Setting mtu on ae child device is not allowed", CONSTRAINT),
    (
        MEMBER + "set interfaces ge-0/0/1 ether-options flow-control",
        "Setting flow-control on ae child device is not allowed",
        CONSTRAINT,
    ),
    (MEMBER + "set interfaces ge-0/0/1 vlan-tagging", "ae child device vlan-tagging is not allowed", CONSTRAINT),
    (
        MEMBER + "set interfaces ge-0/0/1 flexible-vlan-tagging",
        "ae child device flexible-vlan-tagging is not allowed",
        CONSTRAINT,
    ),
    (
        MEMBER + "set system autoinstallation interfaces ge-0/0/5 bootp",
        "incompatible with 'system autoinstallation'",
        CONSTRAINT,
    ),
    (
        MEMBER + "set interfaces ge-0/0/1 gigether-options 802.3ad ae1",
        "Member link cannot be a part of multiple aggregation group",
        CONSTRAINT,
    ),
    (
        MEMBER + "set interfaces ae0 aggregated-ether-options minimum-links 1\n"
        "set interfaces ae0 aggregated-ether-options link-speed mixed",
        "Minimum-links option is not compatible with link-speed mixed",
        CONSTRAINT,
    ),
    (
        MEMBER + "set interfaces ae0 aggregated-ether-options minimum-links 2",
        "Number of member links configured, i.e [1], for interface [ae0]is lesser than the required minimum [2].",
        DAEMON,
    ),
    (
        "set interfaces ge-0/0/3 unit 0 family inet\n" + SWITCHING,
        "Family ethernet-switching and rest of the families are mutually exclusive",
        CONSTRAINT,
    ),
    ("set interfaces ae0 unit 1 family ethernet-switching", "Only unit 0 is valid for this encapsulation", DAEMON),
    (SWITCHING + "vlan members 200", "No vlan matches vlan tag 200 for interface ge-0/0/3.0", DAEMON),
    (
        SWITCHING + "MODE trunk\n" + SWITCHING + "vlan members gone",
        "No vlan matches vlan tag gone for interface ge-0/0/3.0",
        DAEMON,
    ),
    (
        MEMBER + "set interfaces ge-0/0/1 unit 0 family ethernet-switching",
        "SIM TEXT: member link ge-0/0/1 of ae0 must have no logical unit",
        DAEMON,
    ),
    (
        "set vlans a1 vlan-id 5\nset vlans b2 vlan-id 6\n" + SWITCHING + "vlan members [ a1 b2 ]",
        "SIM TEXT: access interface ge-0/0/3.0 has more than one vlan",
        DAEMON,
    ),
    ("set vlans a1 vlan-id 5\nset vlans b2 vlan-id 5", "SIM TEXT: vlan-id 5 is used by a1 and b2", DAEMON),
    (
        "set vlans a1 l3-interface vlan.5",
        "l3-interface can be configured only under vlans with 'vlan-id'/'vlan-tags'",
        CONSTRAINT,
    ),
]
ELS = [
    (
        "set interfaces ge-0/0/3 native-vlan-id 1",
        "native-vlan-id can be specified with flexible-vlan-tagging mode or with interface-mode trunk",
        CONSTRAINT,
    ),
    (
        SWITCHING + "interface-mode trunk",
        "For trunk interface, please ensure either vlan members is configured or inner-vlan-id-list is configured",
        DAEMON,
    ),
    (
        "set vlans a1 vlan-id 5\nset vlans a1 interface ge-0/0/3.0\n" + SWITCHING + "interface-mode access",
        "Interface with 'interface-mode' config is not allowed under vlans",
        DAEMON,
    ),
    (
        MEMBER + "set interfaces ge-0/0/1 speed auto",
        "Auto speed cannot be configured for an aggregated ethernet member link",
        CONSTRAINT,
    ),
    (
        SWITCHING + "storm-control none",
        "Storm profile name must be defined in the [edit forwarding-options storm-control-profiles] hierarchy",
        CONSTRAINT,
    ),
]
NONELS = [
    (
        MEMBER + "set protocols rstp interface ge-0/0/1.0 edge",
        "XSTP : Interface ge-0/0/1.0 is not enabled for Ethernet Switching",
        DAEMON,
    ),
]
CASES = (
    [(style, *case) for style in MODEL for case in BOTH]
    + [("els", *case) for case in ELS]
    + [("nonels", *case) for case in NONELS]
)


@pytest.mark.parametrize(("style", "text", "words", "closing"), CASES)
def test_the_device_refuses_it_in_these_words(style: str, text: str, words: str, closing: str) -> None:
    reports = refusals(style, text)
    assert words in [report.message for report in reports]
    assert reports[-1].message == closing


ACCEPTED = [
    (
        "nonels",
        "set vlans a1 vlan-id 5\n" + SWITCHING + "port-mode trunk\n" + SWITCHING + "native-vlan-id a1",
        "a trunk with the native VLAN alone",
    ),
    ("els", MEMBER + "set protocols rstp interface ge-0/0/1 edge", "spanning tree at a member: no refusal is known"),
    ("els", MEMBER + "set interfaces ae7 mtu 9000", "an ae beyond device-count: committed, never made"),
    (
        "els",
        "set vlans a1 vlan-id 5\nset vlans b2 vlan-id 6\n"
        + SWITCHING
        + "interface-mode trunk\n"
        + SWITCHING
        + "vlan members 5-6",
        "a range",
    ),
    (
        "nonels",
        MEMBER + "set interfaces ge-0/0/1 unit 0 family ethernet-switching\ndeactivate interfaces ge-0/0/1 unit 0",
        "an inactive unit",
    ),
    ("els", SWITCHING + "interface-mode trunk\n" + SWITCHING + "vlan members all", "all VLANs"),
]


@pytest.mark.parametrize(("style", "text", "what"), ACCEPTED)
def test_the_device_takes_it(style: str, text: str, what: str) -> None:
    assert refusals(style, text) == [], what


@pytest.mark.parametrize(("style", "least"), [("els", 17), ("nonels", 9)])
def test_a_bundle_has_as_many_members_as_the_model_can(style: str, least: int) -> None:
    lines = [f"set interfaces ge-0/0/{port} ether-options 802.3ad ae0" for port in range(least)]
    assert refusals(style, "\n".join(lines[:-1])) == []
    assert "at most" in refusals(style, "\n".join(lines))[0].message


def test_an_interface_range_counts_as_if_each_port_were_written_out() -> None:
    of = "set interfaces interface-range r "
    text = f"{of}member-range ge-0/0/1 to ge-0/0/2\n{of}mtu 9000\n"
    assert refusals("els", text + MEMBER)[0].message == "Setting mtu on ae child device is not allowed"


def test_the_error_names_path_and_element_as_the_device_does() -> None:
    report = refusals("els", MEMBER + "set interfaces ge-0/0/1 gigether-options 802.3ad ae1")[0]
    assert (report.path, report.bad) == ("[edit interfaces ge-0/0/1 ether-options 802.3ad]", "ae0")


def test_a_commit_that_fails_says_commit_failed_and_changes_nothing(make_device: Any, session: Any) -> None:
    device = make_device("els")
    setform.load(device.edit(session), MEMBER + "set interfaces ge-0/0/1 mtu 9000")
    with pytest.raises(CommitError) as caught:
        device.commit(session, Options())
    assert caught.value.reports[-1].message == "commit failed: (statements constraint check failed)"
    assert len(device.commits) == 1 and device.dirty


def test_every_constraint_is_one_that_juniper_states() -> None:
    source = YANG / "must-messages-lag.txt"
    if not source.exists():
        pytest.skip(f"Juniper's messages are not at {source} (JUNOS_YANG names another folder)")
    stated = {line.rsplit(" | ", 1)[-1].strip() for line in source.read_text(encoding="utf-8").splitlines()}
    unknown = [constraint.message for constraint in must.constraints() if constraint.message not in stated]
    assert unknown == []


def test_every_constraint_is_at_a_statement_that_some_style_knows() -> None:
    known = {path for style in MODEL for path, _ in schema.walk(schema.load(style))}
    assert [each.path for each in must.constraints() if each.path not in known] == []


@pytest.mark.parametrize("style", ["els", "nonels"])
def test_the_statements_of_interfaces_chassis_and_vlans_are_junipers(style: Any) -> None:
    folder = YANG / "21.4R1"
    if not folder.exists():
        pytest.skip(f"Juniper's YANG is not at {folder} (JUNOS_YANG names another folder)")
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.yang"))
    stated = set(re.findall(r"^\s*(?:container|list|leaf|leaf-list) ([\w.-]+) \{", text, re.M))
    # non-ELS releases are not published; these three statements are known from EX configurations only
    older = {"dot1q-tunneling", "mapping", "vlan-range"}
    # EVPN's statements are not in the published EX modules, but in public configurations of EX with EVPN
    evpn = {"esi", "auto-derive", "type-1-lacp"}
    parts = ("interfaces", "chassis", "vlans")
    known = stated | older | evpn
    unknown = {path for path, _ in schema.walk(schema.load(style)) if path[0] in parts and path[-1] not in known}
    assert unknown == set()


# What the samples name and do not define, so that the rest of each file is judged alone.
SUPPLEMENT = "set vlans vlan2 vlan-id 20\n"
TAGS = "".join(f"set vlans t{tag} vlan-id {tag}\n" for tag in range(200, 211))


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("els-good", True),
        ("nonels-good", True),
        ("els-bad-gig", False),
        ("els-bad-lacp-on", False),
        ("els-bad-member-unit", False),
        ("els-bad-native-in-unit", False),
        ("els-bad-portmode", False),
        ("els-bad-ae-beyond", True),  # only the project's overlay refuses it; the device is thought to take it silently
    ],
)
def test_the_samples_of_the_yang_validation_are_judged_alike(name: str, accepted: bool) -> None:
    path = YANG / "samples" / f"{name}.xml"
    if not path.exists():
        pytest.skip(f"the samples are not at {path.parent} (JUNOS_YANG names another folder)")
    style = "els" if name.startswith("els") else "nonels"
    tree = Node(schema.load(style))
    setform.load(tree, SUPPLEMENT + TAGS)
    try:
        xmlform.Loader().load(tree, etree.parse(str(path)).getroot())
        reports = rules.check(tree, MODELS[MODEL[style]], 1, "x")
    except JunosError as failure:
        reports = failure.reports
    assert (reports == []) is accepted
