# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that members are disabled and enabled exactly where it is said, and nowhere else."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import gather
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import verify

from .builders import GOLDEN, STYLES, declared, made, settled, switch

TWO = ["ge-0/0/1", "ge-0/0/2"]
OFF = "set interfaces ge-0/0/1 disable"


def bundle(**changed):
    return declared({"server": {"id": 10}}, {"ae0": {"members": TWO, "lacp": "none", "tagged": ["server"], **changed}})


def applied(wanted, style="nonels", state="merged", before=""):
    return made(switch(before, style), wanted, style, state)


@pytest.mark.parametrize("style", STYLES)
def test_a_disabled_member_is_rendered_as_its_golden_file_says(style, golden):
    wanted = bundle(disabled_members=["ge-0/0/1"])
    result = applied(wanted, style)
    golden(GOLDEN / f"disabled_member.{style}.set", "".join(line + "\n" for line in result.commands))
    golden(GOLDEN / f"disabled_member.{style}.xml", result.xml)
    assert settled(result, wanted)


@pytest.mark.parametrize("state", ["merged", "replaced"])
def test_the_members_that_are_not_named_are_enabled(state):
    result = applied(bundle(disabled_members=["ge-0/0/2"]), state=state, before=OFF)
    assert "delete interfaces ge-0/0/1 disable" in result.commands
    assert "set interfaces ge-0/0/2 disable" in result.commands


@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
def test_where_it_is_not_said_a_disable_stays_and_the_verification_sees_it(state):
    result = applied(bundle(), state=state, before=OFF)
    assert not any("disable" in line for line in result.commands)
    assert result.notes == ["ge-0/0/1 is disabled by hand in the configuration, and stays so."]
    state_of = verify.Links({"ae0": ("up", "up"), TWO[0]: ("down", "down"), TWO[1]: ("up", "up")}, {TWO[1]: "ae0"})
    (seen,) = verify.judge(result.expected, state_of, {})
    assert (str(seen), seen.objects, seen.good) == ("ae0: ge-0/0/1: the link is disabled and down.", ("ae0",), False)


def test_the_verification_does_not_demand_a_member_that_is_to_be_disabled():
    result = applied(bundle(disabled_members=["ge-0/0/1"]))
    state = verify.Links({"ae0": ("up", "up"), TWO[0]: ("down", "down"), TWO[1]: ("up", "up")}, {TWO[1]: "ae0"})
    assert verify.judge(result.expected, state, {}) == []
    assert verify.judge(result.expected_of(["ae0"]), state, {}) == []
    assert result.notes == []


def test_a_plain_port_is_disabled_and_enabled_where_it_is_said():
    def port(**changed):
        return declared({"server": {"id": 10}}, None, {"ge-0/0/1": {"untagged": "server", **changed}})

    assert OFF in applied(port(disabled=True)).commands
    assert "delete interfaces ge-0/0/1 disable" in applied(port(disabled=False), before=OFF).commands
    assert not any("disable" in line for line in applied(port(), before=OFF).commands)


@pytest.mark.parametrize("style", STYLES)
def test_what_is_disabled_is_gathered_in_the_same_words(style):
    result = applied(bundle(disabled_members=["ge-0/0/1"]), style)
    found = gather.structured(result.after, style)
    assert found["bundles"]["ae0"]["disabled_members"] == ["ge-0/0/1"]
    again = declared(found["vlans"], found["bundles"])
    assert not made(result.after, again, style, "replaced").changed
