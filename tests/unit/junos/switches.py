# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated switches, one of each style, in one process, and how to log in (also for tests/junos_integration/lag)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from kinds.junos_ex.client import Simulator

MODELS = {"nonels": "ex4200-48t", "els": "ex4300-48t"}


@dataclass
class Lab:
    """One simulated switch, as delivered."""

    simulator: Simulator
    style: str
    target: Target

    @property
    def name(self) -> str:
        return self.style

    def open(self) -> Session:
        return Session(self.target)

    def control(self, op: str, **arguments):
        return self.simulator.control(op, switch=self.style, **arguments)

    def far_end(self, *ports: str, **values) -> None:
        self.control("far_end", ports=dict.fromkeys(ports, values))

    def wait_until_left(self) -> None:
        """Wait until the switch has noticed that its clients are gone, which a busy one does late."""
        deadline = time.monotonic() + 10
        while self.control("status")["sessions"]:
            assert time.monotonic() < deadline, "the switch still has sessions of clients that are gone"
            time.sleep(0.02)

    def asked(self) -> list[str]:
        """Return the requests since the test began."""
        return [entry["rpc"] for entry in self.control("log")]

    def lines(self, database: str = "committed") -> list[str]:
        return self.control("configuration", database=database).splitlines()


def skip_without_its_packages() -> None:
    """Skip a test where what simulates switches, or what speaks to them, is not installed."""
    for package in ("asyncssh", "lxml", "jnpr.junos"):
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    skip_without_its_packages()
    with Simulator(MODELS) as found:
        known = tmp_path_factory.mktemp("ssh") / "known_hosts"
        lines = [f"[127.0.0.1]:{found.port(name)} {found.host_key(name)}\n" for name in MODELS]
        known.write_text("".join(lines))
        found.known_hosts = str(known)
        yield found


@pytest.fixture(params=list(MODELS))
def lab(request, simulator) -> Lab:
    return _lab(simulator, request.param)


@pytest.fixture
def nonels(simulator) -> Lab:
    return _lab(simulator, "nonels")


def target_at(simulator: Simulator, name: str) -> Target:
    """Return how to log in to one of the simulated switches, whatever the user's own SSH says."""
    return Target(
        "127.0.0.1",
        simulator.port(name),
        "lab",
        "lab123",
        ssh_config="/dev/null",
        known_hosts=(simulator.known_hosts,),
        look_for_keys=False,
    )


def _lab(simulator: Simulator, style: str) -> Lab:
    found = Lab(simulator, style, target_at(simulator, style))
    found.control("reset")
    simulator.control("clear_log")
    return found
