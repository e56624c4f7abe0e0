# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the report joins what the hosts say, keeps the parts of other runs, and escapes what it shows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import page, store

SHOP = {
    "name": "shop",
    "vip": "10.0.30.5",
    "port": 443,
    "scheme": "https",
    "server_names": ["shop.test"],
    "backends": [{"name": "web1", "address": "10.0.30.11"}],
}


def link(name, **changed):
    return {
        **{"link": name, "bundle": "lacp", "lag": "ae0", "ports": ["ge-0/0/0", "ge-0/0/1"], "mtu": 1500},
        **{"peer": "lb1", "peer_kind": "linux", "peer_lag": "bond0", "peer_ports": ["ens1", "ens2"]},
        **{"vlans": {"untagged": None, "tagged": ["front"]}, "provisioned": False, "host": "ex1"},
        **{"verified": [], "failures": [], "unverified": [], "address_pairs": [], **changed},
    }


def shown(name, **changed):
    """Return a link as a part of the report has it, with what was seen of its end."""
    found = link(name, **changed)
    return {"end": {"host": found["host"], "state": "verified", "by": found["host"], "why": []}, **found}


def part(**changed):
    names = ("changes", "diffs", "failures", "links", "notes", "probes", "services", "unjudged", "unverified", "waived")
    lists = {name: [] for name in (*names, "warnings")}
    return {**lists, "run": "r1", "time": "2026-11-21 10:00 UTC", "paths": {}, "vips": {}, **changed}


def test_a_service_is_drawn_once_with_both_nodes_and_its_holder_marked():
    parts = {
        "lb1": part(services=[SHOP], vips={"10.0.30.5": {"local": True, "others": []}}),
        "lb2": part(services=[SHOP], vips={"10.0.30.5": {"local": False, "others": ["aa:bb"]}}),
    }
    assert page.services(parts)["shop"]["nodes"] == {"lb1": ["10.0.30.5"], "lb2": []}
    text = page.render(parts)
    assert text.count("Service shop") == 1
    assert text.count(", holds 10.0.30.5") == 1


def test_what_a_probe_verified_and_what_not_is_told_once_though_both_nodes_probe():
    probe = {
        "name": "shop",
        "url": "https://10.0.30.5",
        "verified": ["GET / gives 200"],
        "failures": [],
        "unverified": ["w"],
    }
    text = page.render({host: part(services=[SHOP], probes=[probe]) for host in ("lb1", "lb2")})
    assert text.count("https://10.0.30.5: GET / gives 200") == 1
    assert text.count("not verified: https://10.0.30.5: w") == 1


@pytest.mark.parametrize(
    ("changed", "word"),
    [({}, "verified"), ({"unverified": ["x"]}, "incomplete"), ({"unverified": ["x"], "failures": ["y"]}, "failed")],
)
def test_the_verdict_is_that_of_the_worst_host(changed, word):
    parts = {"lb1": part(), "lb2": part(**changed)}
    assert page.verdict(parts, {}) == word
    assert f'class="verdict {word}"' in page.render(parts)


@pytest.mark.parametrize("bad", [{"failures": ["<script>alert(1)</script>"]}, {"links": [shown("<script>")]}])
def test_what_a_device_says_is_escaped(bad):
    assert "<script>" not in page.render({"lb1": part(**bad)})


def test_writing_one_host_keeps_the_part_of_another(tmp_path):
    store.write(tmp_path, "lb1", part(warnings=["old"]))
    shown = store.write(tmp_path, "lb2", part(warnings=["new"])).page.read_text()
    assert "old" in shown
    assert "new" in shown
    assert set(json.loads((tmp_path / "report.json").read_text())["hosts"]) == {"lb1", "lb2"}


def test_a_part_of_another_release_does_not_break_the_page(tmp_path):
    store.write(tmp_path, "lb1", part())
    (tmp_path / "hosts" / "old.json").write_text('{"format": 0, "run": "r0"}')
    assert "r0" not in store.write(tmp_path, "lb1", part()).page.read_text()


def test_hosts_that_write_at_the_same_time_all_end_in_the_page(tmp_path):
    names = [f"host{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.write(tmp_path, name, part()), names))
    shown = (tmp_path / "index.html").read_text()
    assert all(f"<td>{name}</td>" in shown for name in names)
