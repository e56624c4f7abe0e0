# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves for each kind of change that a run limited to one end of a link loses no flow: it is done, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from runner.slices import everything

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import NEUTRAL
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind as Kind

from .labs import STYLES
from .pair_rows import BOTH_ENDS, NEVER, OF_THE_DEVICE, ROWS
from .pairs import CENTER, DONE, HOSTS, NO_WAY, NOTHING, REFUSED, Estate, Row, Watched

ENDS = ("switch", "host")
SLICE = {
    **{("els", "switch", result): {row.name for row in ROWS} for result in (DONE, REFUSED)},
    ("nonels", "host", DONE): {"vlan-added", "mtu-lowered", "balancing"},
    ("nonels", "host", REFUSED): {"vlan-id", "group-vlan"},
}
"""The rows that are run each time: all with the switch alone, which share two runs, and some with the host alone."""
REST = pytest.mark.all_only("a run has every kind with one style and the switch alone, and some with the host alone")


def in_slice(row: Row, style: str, end: str) -> bool:
    return row.name in SLICE.get((style, end, row.expected(end)), ())


CASES = [
    pytest.param(row, style, end, id=f"{row.name}-{style}-{end}", marks=() if in_slice(row, style, end) else REST)
    for row in ROWS
    for style in STYLES
    for end in ENDS
    if row.expected(end)
]


@dataclass
class Outcome:
    """What a run did with the links of its rows."""

    estate: Estate
    code: int
    told: str
    lost: dict[str, str]
    looks: int
    before: dict[str, Any]
    after: dict[str, Any]
    planned: dict[str, set[Kind]]
    left: dict[str, set[Kind]]
    of_the_switch: set[Kind]


@pytest.fixture(scope="module")
def devices() -> Any:
    """Return the simulated switches and hosts."""
    for package in ("asyncssh", "lxml", "jnpr.junos", "pyVmomi"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from kinds.esxi_vss.client import Simulator as Hosts
    from kinds.junos_ex.client import Simulator as Switches

    with Switches(STYLES) as switches, Hosts(dict.fromkeys(HOSTS, 3), {CENTER: "+".join(HOSTS)}) as hosts:
        yield switches, hosts


@pytest.fixture(scope="module")
def outcomes(devices, tmp_path_factory) -> Any:
    """Return what runs site.yml once for all rows with one style, one end in the run and one result."""
    known: dict[tuple[str, str, str], Outcome] = {}

    def of(row: Row, style: str, end: str) -> Outcome:
        key = style, end, row.expected(end)
        if key not in known:
            rows = [
                each for each in ROWS if each.expected(end) == key[2] and (everything() or in_slice(each, style, end))
            ]
            folder = tmp_path_factory.mktemp("-".join(key).replace(" ", "_"))
            known[key] = run(Estate(*devices, style, rows, folder), end)
        return known[key]

    return of


def run(estate: Estate, end: str) -> Outcome:
    estate.begin()
    planned, of_the_switch = estate.kinds()
    with estate.cabled() as fabric:
        watched = Watched(fabric)
        assert watched.look() == {}
        before = estate.state()
        with watched:
            done = estate.play(end)
        assert watched.look() == {}
    left, _of_the_switch = estate.kinds()
    told = done.stdout + done.stderr
    return Outcome(
        estate, done.returncode, told, watched.lost, watched.asked, before, estate.state(), planned, left, of_the_switch
    )


@pytest.mark.parametrize(("row", "style", "end"), CASES)
def test_one_end_alone_is_changed_without_losing_a_flow_or_refused_with_the_others_name(
    outcomes: Callable[..., Outcome], row, style, end
):
    found = outcomes(row, style, end)
    expected, far = row.expected(end), found.estate.far(row)
    assert row.kind in found.planned[row.name]
    assert found.looks
    assert {far, row.name} & found.lost.keys() == set(), found.lost
    assert found.code == (0 if expected in (DONE, NOTHING) else 2), found.told
    if expected == DONE:
        assert found.left[row.name] == set(), found.told
    else:
        assert found.after == found.before
    if expected == REFUSED:
        assert refusal(found, row, end)
    if expected == NO_WAY:
        assert re.search(rf"fatal: \[{far}\].*{row.name}: ", found.told), found.told


@pytest.mark.parametrize("style", ["nonels", pytest.param("els", marks=REST)])
def test_a_bundle_gets_its_vlans_at_once_when_both_of_its_ends_change(devices, tmp_path, style):
    found = run(Estate(*devices, style, [BOTH_ENDS], tmp_path), "both")
    assert (found.code, found.lost) == (0, {}), found.told
    assert (found.left[BOTH_ENDS.name], found.after == found.before) == (set(), False)


def refusal(found: Outcome, row: Row, end: str) -> bool:
    """Tell whether the run names the end that is missing, and the change that is not neutral with its reason."""
    style, far = found.estate.style, found.estate.far(row)
    here, missing = (far, style) if row.side == "host" else (style, far if end == "switch" else style)
    who = f"{here} itself" if missing == here else f"its other end {missing}"
    if row.to == "via":
        who = f"{CENTER}, by which {who} is changed,"
    told = [
        found.told.partition(f"{link} changes at {here}, and {who} is not in this run")[2].partition("Both ends")[0]
        for link in found.estate.links(row)
    ]
    return all(NEUTRAL[row.kind, row.side].why in each and row.kind.value.replace("_", " ") in each for each in told)


def test_each_kind_of_change_has_a_row_or_the_reason_why_no_site_makes_it():
    rows = {(row.kind, row.side) for row in ROWS}
    assert not rows & NEVER.keys()
    assert rows | NEVER.keys() | OF_THE_DEVICE.keys() == NEUTRAL.keys()
    assert all(NEVER.values())


def test_what_a_row_does_with_the_switch_alone_is_what_the_table_says():
    for row in ROWS:
        alone = row.with_switch if row.side == "switch" else row.with_host
        assert alone == (DONE if NEUTRAL[row.kind, row.side].yes else REFUSED), row.name


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for (kind, _side), name in OF_THE_DEVICE.items()])
def test_a_kind_that_is_of_the_switch_as_a_whole_is_made_by_its_row(outcomes, kind, name):
    row = next(each for each in ROWS if each.name == name)
    assert kind in outcomes(row, "els", "switch").of_the_switch
