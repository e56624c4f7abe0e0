# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the HAProxy tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import deploy
from ansible_collections.netstack.datacenter.plugins.module_utils.service import loaded

from .haproxy_builders import FakeSocket


@pytest.fixture(autouse=True)
def own_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test notes of a process is not noted of one of this machine."""
    monkeypatch.setattr(loaded, "RUN", str(tmp_path / "run"))


@pytest.fixture
def fake_socket(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], FakeSocket]]:
    """Return a function that starts an imitated socket with a table of answers."""
    started: list[FakeSocket] = []

    def start(answers: dict[str, str]) -> FakeSocket:
        started.append(FakeSocket(tmp_path / f"socket{len(started)}", answers))
        return started[-1]

    yield start
    for fake in started:
        fake.close()


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for /etc/haproxy, with a configuration that serves."""
    folder = tmp_path / "etc"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "haproxy.cfg").write_text("# by hand\n")
    paths = {"MAIN": "haproxy.cfg", "FRAGMENTS": "conf.d", "LIMIT_DROP_IN": "unit/a", "LOG_DROP_IN": "rsyslog"}
    for name, path in paths.items():
        monkeypatch.setattr(deploy, name, str(folder / path))
    monkeypatch.setattr(deploy, "STATE_BASE", str(tmp_path / "state"))
    monkeypatch.setattr(deploy, "STATE_FILE", str(tmp_path / "state" / "global"))
    return folder
