# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what takes effect of a configuration: ranges and groups in their places, and which group gave what."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import ranges, setform, views
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import config_set, words
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import (
    Config,
    from_xml,
)

DESKS = """set interfaces interface-range desks member ge-0/0/1
set interfaces interface-range desks member-range ge-0/0/3 to ge-0/0/4
set interfaces interface-range desks mtu 9014
set interfaces interface-range desks unit 0 family ethernet-switching vlan members v10
"""
MEMBERS = "unit 0 family ethernet-switching vlan members"


def text(lines: str) -> Config:
    return setform.from_set(lines.splitlines())


def effect(lines: str) -> list[str]:
    return sorted(line.removeprefix("set interfaces ") for line in config_set(views.offline(text(lines)).inherited))


def xml(body: str) -> ElementTree.Element:
    mark = 'xmlns:junos="http://xml.juniper.net/junos/15.1R7/junos"'
    return ElementTree.fromstring(f"<rpc-reply {mark}><configuration>{body}</configuration></rpc-reply>")


def test_a_range_gives_its_statements_to_each_of_its_ports():
    expected = [
        f"{port} {line}" for port in ("ge-0/0/1", "ge-0/0/3", "ge-0/0/4") for line in ("mtu 9014", f"{MEMBERS} v10")
    ]
    assert effect(DESKS) == expected


def test_what_a_port_says_itself_wins_and_an_empty_container_beside_a_full_one_is_none():
    own = "set interfaces ge-0/0/1 mtu 1514\nset interfaces ge-0/0/1 unit 0 family ethernet-switching\n"
    assert [line for line in effect(DESKS + own) if line.startswith("ge-0/0/1 ")] == [
        "ge-0/0/1 mtu 1514",
        f"ge-0/0/1 {MEMBERS} v10",
    ]


def test_of_two_ranges_over_a_port_the_first_has_priority():
    other = "set interfaces interface-range more member ge-0/0/1\nset interfaces interface-range more mtu 1514\n"
    assert "ge-0/0/1 mtu 9014" in effect(DESKS + other)
    assert "ge-0/0/1 mtu 1514" in effect(other + DESKS)


def test_of_a_port_and_its_range_an_exclusive_word_is_taken_once():
    lacp = "aggregated-ether-options lacp"
    lines = f"set interfaces interface-range x member ae0\nset interfaces interface-range x {lacp} active\n"
    assert effect(f"{lines}set interfaces ae0 {lacp} passive") == [f"ae0 {lacp} passive"]


@pytest.mark.parametrize(
    "off", ["interface-range desks", "interface-range desks mtu 9014", "interface-range desks member ge-0/0/1"]
)
def test_what_is_inactive_in_a_range_is_not_given(off):
    config = text(DESKS)
    config.inactive = {next(iter(text(f"set interfaces {off}").statements))}
    given = views.offline(config).inherited.statements
    assert not any(words(item) == "interfaces ge-0/0/1 mtu 9014" for item in given)


def test_a_list_both_in_a_port_and_in_its_range_is_refused_for_releases_differ():
    with pytest.raises(RefusalError) as caught:
        effect(f"{DESKS}set interfaces ge-0/0/1 {MEMBERS} v20")
    assert [(each.where, each.rule) for each in caught.value.findings] == [("ge-0/0/1", "RANGE_LEAF_LIST")]
    assert "interface-range desks" in caught.value.findings[0].what


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("<groups><name>LAG</name></groups>", "groups: LAG"),
        ("<apply-groups>LAG</apply-groups>", "apply-groups: LAG"),
        (
            "<vlans><vlan><name>v1</name><apply-groups-except>LAG</apply-groups-except></vlan></vlans>",
            "apply-groups-except: LAG",
        ),
    ],
)
def test_a_text_with_groups_is_refused_for_only_the_switch_can_tell(body, name):
    with pytest.raises(RefusalError) as caught:
        views.offline(from_xml(f"<configuration>{body}</configuration>"))
    (found,) = caught.value.findings
    assert (found.rule, found.what) == ("GROUP_INHERITED", name)


def test_where_a_range_is_named_as_an_interface_its_ports_are_named():
    lines = (
        DESKS + "set protocols rstp interface desks edge\nset vlans desks vlan-id 7\nset vlans v10 interface desks.0\n"
    )
    found = [line for line in config_set(views.offline(text(lines)).inherited) if not line.startswith("set interfaces")]
    assert sorted(found) == sorted(
        [
            "set vlans desks vlan-id 7",
            *(f"set protocols rstp interface {port} edge" for port in ("ge-0/0/1", "ge-0/0/3", "ge-0/0/4")),
            *(f"set vlans v10 interface {port}.0" for port in ("ge-0/0/1", "ge-0/0/3", "ge-0/0/4")),
        ]
    )


GROUPED = """<interfaces>
<interface><name>ae1</name><mtu junos:group="LAG">9216</mtu>
 <aggregated-ether-options junos:group="LAG"><lacp junos:group="LAG"><active junos:group="LAG"/></lacp>
 </aggregated-ether-options>
 <unit><name>0</name><family><inet/></family></unit></interface>
<interface junos:group="EDGE"><name junos:group="EDGE">ge-0/0/9</name><disable/>
 <mtu junos:group="LAG">9014</mtu></interface>
</interfaces>"""


def test_each_statement_that_a_group_gives_is_known_by_it():
    written = from_xml("<configuration><apply-groups>LAG</apply-groups></configuration>")
    found = views.of_effect(written, xml(GROUPED))
    assert {words(item): group for item, group in found.groups.items()} == {
        "interfaces ae1 mtu 9216": "LAG",
        "interfaces ae1 aggregated-ether-options lacp active": "LAG",
        "interfaces ge-0/0/9 disable": "EDGE",
        "interfaces ge-0/0/9 mtu 9014": "LAG",
    }
    assert len(found.inherited.statements) == 5


def test_the_second_view_is_asked_for_only_where_it_is_another():
    asked = []

    def inherited():
        asked.append(True)
        return xml(GROUPED)

    plain = views.of_elements(xml("<vlans><vlan><name>v1</name></vlan></vlans>"), inherited)
    assert plain.inherited.statements.keys() == plain.written.statements.keys()
    assert not asked
    for tag in ("groups", "interfaces"):
        inner = "<name>x</name>" if tag == "groups" else "<interface-range><name>x</name></interface-range>"
        assert views.of_elements(xml(f"<{tag}>{inner}</{tag}>"), inherited).inherited.statements
    assert len(asked) == 2


def test_what_an_inherited_view_shows_as_inactive_does_not_take_effect():
    shown = '<interfaces><interface inactive="inactive"><name>ae1</name><mtu>9216</mtu></interface></interfaces>'
    written = from_xml("<configuration><apply-groups>LAG</apply-groups></configuration>")
    assert not views.of_effect(written, xml(shown)).inherited.statements


def test_an_interface_and_its_unit_0_are_the_same_where_something_names_it():
    one, two = text("set protocols rstp interface ae0.0 edge"), text("set protocols rstp interface ae0 edge")
    assert views.differences(views.plain(one), two) == []
    assert [
        word for word, _item, _group in views.differences(views.plain(one), text("set protocols rstp interface ae1"))
    ] == [
        "have",
        "lack",
    ]


@pytest.mark.parametrize(
    ("first", "last", "inside", "outside"),
    [
        (
            "ge-0/0/10",
            "ge-1/0/47",
            ("ge-0/0/10", "ge-0/0/47", "ge-0/1/0", "ge-1/0/5"),
            ("ge-0/0/9", "xe-0/0/11", "ge-2/0/0"),
        ),
        ("et-1/0/0", "et-4/0/40", ("et-2/0/63", "et-4/0/40"), ("et-4/0/41", "et-0/0/1")),
        ("xe-0/0/48:1", "xe-0/0/49:2", ("xe-0/0/48:1", "xe-0/0/49:0"), ("xe-0/0/48:0", "xe-0/0/49:3")),
        ("xe-0/0/48", "xe-0/0/49", ("xe-0/0/48:0", "xe-0/0/49:3", "xe-0/0/49"), ("xe-0/0/50:0",)),
        ("ae2", "ae10", ("ae2", "ae9", "ae10"), ("ae1", "ae11")),
    ],
)
def test_a_member_range_runs_over_ports_pics_and_fpcs(first, last, inside, outside):
    assert [ranges.between(port, first, last) for port in (*inside, *outside)] == [True] * len(inside) + [False] * len(
        outside
    )


@pytest.mark.parametrize(
    ("pattern", "count", "one"),
    [
        ("ge-0/0/*", 48, "ge-0/0/47"),
        ("ge-[0-1]/0/[1,3]", 4, "ge-1/0/3"),
        ("xe-0/0/48:*", 4, "xe-0/0/48:3"),
        ("ae[5-6]", 2, "ae6"),
    ],
)
def test_a_pattern_stands_for_the_ports_that_junos_documents(pattern, count, one):
    config = text(f'set interfaces interface-range x member "{pattern}"')
    found = ranges.ports_of(config, "x")
    assert (len(found), one in found) == (count, True)
    assert all(ranges.holding(config, port) == [ranges.Membership("x", pattern)] for port in found)
    assert not any(ranges.holding(config, port) for port in ("ge-0/0/48", "ge-2/0/1", "xe-0/0/49:0", "ae7"))


def split(last: str, port: str, known: tuple[str, ...]) -> list[str]:
    """Return the ports that a member-range over two FPCs says when one has left it."""
    config = text(f"set interfaces interface-range desks member-range ge-0/0/10 to {last}")
    ranges.leave(config, port, "desks", known)
    head = "set interfaces interface-range desks member"
    lines = [line.removeprefix(head) for line in sorted(config_set(config))]
    assert all(line.startswith("-range " if " to " in line else " ") for line in lines)
    return sorted(line.removeprefix("-range").strip() for line in lines)


@pytest.mark.parametrize(
    ("port", "known", "left"),
    [
        ("ge-1/0/0", (), ["ge-0/0/10 to ge-0/0/47", "ge-1/0/1 to ge-1/0/47"]),
        ("ge-1/0/0", ("ge-0/1/3",), ["ge-0/0/10 to ge-0/1/3", "ge-1/0/1 to ge-1/0/47"]),
        ("ge-0/0/10", (), ["ge-0/0/11 to ge-1/0/47"]),
        ("ge-1/0/47", (), ["ge-0/0/10 to ge-1/0/46"]),
        ("ge-1/0/46", (), ["ge-0/0/10 to ge-1/0/45", "ge-1/0/47"]),
    ],
)
def test_a_member_range_over_fpcs_is_split_around_a_port(port, known, left):
    assert split("ge-1/0/47", port, known) == left


@pytest.mark.parametrize(
    ("port", "known", "left"),
    [
        ("ge-1/0/0", ("ge-0/0/23", "ge-1/0/0", "ge-1/0/23"), ["ge-0/0/10 to ge-0/0/23", "ge-1/0/1 to ge-1/0/3"]),
        ("ge-0/0/23", ("ge-0/0/22", "ge-0/0/23"), ["ge-0/0/10 to ge-0/0/22", "ge-1/0/0 to ge-1/0/3"]),
        ("ge-1/0/2", (), ["ge-0/0/10 to ge-1/0/1", "ge-1/0/3"]),
    ],
)
def test_no_part_of_a_member_range_ends_at_a_port_that_its_pic_has_not(port, known, left):
    assert split("ge-1/0/3", port, known) == left


def test_the_ports_of_a_card_tell_its_last_one_only_where_the_card_is_there():
    """A switch shows of a card that is away what is named, here a stanza and a member-range within the card."""
    config = text(
        """set interfaces interface-range desks member-range ge-0/0/10 to ge-3/0/47
set interfaces interface-range few member-range ge-2/0/0 to ge-2/0/1
set interfaces interface-range few member ge-3/0/[7-8]
set interfaces ge-0/0/10 description x
set interfaces ge-1/0/5 description x"""
    )
    shown = ["ge-0/0/10", "ge-0/0/11", "ge-1/0/5", "ge-2/0/0", "ge-2/0/1", "ge-3/0/7", "ge-3/0/8"]
    assert ranges.there(config, shown) == ["ge-0/0/10", "ge-0/0/11"]


def test_a_member_range_of_channels_stands_for_channels():
    config = text("set interfaces interface-range desks member-range xe-0/0/48:2 to xe-0/0/49:3")
    channels = [f"xe-0/0/49:{number}" for number in range(4)]
    assert ranges.ports_of(config, "desks") == ["xe-0/0/48:2", "xe-0/0/48:3", *channels]
    ranges.leave(config, "xe-0/0/49:0", "desks")
    head = "set interfaces interface-range desks member-range"
    assert sorted(config_set(config)) == [f"{head} xe-0/0/48:2 to xe-0/0/48:3", f"{head} xe-0/0/49:1 to xe-0/0/49:3"]


def test_a_part_that_begins_where_another_member_range_does_keeps_the_later_end():
    head = "set interfaces interface-range desks member-range"
    config = text(f"{head} ge-0/0/2 to ge-0/0/9\n{head} ge-0/0/1 to ge-0/0/5")
    ranges.leave(config, "ge-0/0/2", "desks")
    assert sorted(config_set(config)) == [
        "set interfaces interface-range desks member ge-0/0/1",
        f"{head} ge-0/0/3 to ge-0/0/9",
    ]


def test_ports_that_the_switch_does_not_show_have_what_their_ranges_say_if_they_are_declared():
    written = text(f"{DESKS}set protocols rstp interface desks edge\nset interfaces ge-0/0/1 description own")
    edge = "<protocols><rstp><interface><name>desks</name><edge/></interface></rstp></protocols>"
    shown = "<interfaces><interface><name>ge-0/0/1</name><mtu>1</mtu></interface></interfaces>"
    seen = views.of_effect(written, xml(edge + shown))
    found = views.with_absent(seen, ["ge-0/0/1", "ge-0/0/3", "ge-0/0/9"])
    added = [words(item) for item in found.inherited.statements if item not in seen.inherited.statements]
    assert added == ["interfaces ge-0/0/3 mtu 9014", f"interfaces ge-0/0/3 {MEMBERS} v10"]
    assert found.interfaces == {"ge-0/0/1"}
    assert views.with_absent(seen, ["ge-0/0/9"]) is seen


def test_a_container_that_inactive_parts_leave_empty_is_there_and_no_difference_to_a_full_one():
    config = text("set interfaces ae1 unit 0 family ethernet-switching vlan members v10\nset interfaces ae2 mtu 1514")
    config.inactive = set(config.statements)
    (left,) = [item for item in config.active().statements if len(item) > 2]
    assert words(left) == "interfaces ae1 unit 0 family ethernet-switching vlan"
    full = text("set interfaces ae1 unit 0 family ethernet-switching vlan members v20")
    hollow = views.differences(views.Views(full, full), config.active())
    assert [(word, words(item)) for word, item, _group in hollow] == [
        ("have", "interfaces ae1 unit 0 family ethernet-switching vlan members v20")
    ]
