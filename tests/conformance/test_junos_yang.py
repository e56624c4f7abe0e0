# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that whatever the renderer writes for any declaration is valid under Juniper's own YANG, for both styles."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from runner.slices import whole_or_slice

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import (
    emit,
    gather,
    setform,
    views,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import Config
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.model import LINK_SPEEDS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import plan

from . import yang

pytestmark = pytest.mark.skipif(bool(yang.missing()), reason=yang.missing())

VLANS = {"server": {"id": 10}, "nfs": {"id": 20, "description": "a b"}, "vmotion": {"id": 4094}, "dmz": {"id": 1}}
PORTS = [f"ge-{fpc}/0/{port}" for fpc in (0, 1) for port in range(8)]
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
L2 = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["access", "trunk"]),
        "untagged": st.sampled_from(["", *VLANS, 10, "4094"]),
        "tagged": st.lists(st.sampled_from([*VLANS, 20]), max_size=3),
        "payload_mtu": st.integers(256, 9198),
        "description": TEXT,
        "peer": st.sampled_from(["host", "esxi_vss", "switch", "external"]),
    },
)
BUNDLE = st.fixed_dictionaries(
    {"lacp": st.sampled_from(["active", "passive", "none"]), "size": st.integers(1, 4)},
    optional={
        "periodic": st.sampled_from(["slow", "fast"]),
        "minimum_links": st.integers(1, 4),
        "link_speed": st.sampled_from([speed for speed in LINK_SPEEDS if speed != "400g"]),
    },
)


@st.composite
def declarations(draw):
    """Draw any bundles and ports; ports are dealt out, so that none is in two places."""
    free = list(PORTS)
    bundles = {}
    indexes = draw(st.lists(st.integers(0, 127), max_size=3, unique=True))
    for index in indexes:
        bundle = {**draw(BUNDLE), **draw(L2)}
        size = bundle.pop("size")
        bundle["members"] = [free.pop() for _port in range(size)]
        bundles[f"ae{index}"] = bundle
    ports = {port: draw(L2) for port in free[: draw(st.integers(0, 2))]}
    return bundles, ports


def _accepted(drawn) -> object:
    declared, findings = declaration.read(VLANS, *drawn)
    assume(not findings)
    return declared


@pytest.mark.parametrize("release", yang.RELEASES)
@pytest.mark.parametrize("style", ["els", "nonels"])
def test_a_known_good_file_is_valid_and_each_known_bad_one_is_refused(release, style):
    samples = yang.folder() / "samples"
    assert not yang.refused(release, style, (samples / f"{style}-good.xml").read_bytes())
    bad = sorted(samples.glob("els-bad-*.xml"))
    assert bad
    assert [file.name for file in bad if not yang.refused(release, "els", file.read_bytes())] == []


@pytest.mark.parametrize("style", ["els", "nonels"])
@settings(
    max_examples=whole_or_slice(25, 8, reason="more configurations are drawn"),
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(drawn=declarations())
def test_every_rendered_configuration_is_valid_under_junipers_yang(style, drawn):
    declared = _accepted(drawn)
    made = plan.make(views.offline(Config()), declared, "merged", style, stp="rstp")
    assume(not made.findings)
    release = yang.RELEASES[len(made.commands) % 2]
    assert not yang.refused(release, style, emit.config_xml(made.written)), "\n".join(made.commands)


@pytest.mark.parametrize("style", ["els", "nonels"])
@settings(
    max_examples=whole_or_slice(15, 5, reason="more configurations are drawn"),
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(first=declarations(), second=declarations(), state=st.sampled_from(["merged", "replaced", "overridden"]))
def test_a_change_of_one_configuration_into_another_is_valid_and_settles(style, first, second, state):
    one, two = _accepted(first), _accepted(second)
    before = plan.make(views.offline(Config()), one, "merged", style, stp="rstp")
    assume(not before.findings)
    made = plan.make(views.offline(before.written), two, state, style, stp="rstp")
    assume(not made.findings)
    assert not yang.refused(yang.RELEASES[len(made.commands) % 2], style, emit.config_xml(made.written))
    assert not plan.make(views.offline(made.written), two, state, style, stp="rstp").changed


RANGE = "interfaces interface-range desks"


@pytest.mark.parametrize("style", ["els", "nonels"])
@pytest.mark.parametrize("release", yang.RELEASES)
@pytest.mark.parametrize(
    "held", ["member ge-0/0/1", "member-range ge-0/0/0 to ge-0/0/1", "member-range ge-0/0/1 to ge-0/0/9"]
)
def test_a_range_that_a_member_link_left_is_valid(release, style, held):
    lines = [f"set {RANGE} mtu 9014", f"set {RANGE} member ge-0/0/20", f"set {RANGE} {held}"]
    declared, _findings = declaration.read(None, {"ae0": {"members": ["ge-0/0/1"], "lacp": "active"}}, None)
    made = plan.make(views.offline(setform.from_set(lines)), declared, "merged", style)
    assert "ge-0/0/1" not in " ".join(line for line in emit.config_set(made.written) if "range" in line).split()
    assert not yang.refused(release, style, emit.config_xml(made.written))


@pytest.mark.parametrize("style", ["els", "nonels"])
@settings(
    max_examples=whole_or_slice(25, 8, reason="more configurations are drawn"),
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(drawn=declarations())
def test_what_is_gathered_from_a_switch_declares_that_switch(style, drawn):
    declared = _accepted(drawn)
    made = plan.make(views.offline(Config()), declared, "merged", style, stp="rstp")
    assume(not made.findings)
    again, findings = declaration.read(**gather.structured(made.after, style))
    assert not findings
    assert not plan.make(views.offline(made.written), again, "replaced", style, stp="rstp").changed
