# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts two simulated switches, one of each style, and gives clean ones to every test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "lab"))

from lab_junos_builders import MODELS, Switch

from junos import factory
from junos.client import Simulator
from junos.device import Device, Session


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


@pytest.fixture
def make_device() -> Any:
    """Give a function that makes a switch in this process (`text`: its set commands; without: as delivered)."""

    def make(style: str, text: str | None = "") -> Device:
        return factory.make("sw", MODELS[style].split(":")[0], text=text)

    return make


@pytest.fixture
def session() -> Session:
    return Session(1, "lab", 0, 0)
