# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts one simulator with two hosts and a vCenter, and gives clean ones to every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinds.esxi_vss.client import Simulator

from .builders import Center, Esxi

collect_ignore = []
if os.environ.get("NETSTACK_PEERS") != "required":  # script/peers sets it; its environment has what they want
    collect_ignore.append("test_peers.py")
    pytest.importorskip("pyVmomi", reason="pyvmomi is not installed")


@pytest.fixture(scope="session")
def client_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a key that the hosts accept; its public half lies beside it."""
    import asyncssh

    folder = tmp_path_factory.mktemp("ssh")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(folder / "key")
    (folder / "key").chmod(0o600)
    key.write_public_key(folder / "key.pub")
    return folder / "key"


@pytest.fixture(scope="session")
def simulator(client_key: Path) -> Iterator[Simulator]:
    known = client_key.with_name("known_hosts")
    keys = client_key.with_suffix(".pub")
    hosts: dict[str, str | int] = {"esx1": 4, "esx2": "4@127.0.0.2"}
    with Simulator(hosts, {"vc1": 250}, authorized_keys=keys, known_hosts=known) as started:
        yield started


@pytest.fixture
def esxi(simulator: Simulator) -> Esxi:
    """Give the host esx1 as delivered, with an empty log and no sessions."""
    made = Esxi(simulator, "esx1")
    made.control("reset")
    made.clean()
    return made


@pytest.fixture
def center(simulator: Simulator) -> Center:
    """Give the vCenter, its first host as delivered, with an empty log and no sessions."""
    made = Center(simulator, "vc1")
    simulator.control("reset", host=made.first)
    simulator.control("clear_faults", host="vc1")
    simulator.control("rollback", endpoint="vc1", enabled=True)
    made.clean()
    return made
