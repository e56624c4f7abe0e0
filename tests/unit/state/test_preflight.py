# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a run that will change ESXi hosts is refused for, because a later run would not find what it replaced."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.kept import findings, keeps

from .dav import free_port
from .test_job import JOB

BY_HAND = {"HOME": "/home/runner"}


def of(hosts: dict[str, dict[str, str]], environment: dict[str, str]) -> list[str]:
    return findings(hosts, lambda host: hosts[host].get, environment)


def test_each_place_is_judged_once_for_all_of_its_hosts(monkeypatch):
    monkeypatch.setenv("HOME", JOB["HOME"])
    mounted = {"netstack_state": "/srv/state"}
    own = {**mounted, "esxi_teaming_restore_dir": "/runner/project/points"}
    found = of({"esx1": {}, "esx2": mounted, "esx3": own, "esx4": {}}, JOB)
    assert [text.split(" goes with")[0] for text in found] == [
        "esx1, esx4: ~/.ansible/netstack/restore",
        "esx3: /runner/project/points",
    ]
    assert of({"esx1": {}, "esx3": own}, BY_HAND) == []


@pytest.mark.parametrize("environment", [JOB, BY_HAND])
def test_a_url_that_takes_no_record_is_refused_wherever_the_run_is(environment):
    url = f"http://127.0.0.1:{free_port()}/state"
    (told,) = of({"esx1": {"netstack_state": url}}, environment)
    assert told.startswith(f"esx1: {url}/restore/") and "cannot be reached" in told


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"esxi_teaming_vswitches": {"vSwitch0": {}}}, True),
        ({"esxi_teaming_hosts": {"esx1": {}}}, True),
        ({"esxi_teaming_vswitches": {}}, False),
        ({"esxi_teaming_vswitches": {"vSwitch0": {}}, "esxi_teaming_restore_dir": ""}, False),
        ({"junos_lag_ports": {"ge-0/0/0": {}}}, False),
    ],
)
def test_only_hosts_of_which_something_is_kept_are_looked_at(known, expected):
    assert keeps(known) is expected
