# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which folders go with an AWX job's container; its environment is that of facts measured at AWX 24.6.1."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.job import in_job, vanishes
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.of_run import require_lasting
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.store import StateError

JOB = {
    **{"AWX_HOST": "https://towerhost", "JOB_ID": "812", "HOME": "/home/runner"},
    **{"AWX_PRIVATE_DATA_DIR": "/runner", "AWX_ISOLATED_DATA_DIR": "/runner/artifacts/812"},
}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (JOB, True),
        ({"JOB_ID": "1", "AWX_PRIVATE_DATA_DIR": "/runner"}, True),
        ({"JOB_ID": "1", "HOME": "/root"}, False),
        ({"AWX_PRIVATE_DATA_DIR": "/tmp/by-hand", "AWX_ISOLATED_DATA_DIR": "/tmp/by-hand/1"}, False),
    ],
)
def test_a_job_of_awx_is_known_and_ansible_runner_by_hand_is_none(environment, expected):
    assert in_job(environment) is expected


@pytest.mark.parametrize(
    ("folder", "mounts", "expected"),
    [
        ("/home/runner/.ansible/netstack", [], True),
        ("/runner/project/state", [], True),
        ("/tmp/state", [], True),
        ("/srv/state", ["/srv/state"], False),
        ("/runner/state/restore", ["/runner/state"], False),
        ("/home/runner/state", ["/home/runner"], True),
    ],
)
def test_what_awx_makes_for_the_job_goes_with_it_unless_something_is_mounted_below(folder, mounts, expected):
    assert vanishes(Path(folder), JOB, lambda each: str(each) in mounts) is expected
    assert vanishes(Path(folder), {"HOME": "/home/runner"}, lambda _each: False) is False


def test_what_goes_is_refused_with_the_mend_and_a_url_stays():
    with pytest.raises(StateError, match=r"/home/runner/x goes with the container.*Set netstack_state to a folder"):
        require_lasting("/home/runner/x", JOB)
    require_lasting("https://kept.example.com/state", JOB)
