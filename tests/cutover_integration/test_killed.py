# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a conversion killed at any step leaves its host reachable, and that the next run converges."""

from __future__ import annotations

import subprocess
import time

import pytest
from _pytest.mark.structures import ParameterSet

from .conftest import delivered
from .labs import STYLES, Pair, Watched, environment, gone, kill, recap

HOST_STEPS, SWITCH_STEPS = (2, 4, 6), (1, 3, 5, 7)
EVERY = [
    *((step, moment) for step in HOST_STEPS for moment in ("before", "after")),
    *((step, moment) for step in SWITCH_STEPS for moment in ("before", "after", "confirming", "confirmed")),
]
"""Where a step can be when it is killed: the call has not arrived, or it was obeyed and not answered."""
WHOLE = {("els", 1, "after"), ("nonels", 3, "confirming"), ("els", 4, "before"), ("nonels", 7, "confirmed")}
PLAYBOOK = {("els", 1, "before"), ("nonels", 2, "before"), ("nonels", 5, "confirmed"), ("els", 6, "after")}
PLAYBOOK |= {("els", 7, "confirming")}
"""What is tried each time: together every step and every moment, both styles."""


def test_what_is_tried_each_time_has_every_step_every_moment_and_both_styles():
    tried = WHOLE | PLAYBOOK
    assert {style for style, _step, _moment in tried} == set(STYLES)
    assert {step for _style, step, _moment in tried} == {step for step, _moment in EVERY}
    by_end = {(step in HOST_STEPS, moment) for _style, step, moment in tried}
    assert by_end == {(step in HOST_STEPS, moment) for step, moment in EVERY}


def moments(some: set[tuple[str, int, str]]) -> list[ParameterSet]:
    """Return every step and moment with both styles; all but some of them are left to --all."""
    rest = pytest.mark.all_only("a conversion is killed at every step and moment, with both styles of switch")
    every = [(style, *each) for style in STYLES for each in EVERY]
    return [pytest.param(*each, marks=() if each in some else rest) for each in every]


COMMITS = {
    "before": ("before", 1),
    "after": ("after_send", 1),
    "confirming": ("before", 2),
    "confirmed": ("after_send", 2),
}
"""Of the three commit RPCs of a switch's step (check, confirmed, the confirmation): when, and which."""


def hold(pair: Pair, step: int, moment: str) -> None:
    """Let the end that a step changes hold the call that changes it."""
    if step in HOST_STEPS:
        fault = {"method": "UpdateNetworkConfig", "when": moment, "what": "hold", "skip": HOST_STEPS.index(step)}
        pair.hosts.control("fault", host=pair.host, fault=fault)
        return
    when, position = COMMITS[moment]
    skip = 3 * SWITCH_STEPS.index(step) + position
    fault = {"rpc": "commit-configuration", "when": when, "what": "hold", "skip": skip}
    pair.switches.control("fault", switch=pair.style, fault=fault)


def is_held(pair: Pair, step: int, moment: str) -> bool:
    if step in HOST_STEPS:
        calls = pair.hosts.control("calls", endpoint=pair.host).get("UpdateNetworkConfig", 0)
        return bool(calls > HOST_STEPS.index(step))
    asked = [entry["rpc"] for entry in pair.switches.control("log", switch=pair.style)]
    return asked.count("commit-configuration") > 3 * SWITCH_STEPS.index(step) + COMMITS[moment][1]


def begun(pair: Pair, step: int, moment: str) -> subprocess.Popen[bytes]:
    """Start the playbook and return it when the step's call is held."""
    pair.switches.control("clear_log", switch=pair.style)
    pair.hosts.control("clear_log", endpoint=pair.host)
    hold(pair, step, moment)
    output = pair.folder / "output"
    with output.open("wb") as stream:
        told = {"stdout": stream, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(pair.command("static"), env=environment(), start_new_session=True, **told)
    deadline = time.monotonic() + 120
    while not is_held(pair, step, moment):
        assert process.poll() is None, f"the playbook ended before the step: {output.read_text()}"
        assert time.monotonic() < deadline, "the step was not reached"
        time.sleep(0.05)
    return process


def killed(pair: Pair, step: int, moment: str, everything: bool) -> int:
    """Start the playbook, kill it in the step, and return the process that did the work, which may live on."""
    with begun(pair, step, moment) as process:
        worker = pair.process()
        kill(process.pid, *([worker] if everything else []))
    return worker


@pytest.fixture
def pair(joined, style, tmp_path) -> Pair:
    return delivered(*joined, style, tmp_path)


@pytest.mark.parametrize(("style", "step", "moment"), moments(WHOLE))
def test_with_the_whole_controller_killed_the_host_is_reachable_and_the_next_run_converges(pair, step, moment):
    with Watched(pair) as watched:
        worker = killed(pair, step, moment, everything=True)
        assert gone(worker)
        pair.hosts.control("clear_faults", host=pair.host)
        pair.switches.control("clear_faults", switch=pair.style)
        done = pair.run()
    assert "failed=0" in recap(done), done.stdout + done.stderr
    assert watched.lost == []
    lines = pair.switch_lines()
    assert {f"set interfaces ge-0/0/{port} ether-options 802.3ad ae0" for port in (0, 1)} <= set(lines)
    assert not any(line.endswith(" disable") for line in lines)
    assert pair.switches.control("status", switch=pair.style)["pending"] is None
    assert pair.found()["failed"] is False


@pytest.mark.parametrize(("style", "step", "moment"), moments(PLAYBOOK))
def test_with_the_playbook_killed_both_ends_have_their_old_state(pair, step, moment):
    before = pair.both()
    with Watched(pair) as watched:
        worker = killed(pair, step, moment, everything=False)
        pair.hosts.control("clear_faults", host=pair.host)
        pair.switches.control("clear_faults", switch=pair.style)
        assert gone(worker)
    assert watched.lost == []
    done = (step, moment) in ((7, "confirming"), (7, "confirmed"))  # the last confirmation was on its way already
    assert done or pair.both() == before
    assert pair.switches.control("status", switch=pair.style)["pending"] is None


@pytest.mark.parametrize(
    "style", ["nonels", pytest.param("els", marks=pytest.mark.all_only("with the other style of switch"))]
)
def test_a_host_that_is_found_wrong_at_last_takes_both_ends_back(pair):
    """While the switch's last commit is pending, somebody gives a port group a NIC order that IP hash cannot have."""
    before = pair.switch_lines(), pair.host_state()["groups"]["Management Network"]
    spoil = "esxcli network vswitch standard portgroup policy failover set -p vmotion -a vmnic0"
    with Watched(pair) as watched, begun(pair, 7, "after") as process:
        pair.hosts.control("console", host=pair.host, command=spoil)
        pair.switches.control("clear_faults", switch=pair.style)
        assert process.wait(120) == 2
    text = (pair.folder / "journal" / f"cutover-{pair.host}.log").read_text()
    assert "The host is not as it is declared" in text
    assert f"{pair.style} and {pair.host} have what they had before." in text
    assert (pair.switch_lines(), pair.host_state()["groups"]["Management Network"]) == before
    assert watched.lost == []


@pytest.mark.parametrize(
    "style", ["nonels", pytest.param("els", marks=pytest.mark.all_only("with the other style of switch"))]
)
def test_when_the_timer_of_the_last_commit_ran_out_the_next_run_goes_on(pair):
    """The port that the commit had enabled is disabled again, by the switch and by nobody's hand."""
    with begun(pair, 7, "after") as process:
        worker = pair.process()
        kill(process.pid, worker)
    assert gone(worker)
    pair.switches.control("clear_faults", switch=pair.style)
    pair.switches.control("advance", switch=pair.style, seconds=900)
    assert any(line.endswith(" disable") for line in pair.switch_lines())
    done = pair.run()
    assert "failed=0" in recap(done), done.stdout + done.stderr
    assert len(pair.found()["steps"]) == 1
    assert not any(line.endswith(" disable") for line in pair.switch_lines())
    assert pair.lost_flows() == 0
