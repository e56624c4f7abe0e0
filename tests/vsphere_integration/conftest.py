# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated hosts and the vCenter as fixtures; every test begins with hosts of the same state."""

from __future__ import annotations

import subprocess

import pytest

from kinds.esxi_vss.client import Simulator

from .labs import CENTERS, DELIVERED, HOSTS, Lab


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    for package in ("asyncssh", "pyVmomi"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    folder = tmp_path_factory.mktemp("ssh")
    known, key = folder / "known_hosts", folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with Simulator(HOSTS, CENTERS, known_hosts=known, authorized_keys=f"{key}.pub") as found:
        found.known_hosts, found.key_file = str(known), str(key)
        yield found


@pytest.fixture
def esx1(simulator) -> Lab:
    return _fresh(Lab(simulator, "esx1"))


@pytest.fixture
def esx2(simulator) -> Lab:
    return _fresh(Lab(simulator, "esx2"))


@pytest.fixture
def vc1(simulator) -> Lab:
    return _center(Lab(simulator, "vc1"))


@pytest.fixture
def vc6(simulator) -> Lab:
    return _center(Lab(simulator, "vc6"))


def _center(lab: Lab) -> Lab:
    for number in range(1, CENTERS[lab.name] + 1):
        lab.simulator.control("reset", host=f"{lab.name}-esx{number:03d}")
    lab.control("clear_faults")
    lab.simulator.control("rollback", endpoint=lab.name, enabled=True)
    lab.clear()
    return lab


def _fresh(lab: Lab) -> Lab:
    lab.control("reset", state=DELIVERED)
    lab.clear()
    return lab
