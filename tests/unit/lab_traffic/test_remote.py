# SPDX-License-Identifier: GPL-3.0-or-later
"""A load in a container is waited for by what it tells; the container is a program here that tells the same lines."""

from __future__ import annotations

import sys

import pytest

from podman import PodmanError
from traffic import remote

PROGRAM = """
import sys
print("load: 5 requests, 0 failed, 0 retried", file=sys.stderr, flush=True)
print("load: 9 requests, 3 failed, 0 retried", file=sys.stderr, flush=True)
while {waits} and sys.stdin.read(1):
    pass
print('{{"ok": 6}}')
"""


@pytest.fixture
def load(monkeypatch):
    """Start a load that goes on until it is stopped, or ends by itself."""

    def start(waits: bool) -> remote.Load:
        monkeypatch.setattr(remote, "as_root", lambda _command: [sys.executable, "-c", PROGRAM.format(waits=waits)])
        return remote.Load("client", "fresh", "https://shop.lab.test/")

    return start


def test_it_waits_until_so_many_requests_have_failed(load):
    with load(waits=True) as running:
        running.until(lambda one: one.failed > 2)
        assert (running.requests, running.failed) == (9, 3)
        assert running.stop() == {"ok": 6}


def test_a_load_that_ends_before_is_an_error_with_what_it_told(load):
    with load(waits=False) as running, pytest.raises(PodmanError, match="9 requests, 3 failed"):
        running.until(lambda one: one.failed > 3)


def test_waiting_has_an_end(load):
    with load(waits=True) as running:
        running.until(lambda one: one.requests == 9)
        with pytest.raises(PodmanError, match="9 requests, 3 failed"):
            running.until(lambda one: one.failed > 3, seconds=0)
