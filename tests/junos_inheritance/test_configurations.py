# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations of this folder are of all the kinds that are asked for, and valid as they are and expanded."""

from __future__ import annotations

import copy
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from conformance import yang

from .configurations import ALL, Configuration
from .expander import active, expand, statements

JUDGED = pytest.mark.skipif(bool(yang.missing()), reason=yang.missing())
LEAST = {
    "groups": 8,
    "ranges": 8,
    "over FPCs": 4,
    "inactive": 4,
    "wildcards": 3,
    "channelised": 3,
    "virtual chassis": 3,
}
EACH = pytest.mark.parametrize("configuration", ALL, ids=lambda found: found.name)


def judged(root: Element) -> bytes:
    """Return what Juniper's modules at hand have a say in."""
    found = copy.deepcopy(root)
    for child in [child for child in found if child.tag not in yang.JUDGED]:
        found.remove(child)
    return ElementTree.tostring(found)


def test_there_are_as_many_of_each_kind_as_were_asked_for():
    assert len(ALL) >= 25
    counted = {kind: sum(kind in found.kinds for found in ALL) for kind in LEAST}
    assert {kind: number for kind, number in counted.items() if number < LEAST[kind]} == {}
    assert min(sum(found.style == style for found in ALL) for style in ("els", "nonels")) >= 8


@EACH
def test_a_configuration_is_of_the_kinds_that_its_head_says(configuration: Configuration):
    nodes = list(configuration.root.iter())
    tags = {node.tag for node in nodes}
    names = [node.text or "" for node in nodes if node.tag == "name"]
    in_groups = [name for group in configuration.root.findall("groups") for name in group.itertext()]
    ends = [
        (node.findtext("name") or "", node.findtext("end-range") or "") for node in nodes if node.tag == "member-range"
    ]
    found = {
        "groups": "groups" in tags,
        "ranges": "interface-range" in tags,
        "over FPCs": any(low.split("/")[0] != high.split("/")[0] for low, high in ends),
        "inactive": any(node.get("inactive") for node in nodes),
        "channelised": any(":" in name for name in names),
        "virtual chassis": "virtual-chassis" in tags,
    }
    assert {kind for kind, there in found.items() if there} == configuration.kinds & set(found)
    if "wildcards" in configuration.kinds:
        assert any(text.startswith("<") and text != "<*>" for text in in_groups)


RELEASES = [
    pytest.param("17.4R1", marks=pytest.mark.all_only("the later release has the same statements of these")),
    "21.4R1",
]


def refused(root: Element, style: str, release: str) -> str:
    return yang.refused(release, style, judged(root))


@JUDGED
@EACH
@pytest.mark.parametrize("release", RELEASES)
def test_what_takes_effect_is_valid_under_junipers_yang(configuration: Configuration, release):
    both = [expand(configuration.root, precedence) for precedence in ("append", "override")]
    for expanded in {statements(expanded): expanded for expanded in both}.values():
        assert not refused(expanded, configuration.style, release)


@JUDGED
@EACH
@pytest.mark.all_only("what takes effect of them has nearly all of their statements")
@pytest.mark.parametrize("release", yang.RELEASES)
def test_what_is_written_is_valid_under_junipers_yang(configuration: Configuration, release):
    """The overlay asks where a bundle is; one that a group or a range gives is no concern of Juniper's modules."""
    found = refused(active(configuration.root), configuration.style, release)
    assert [line for line in found.splitlines() if "bundle names an ae that is not defined" not in line] == []
