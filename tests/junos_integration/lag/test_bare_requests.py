# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what the benchmarks call the requests of junos_lag are its requests, in its order."""

from __future__ import annotations

import sys
from pathlib import Path

from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.connect import open_device
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from bare_pyez import push

MEMBERS = ["ge-0/0/1", "ge-0/0/2"]
REQUEST = Request(
    declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": "active", "tagged": ["server"]}}),
    verification=Verification(timeout=10, interval=0.2),
)


def test_the_bare_requests_are_those_of_junos_lag(lab):
    def fresh() -> None:
        lab.control("reset")
        lab.far_end(*MEMBERS, lacp="active")
        lab.simulator.control("clear_log")

    def asked(change) -> list[str]:
        lab.simulator.control("clear_log")
        change()
        return lab.asked()

    fresh()
    session = lab.open()
    load = survey(session, REQUEST).plan.xml
    session.close()
    ours = [asked(lambda: apply(lab.open, REQUEST)) for _time in range(2)]
    fresh()
    bare = [asked(lambda again=again: push(lambda: open_device(lab.target), load, again)) for again in (False, True)]
    assert bare == ours
    assert [len(each) for each in ours] == [21, 4]
