# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the benchmarks measure sites that the rules accept, and what their figures are made of."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import data_path
import failover
import junos_fleet
import metering
import tier


@pytest.fixture
def site():
    return yaml.safe_load((tier.INVENTORY / "stack.yml").read_text())


def findings(site, folder):
    (folder / "stack.yml").write_text(yaml.safe_dump(site))
    return [str(finding) for finding in load(folder / "stack.yml", folder).errors]


def test_the_chains_of_the_data_path_are_a_site_without_errors(site, tmp_path):
    data_path.services(site)
    assert findings(site, tmp_path) == []
    assert {service["vip"] for service in site["services"].values()} == {chain.vip for chain in data_path.CHAINS}


@pytest.mark.parametrize(
    ("release", "services"), [("debian12", {"shop", "api"}), ("debian13", {"shop", "api", "portal"})]
)
def test_pound_is_left_out_where_a_release_has_none(site, tmp_path, release, services):
    tier.lean(site)
    failover.adapt(site, "tuned", release)
    assert findings(site, tmp_path) == []
    assert set(site["services"]) == services


def test_the_processor_time_is_that_of_a_process_whatever_its_name():
    tick = 1 / metering._TICK
    assert metering.named("7 (a) b (c) S 1 7 7 0 -1 0 1 2 3 4 150 50 9 9 20 0") == ("a) b (c", 200 * tick)


def test_a_ratio_is_that_of_the_medians():
    names = [chain.name for chain in data_path.CHAINS]
    kept = {name: [10.0 * number, 20.0 * number, 90.0] for number, name in enumerate(names, 1)}
    assert "| Pound -> HAProxy | 80 (40..90) | 4.0 |" in data_path.table({"keepalive": kept, "fresh": kept})


def test_a_row_of_the_fleet_is_that_of_the_medians_and_wrong_where_one_round_is():
    rows = [junos_fleet.Row("ours", 20, 10, *[float(number)] * 5, "replay", 1.0) for number in (9, 1, 4)]
    assert junos_fleet.middle(rows) == rows[2]
    rows[1] = dataclasses.replace(rows[1], wrong="ex0 lacks ae1")
    assert junos_fleet.middle(rows).wrong == "ex0 lacks ae1"
