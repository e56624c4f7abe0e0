# SPDX-License-Identifier: GPL-3.0-or-later
"""An address has one holder; one that is new to a virtual router may have none until its node is changed."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Holders, Target
from ansible_collections.netstack.datacenter.plugins.modules.vip_holder import wrong

NOBODY, HERE, BOTH = (False, ()), (True, ()), (True, ("02:00:00:00:00:01",))


@pytest.mark.parametrize(
    ("seen", "unheld", "found"),
    [
        (HERE, [], 0),
        (NOBODY, [], 1),
        (BOTH, [], 1),
        (NOBODY, ["192.0.2.100"], 0),
        (NOBODY, ["192.0.2.101"], 1),
        (BOTH, ["192.0.2.100"], 1),
    ],
)
def test_nobody_is_no_fault_where_that_is_expected_and_two_always_are(seen, unheld, found):
    local, others = seen
    holders = Holders(Target("192.0.2.100", "eth0"), local, others)
    assert len(wrong({"web": [holders]}, unheld)) == found
