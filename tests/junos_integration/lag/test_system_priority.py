# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, against a simulated switch of each style, what becomes of LACP's system priority from run to run."""

from __future__ import annotations

import pytest
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import restore
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

MEMBERS = ["ge-0/0/1", "ge-0/0/2"]
LINE = "set interfaces ae0 aggregated-ether-options lacp system-priority"


def asked(lacp="active", state="merged", run_id="", check_mode=False, **keys) -> Request:
    wanted = declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": lacp, "untagged": "server", **keys}})
    quick = Verification(timeout=2, interval=0.2)
    return Request(wanted, state=state, run_id=run_id, check_mode=check_mode, verification=quick)


def priority(lab) -> list[str]:
    return [line.removeprefix(LINE).strip() for line in lab.lines() if line.startswith(LINE)]


@pytest.mark.parametrize("value", [0, 4096, 65535])
def test_it_is_foretold_committed_and_then_nothing_is_left_to_do(lab, value):
    lab.far_end(*MEMBERS, lacp="active")
    told = apply(lab.open, asked(check_mode=True, system_priority=value))
    assert (told.changed, priority(lab)) == (True, [])
    done = apply(lab.open, asked(system_priority=value))
    assert (done.diff, priority(lab)) == (told.diff, [str(value)])
    assert not apply(lab.open, asked(check_mode=True, system_priority=value)).changed
    assert not apply(lab.open, asked(system_priority=value)).changed


@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
def test_left_out_it_stays_and_a_static_bundle_has_none(lab, state):
    lab.far_end(*MEMBERS, lacp="active")
    apply(lab.open, asked(system_priority=127))
    assert not apply(lab.open, asked(state=state)).changed
    lab.far_end(*MEMBERS, lacp="off")
    apply(lab.open, asked("none", state))
    assert priority(lab) == []


def test_a_rollback_puts_the_former_one_back(lab):
    lab.far_end(*MEMBERS, lacp="active")
    apply(lab.open, asked(system_priority=127))
    apply(lab.open, asked(run_id="r2", system_priority=1))
    restore(lab.open, asked(run_id="r2"))
    assert priority(lab) == ["127"]
