# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts two simulated switches, one of each style, and gives clean ones to every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.lab_junos.builders import MODELS

from kinds.junos_ex.client import Simulator

from .builders import Switch

# script/peers sets it; its environment has what they want
collect_ignore = [] if os.environ.get("NETSTACK_PEERS") == "required" else ["test_peers.py"]


@pytest.fixture(scope="session")
def client_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a key that both switches accept; its public half lies beside it."""
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
    with Simulator(MODELS, authorized_keys=client_key.with_suffix(".pub"), known_hosts=known) as started:
        yield started


@pytest.fixture(params=["nonels", "els"])
def switch(simulator: Simulator, request: pytest.FixtureRequest) -> Switch:
    """Give a switch of each style as delivered, with an empty log and all its sessions ended."""
    made = Switch(simulator, request.param)
    made.control("drop")
    made.control("reset")
    made.control("clear_log")
    return made
