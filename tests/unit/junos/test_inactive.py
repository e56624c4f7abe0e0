# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what becomes of inactive parts: activated where a value comes, never where that wakes what nobody declared."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.emit import config_set
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import (
    Config,
    from_xml,
)

from .builders import declared, made, settled, switch
from .test_lowering import FAMILY, VLANS, rules

INACTIVE = """set chassis aggregated-devices ethernet device-count 2
set interfaces ge-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 unit 0 family ethernet-switching
set interfaces ae1 mtu 9014
"""


def asleep(lines: str, *parts: str) -> Config:
    """Return a configuration with inactive parts, each a path as XML names it."""
    config = switch(lines)
    for part in parts:
        config.inactive.add(next(iter(from_xml(f"<configuration>{part}</configuration>").statements)))
    return config


MTU = "<interfaces><interface><name>ae1</name><mtu>9014</mtu></interface></interfaces>"
UNIT = "<interfaces><interface><name>ge-0/0/2</name></interface></interfaces>"
ONE = {"ae1": {"members": ["ge-0/0/1"], "lacp": "none"}}


def test_a_leaf_that_gets_a_value_and_is_inactive_is_activated():
    found = made(asleep(INACTIVE, MTU), declared(bundles={"ae1": {**ONE["ae1"], "payload_mtu": 2000}}), "els")
    assert found.commands == ["activate interfaces ae1 mtu", "set interfaces ae1 mtu 2014"]
    assert '<mtu active="active">2014</mtu>' in found.xml
    assert not found.written.inactive


def test_a_leaf_that_gets_the_value_that_it_has_and_is_inactive_is_activated():
    found = made(asleep(INACTIVE, MTU), declared(bundles={"ae1": {**ONE["ae1"], "payload_mtu": 9000}}), "els")
    assert found.commands == ["activate interfaces ae1 mtu"]


def test_an_inactive_leaf_that_nobody_declared_stays_as_it_is():
    found = made(asleep(INACTIVE, MTU), declared(bundles=ONE), "els")
    assert found.commands == []


def test_a_part_that_would_bring_undeclared_statements_to_life_is_refused_by_name():
    lines = f"{INACTIVE}set interfaces ge-0/0/2 ether-options no-auto-negotiation\nset interfaces ge-0/0/2 {FAMILY}\n"
    joins = {"ae1": {"members": ["ge-0/0/1", "ge-0/0/2"], "lacp": "none"}}
    found = made(asleep(lines, UNIT), declared(bundles=joins), "els")
    assert rules(found) == [("ge-0/0/2", "INACTIVE")]
    assert f"holds ether-options no-auto-negotiation, {FAMILY}" in found.findings[0].what


def test_a_bundle_that_goes_takes_its_inactive_parts_along():
    found = made(asleep(INACTIVE, MTU), declared(bundles=["ae1"], going=True), "els", "deleted")
    assert not any("ae1" in line for line in config_set(found.written))
    assert not found.written.inactive


def test_a_value_beside_an_inactive_one_of_the_same_list_is_refused():
    head = f"set interfaces ge-0/0/2 {FAMILY}"
    config = switch(f"{VLANS}{head} interface-mode trunk\n{head} vlan members v10")
    config.inactive = {item for item in config.statements if item[-1].value == "v10"}
    found = made(config, declared(ports={"ge-0/0/2": {"mode": "trunk", "tagged": ["v20"]}}), "els")
    assert rules(found) == [("ge-0/0/2", "INACTIVE")]
    assert found.findings[0].what == f"interfaces ge-0/0/2 {FAMILY} vlan members v10 is inactive"


def test_all_interfaces_inactive_at_once_are_refused_by_name():
    """Somebody said `deactivate interfaces`."""
    ports = "".join(f"set interfaces ge-0/0/{number} mtu 9014\n" for number in range(10, 20))
    config = asleep(f"{INACTIVE}{ports}", "<interfaces/>")
    found = made(config, declared(ports={"ge-0/0/2": {"description": "desk"}}), "els")
    assert rules(found) == [("interfaces", "INACTIVE")]
    assert "mtu 9014" in found.findings[0].what
    assert found.findings[0].what.endswith(" and 7 more")


def test_what_goes_as_a_whole_takes_its_inactive_parts_along_and_what_stays_keeps_them():
    lines = (
        f"set interfaces ge-0/0/2 {FAMILY} interface-mode access\nset interfaces ge-0/0/2 {FAMILY} vlan members v10\n"
    )
    config = switch(f"{lines}set interfaces ge-0/0/2 description x")
    for value in ("v10", "access"):
        config.inactive = {item for item in config.statements if item[-1].value == value}
        joins = made(config, declared(bundles=ONE_OF_2), "els")
        assert not any("unit 0" in line for line in config_set(joins.written) if "ge-0/0/2" in line)
    told = made(config, declared(ports={"ge-0/0/2": {"description": ""}}), "els")
    assert told.commands == ["delete interfaces ge-0/0/2 description"]


ONE_OF_2 = {"ae1": {"members": ["ge-0/0/2"], "lacp": "none"}}


AE3 = "<interfaces><interface><name>ae3</name></interface></interfaces>"
SLEEPING = f"""set chassis aggregated-devices ethernet device-count 8
set interfaces ge-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 {FAMILY}
set interfaces ae3 {FAMILY}
set interfaces ae3 mtu 9014
"""
ON_AE3 = "set interfaces ge-0/0/3 ether-options 802.3ad ae3\n"


def test_device_count_is_not_lowered_below_an_inactive_bundle_that_stays():
    found = made(asleep(SLEEPING, AE3), declared(bundles=ONE), "els", "overridden")
    assert found.commands == ["set chassis aggregated-devices ethernet device-count 4"]
    assert "ae3 is not declared and stays in the configuration, for it is inactive." in found.notes
    assert settled(found, declared(bundles=ONE), "overridden")


def test_an_inactive_bundle_does_not_raise_device_count():
    found = made(asleep(SLEEPING.replace("count 8", "count 2"), AE3), declared(bundles=ONE), "els", "overridden")
    assert found.commands == []


def test_members_of_an_undeclared_inactive_bundle_leave_it_and_its_stanza_stays():
    found = made(asleep(SLEEPING + ON_AE3, AE3), declared(bundles=ONE), "els", "overridden")
    assert found.commands == [
        "delete interfaces ge-0/0/3",
        "set chassis aggregated-devices ethernet device-count 4",
    ]


def test_deleted_takes_an_inactive_bundle_along_with_its_members():
    gone = declared(bundles=["ae3"], going=True)
    for lines in (SLEEPING, SLEEPING + ON_AE3):
        found = made(asleep(lines, AE3), gone, "els", "deleted")
        assert "delete interfaces ae3" in found.commands
        assert not any("ae3" in line for line in config_set(found.written))
        assert found.notes == ["ae3 is inactive in the configuration, and goes with all that is in it."]
        assert settled(found, gone, "deleted")


def test_deleted_leaves_the_inactive_stanza_of_a_port_alone():
    lines = f"{SLEEPING}set interfaces ge-0/0/2 description x\n"
    found = made(asleep(lines, UNIT, AE3), declared(ports=["ge-0/0/2"], going=True), "els", "deleted")
    assert found.commands == []
