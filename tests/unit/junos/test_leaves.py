# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of a bundle that is one statement is documented, validated, rendered, read back, verified and reported."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.modules import junos_lag
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.aggregation import BY_KEY

from .builders import STYLES, declared, made, settled, switch

CASES = {  # key: (a value, its statement below aggregated-ether-options, a value that is refused)
    "periodic": ("slow", "lacp periodic slow", "medium"),
    "system_priority": (4096, "lacp system-priority 4096", 65536),
    "minimum_links": (1, "minimum-links 1", 65),
    "link_speed": ("1g", "link-speed 1g", "1t"),
}
SETTING = "set interfaces ae0 aggregated-ether-options"
BUNDLE = {"members": ["ge-0/0/0"], "lacp": "active"}
AS_DECLARED = f"""set chassis aggregated-devices ethernet device-count 1
set interfaces ge-0/0/0 ether-options 802.3ad ae0
{SETTING} lacp active
set interfaces ae0 unit 0 family ethernet-switching
"""

each_key = pytest.mark.parametrize("key", BY_KEY)
each_style = pytest.mark.parametrize("style", STYLES)


def asked(key=None, value=None, **more):
    given = {} if key is None else {key: value}
    return declared(bundles={"ae0": {**BUNDLE, **given, **more}})


def test_every_key_has_a_case():
    assert set(CASES) == set(BY_KEY)


@each_key
def test_it_is_documented(key):
    keys = " ".join(yaml.safe_load(junos_lag.DOCUMENTATION)["options"]["bundles"]["description"])
    assert f"C({key})" in keys


@each_key
def test_another_value_is_refused_with_the_key(key):
    _declared, findings = declaration.read(None, {"ae0": {**BUNDLE, key: CASES[key][2]}}, None)
    assert [(each.where, each.what.split()[0]) for each in findings] == [("bundles.ae0", key)]


@each_key
@each_style
def test_it_is_rendered_and_read_back_and_a_second_run_changes_nothing(key, style):
    value, line, _wrong = CASES[key]
    wanted = asked(key, value)
    result = made(switch(style=style), wanted, style)
    assert f"{SETTING} {line}" in result.commands
    assert result.structures()[1]["bundles"]["ae0"][key] == value
    assert settled(result, wanted)


@each_key
@each_style
def test_a_switch_without_it_is_not_as_declared_and_nothing_else_changes(key, style):
    value, line, _wrong = CASES[key]
    result = made(switch(AS_DECLARED, style), asked(key, value), style)
    assert result.commands == [f"{SETTING} {line}"]
    assert [(change.object, change.after) for change in result.changes] == [("ae0", value)]


@each_key
@each_style
def test_the_plan_says_what_it_is_that_changes(key, style):
    (change,) = made(switch(AS_DECLARED, style), asked(key, CASES[key][0]), style).changes
    assert str(change).split(": ")[1] != "other"


@each_key
@each_style
def test_replaced_takes_away_what_always_had_a_key_and_leaves_what_came_later(key, style):
    result = made(switch(f"{AS_DECLARED}{SETTING} {CASES[key][1]}\n", style), asked(), style, "replaced")
    assert result.changed is BY_KEY[key].goes


@pytest.mark.parametrize("key", [key for key, leaf in BY_KEY.items() if leaf.of_lacp])
def test_what_is_of_lacp_is_refused_at_a_static_bundle(key):
    _declared, findings = declaration.read(None, {"ae0": {**BUNDLE, "lacp": "none", key: CASES[key][0]}}, None)
    assert [each.rule for each in findings] == [f"{key.upper()}_STATIC"]
