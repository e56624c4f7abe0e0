# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that ansible-playbook can be killed at any request: the switch has its old or its new state, and nothing else.

The requests are those of an undisturbed run, from the simulator's log. For each of them, and for each of the moments
before it is sent, after it is sent and after its reply, there is a switch that stops at that moment; one
ansible-playbook works on all switches of a moment at once. When every one has stopped, it is killed with its process
group; when the timers have run out, another client reads each switch over the wire.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from unit.junos.switches import MODELS, skip_without_its_packages

from kinds.junos_ex.client import Simulator

from . import playbooks, wire

PLACES = ("before", "after_send", "after_reply")
MEMBERS = ("ge-0/0/1", "ge-0/0/2")
HAD = """set groups QUIET interfaces <ge-*> ether-options no-flow-control
set groups LAG interfaces <ae*> aggregated-ether-options lacp active
set apply-groups [ QUIET LAG ]
set interfaces interface-range desks member-range ge-0/0/0 to ge-0/0/9
set interfaces interface-range desks ether-options no-auto-negotiation
set interfaces interface-range desks unit 0 family ethernet-switching MODE access
"""
"""What somebody wrote before: the ports that join leave a range, and what groups give stays."""
PATIENCE = 120
"""Seconds in which all switches of a run must have stopped (Ansible starts a process for each)."""

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the program ssh is not installed")


@dataclass
class Bed:
    """Switches of one style in one simulator."""

    simulator: Simulator
    style: str
    folder: Path

    def hosts(self, *names: str) -> dict[str, dict[str, object]]:
        known = self.folder / "known_hosts"
        return {name: playbooks.variables(self.simulator.port(name), known) for name in names}

    def command(self, *names: str) -> list[str]:
        variables = {**playbooks.VARIABLES, "timeouts": {"connect": PATIENCE, "rpc": 2 * PATIENCE}}
        return playbooks.command(
            self.hosts(*names), self.folder, playbooks.task(**variables), "--forks", str(len(names))
        )

    def cable(self, *names: str) -> None:
        """Give switches a history and far ends."""
        mode = "port-mode" if self.style == "nonels" else "interface-mode"
        for name in names:
            self.simulator.control("commit", switch=name, set=HAD.replace("MODE", mode))
            self.simulator.control("far_end", switch=name, ports={port: {"lacp": "active"} for port in MEMBERS})

    def look(self, *names: str) -> dict[str, wire.Seen]:
        """Read switches by the client that is judge."""
        with ThreadPoolExecutor(4) as pool:
            return dict(zip(names, pool.map(self._look, names), strict=True))

    def _look(self, name: str) -> wire.Seen:
        seen = wire.look(self.simulator.port(name), self.folder / "key", self.folder / "known_hosts")
        return replace(seen, configuration=seen.configuration.replace(f"host-name {name};", "host-name SWITCH;"))

    def time_out(self, *names: str) -> None:
        """Wait until the switches know that all clients are gone, then let every timer run out."""
        for name in names:
            wait(lambda name=name: not self.simulator.control("status", switch=name)["sessions"], f"{name} has clients")
            self.simulator.control("clear_faults", switch=name)
        self.simulator.control("advance", seconds=301)


def wait(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


@pytest.fixture(scope="module", params=list(MODELS))
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def make_bed(style: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], Bed]:
    skip_without_its_packages()

    def make(names: list[str]) -> Bed:
        folder = tmp_path_factory.mktemp(style)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        options = {"authorized_keys": folder / "key.pub", "known_hosts": folder / "known_hosts"}
        return Bed(Simulator(dict.fromkeys(names, MODELS[style]), **options), style, folder)

    return make


@dataclass
class Reference:
    """An undisturbed run: its requests in their order, and what the switch has before and after."""

    asked: list[str]
    old: str
    new: str


@pytest.fixture(scope="module")
def reference(make_bed: Callable[[list[str]], Bed]) -> Reference:
    bed = make_bed(["reference"])
    with bed.simulator:
        bed.cable("reference")
        old = bed.look("reference")["reference"]
        bed.simulator.control("clear_log")
        done = subprocess.run(
            bed.command("reference"), capture_output=True, text=True, env=playbooks.environment(), check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        asked = [entry["rpc"] for entry in bed.simulator.control("log")]
        new = bed.look("reference")["reference"]
    assert old.left == new.left == ()
    assert old.configuration != new.configuration
    assert "member-range ge-0/0/3 to ge-0/0/9" in " ".join(new.configuration.split()).replace(" {", "")
    assert asked.count("commit-configuration") == 3, "the check, the confirmed commit and its confirmation"
    return Reference(asked, old.configuration, new.configuration)


@pytest.fixture(scope="module")
def bed(make_bed: Callable[[list[str]], Bed], reference: Reference) -> Iterator[Bed]:
    names = [switch(place, position) for place in PLACES for position in range(len(reference.asked))]
    made = make_bed(names)
    with made.simulator:
        yield made


def switch(place: str, position: int) -> str:
    return f"{place}-{position}"


@pytest.mark.parametrize("place", PLACES)
def test_killed_at_any_request_the_switch_has_the_old_or_the_new_state(bed: Bed, reference: Reference, place: str):
    cases = {switch(place, position): (position, rpc) for position, rpc in enumerate(reference.asked)}
    bed.cable(*cases)
    for name, (position, _rpc) in cases.items():
        fault = {"rpc": "*", "when": place, "what": "hold", "whole": True, "skip": position}
        bed.simulator.control("fault", switch=name, fault=fault)
    killed_when_held(bed, {name: [f"{place} {rpc}"] for name, (_position, rpc) in cases.items()})
    bed.time_out(*cases)
    confirming = len(reference.asked) - 1 - reference.asked[::-1].index("commit-configuration")
    wrong = []
    for name, seen in bed.look(*cases).items():
        position, rpc = cases[name]
        is_new = position > confirming or (position == confirming and place != "before")
        state = {reference.old: "the old state", reference.new: "the new state"}.get(seen.configuration, "half a state")
        wanted = "the new state" if is_new else "the old state"
        if state != wanted or seen.left:
            found = ", ".join([state, *seen.left])
            wrong.append(f"{bed.style}: killed {place} of request {position}, {rpc}: {found} instead of {wanted} alone")
    assert not wrong, "\n".join(wrong)


def killed_when_held(bed: Bed, wanted: dict[str, list[str]]) -> None:
    """Run the playbook on these switches and kill it when each has stopped at its moment."""
    log = bed.folder / "log"
    process = playbooks.started(bed.command(*wanted), log)
    deadline = time.monotonic() + PATIENCE
    try:
        while (held := _held(bed, wanted)) != wanted:
            assert process.poll() is None, f"it ended before it was killed: {log.read_text()}"
            assert time.monotonic() < deadline, f"{bed.style}: not all have stopped where they should: {held}"
            time.sleep(0.1)
        assert process.poll() is None, log.read_text()
    finally:
        playbooks.kill(process.pid)
        process.wait()


def _held(bed: Bed, names: dict[str, list[str]]) -> dict[str, list[str]]:
    found = bed.simulator.control("held")
    return {name: found[name] for name in names}


def test_the_worker_that_outlives_its_killed_group_finishes_the_change(make_bed, reference: Reference):
    """Ansible's workers are in sessions of their own: a kill of the group alone does not reach them."""
    bed = make_bed(["lone"])
    with bed.simulator:
        bed.cable("lone")
        fault = {"rpc": "commit-configuration", "when": "after_send", "what": "hold", "skip": 1}
        bed.simulator.control("fault", switch="lone", fault=fault)
        process = playbooks.started(bed.command("lone"), bed.folder / "log")
        wait(lambda: bool(bed.simulator.control("held")["lone"]), "it has not stopped")
        workers = playbooks.descendants(process.pid)
        assert workers
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        bed.simulator.control("release", switch="lone")
        bed.time_out("lone")
        assert bed.look("lone")["lone"] == wire.Seen(reference.new, ())
