# SPDX-License-Identifier: GPL-3.0-or-later
"""The indexes of a configuration agree with its statements, and what is written has no delete that takes too much."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import to_xml
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import (
    Config,
    Operation,
    Path,
    Segment,
    Statements,
    entry,
    leaf,
    path,
)

_TOPS = ("interfaces", "vlans", "protocols")
_LISTS = st.builds(entry, st.sampled_from(["interface", "vlan"]), st.sampled_from(["ge-0/0/0", "ae0", "v10"]))
_SECOND = st.one_of(_LISTS, st.builds(Segment, st.just("rstp")), st.builds(leaf, st.just("mtu"), st.integers(1, 2)))
_TAILS = st.lists(st.builds(leaf, st.just("description"), st.sampled_from("ab")), max_size=1)
_PATHS = st.builds(lambda top, second, tail: path(top, second, *tail), st.sampled_from(_TOPS), _SECOND, _TAILS)


@given(st.lists(st.tuples(st.booleans(), _PATHS), max_size=30))
def test_indexes_follow_every_change(steps: list[tuple[bool, Path]]) -> None:
    """Adding and removing leave the same answers as a configuration made afresh of what is left."""
    changed = Config()
    for add, item in steps:
        if add:
            changed.add(*item)
        else:
            changed.remove(*item)
    fresh = Config(Statements(changed.statements))
    for top in _TOPS:
        for tag in ("interface", "vlan"):
            assert sorted(changed.entries(top, tag=tag)) == sorted(fresh.entries(top, tag=tag))
            scanned = {item[1].key for item in changed.statements if item[0].tag == top and item[1].tag == tag}
            assert set(changed.entries(top, tag=tag)) == scanned
    for item in [item for _add, item in steps]:
        assert changed.has(*item) == any(each[: len(item)] == item for each in changed.statements)


def test_values_are_those_of_the_named_leaf_alone() -> None:
    """Another leaf, a container and what lies deeper have none."""
    config = Config()
    config.add("interfaces", entry("interface", "ae0"), leaf("mtu", 9000))
    config.add("interfaces", entry("interface", "ae0"), "unit", leaf("mtu", 1500))
    config.add("interfaces", entry("interface", "ae0"), "disable")
    assert config.values("interfaces", entry("interface", "ae0"), "mtu") == ["9000"]
    assert config.values("interfaces", entry("interface", "ae0"), "disable") == []


def test_what_is_set_again_below_a_deleted_entry_stands_beside_it() -> None:
    """In the same element it would go with it."""
    port = ("interfaces", entry("interface", "ge-0/0/0"))
    written = to_xml([Operation("delete", path(*port)), Operation("set", path(*port, leaf("mtu", 9014)))])
    first, second = ElementTree.fromstring(written).findall("interfaces/interface")
    assert (first.get("delete"), first.find("mtu"), second.get("delete")) == ("delete", None, None)
    assert second.findtext("mtu") == "9014"
