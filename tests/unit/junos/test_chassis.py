# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves how members of a virtual chassis and line cards are read, and what they say of a port."""

from __future__ import annotations

import pytest
from lxml import etree

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import chassis
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.chassis import Member

MEMBER = """<member><member-status>
{}
</member-status><member-id>
{}
</member-id>{}<member-model>{}</member-model></member>"""
SLOT = "<fpc-slot>\n(FPC {})\n</fpc-slot>"


class Replies:
    """A session of which nothing is there but its replies."""

    def __init__(self, members: str = "", cards: str = "") -> None:
        self.texts = {"get_virtual_chassis_information": members, "get_fpc_information": cards}

    def read(self, name: str):
        return etree.fromstring(f"<reply xmlns='http://xml.juniper.net/junos/15.1R7/x'>{self.texts[name]}</reply>")


def test_a_member_is_named_by_its_slot_by_its_range_of_slots_or_by_its_number():
    several = MEMBER.format("Prsnt", 1, SLOT.format("16-31"), "ex8208")
    text = MEMBER.format("NotPrsnt", 2, "", "ex4200-48t") + several + MEMBER.format("Prsnt", 0, SLOT.format(0), "")
    found = chassis.read(Replies(text))
    assert found == [Member(0, 0, "Prsnt"), Member(2, 2, "NotPrsnt", "ex4200-48t"), Member(16, 31, "Prsnt", "ex8208")]
    assert chassis.reason(found, "ge-20/0/1") is None
    assert chassis.reason(found, "ge-1/0/1").text == "it has no member (FPC) 1; present are 0, 16-31"


def test_a_slot_without_a_line_card_is_none():
    cards = "".join(
        f"<fpc><slot>{slot}</slot><state>{state}</state></fpc>"
        for slot, state in enumerate(["Online", "Empty", "Offline"])
    )
    found = chassis.read(Replies(cards=cards))
    assert found == [Member(0, 0, "Online"), Member(2, 2, "Offline")]
    assert [chassis.reason(found, f"ge-{slot}/0/1") for slot in range(3)] == [
        None,
        chassis.Reason("it has no member (FPC) 1; present are 0", sure=False),
        chassis.Reason("its member (FPC) 2 is Offline; present are 0", sure=False),
    ]


@pytest.mark.parametrize("port", ["ge-0/0/1", "ge-9/0/1", "vme"])
def test_nothing_is_said_of_a_port_where_the_switch_tells_nothing(port):
    assert chassis.read(Replies()) == []
    assert chassis.reason([], port) is None
