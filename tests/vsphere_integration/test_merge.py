# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a change reaches what is declared and nothing else, and that a second run changes nothing."""

from __future__ import annotations

import pytest

from .labs import STATIC, changed


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_ip_hash_is_set_and_all_else_stays(esx1, transport):
    before = esx1.state()
    done = esx1.apply(transport, **STATIC)
    after = esx1.state()
    assert len(changed(done)) == 1
    assert after["switches"]["vSwitch1"]["policy"]["nicTeaming"]["policy"] == "loadbalance_ip"
    assert after["groups"]["vmotion"]["computed"]["nicTeaming"]["policy"] == "loadbalance_ip"
    for state in (before, after):
        state["switches"]["vSwitch1"]["policy"]["nicTeaming"].pop("policy")
        for name in ("vmotion", "storage"):
            state["groups"][name]["computed"]["nicTeaming"].pop("policy")
    assert after == before


@pytest.mark.parametrize("transport", ["api", "ssh"])
def test_a_second_run_changes_nothing(esx1, transport):
    esx1.apply(transport, **STATIC)
    esx1.clear()
    assert changed(esx1.apply(transport, **STATIC)) == []
    assert not [call for call in esx1.calls() if call.startswith("Update")]
