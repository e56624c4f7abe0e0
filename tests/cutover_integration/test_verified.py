# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that an end of a link is called verified only by a look of this run, and who else has to act is told."""

from __future__ import annotations

import json

from .labs import Pair
from .test_site import play_site

SITE = {
    "plugin": "netstack.datacenter.stack",
    "vlans": {"server": {"id": 30, "subnet": "203.0.113.0/24"}},
    "devices": {
        "nonels": {"kind": "junos_ex", "model": "ex4200-48t"},
        "srv2": {
            **{"kind": "linux", "provision_links": True, "management_vlan": "server"},
            "networks": {"server": {"interface": "bond0", "address": "203.0.113.32"}},
        },
    },
    "links": {
        "srv2": {
            **{"bundle": "lacp", "vlans": {"untagged": "server"}},
            "ends": {
                "nonels": {"lag": "ae1", "ports": ["ge-0/0/10", "ge-0/0/11"]},
                "srv2": {"lag": "bond0", "ports": ["eth0", "eth1"]},
            },
        }
    },
}
ROLE = "the role linux_bond changes the end of srv2 (bond0)"


def ends(pair: Pair) -> dict:
    report = json.loads((pair.folder / "report" / "report.json").read_text())
    return report["links"]["srv2"]["ends"]


def _far_end(pair: Pair, lacp: str) -> None:
    ports = SITE["links"]["srv2"]["ends"]["nonels"]["ports"]
    pair.switches.control("far_end", switch="nonels", ports={port: {"lacp": lacp} for port in ports})


def test_a_linux_host_that_nobody_contacted_is_not_verified_and_without_its_bond_the_run_says_what_to_do(nonels):
    _far_end(nonels, "off")
    before = nonels.switch_lines()
    silent = play_site(nonels, "site", SITE, "--limit", "nonels,srv2")
    warned, told = (" ".join(text.split()) for text in (silent.stderr, silent.stdout))
    assert silent.returncode == 2
    assert "sends no LACP frames" in told
    assert ROLE in warned, "the plan warns of it"
    assert ROLE in told.partition("Stop, and name the far ends")[2], "the failure names it"
    assert nonels.switch_lines() == before

    _far_end(nonels, "active")
    done = play_site(nonels, "site", SITE)
    assert done.returncode == 0, done.stdout
    assert ends(nonels)["nonels"] == {"state": "verified", "by": "nonels", "why": []}
    assert ends(nonels)["srv2"]["state"] == "not verified"
    assert "role linux_bond" in ends(nonels)["srv2"]["why"][0]
