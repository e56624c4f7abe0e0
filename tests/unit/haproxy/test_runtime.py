# SPDX-License-Identifier: GPL-3.0-or-later
"""A server is changed through a socket only as far as it differs, and HAProxy's refusals are passed on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.answers import ServerState
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import (
    RefusedError,
    Runtime,
    UnreachableError,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.server import (
    change,
    commands,
    find,
    wait_until_idle,
    wanted_weight,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import runtime as of_certificates

from .haproxy_builders import FakeSocket
from .test_answers import DRAINED, HEADER, REFUSED_RELOAD, STOPPED

Start = Callable[[dict[str, str]], FakeSocket]
READY = ServerState("web", "a", "127.0.0.1", 8405, 0, 2, 100, 100)
STATES = {"show servers state": HEADER + DRAINED + STOPPED}


def test_the_masters_answer_is_read_to_its_end(fake_socket: Start) -> None:
    assert Runtime(fake_socket({"show proc": REFUSED_RELOAD}).path, timeout=5).processes().failed == 1


def test_a_socket_without_a_listener_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="No such file"):
        Runtime(str(tmp_path / "none")).ask("show env")


@pytest.fixture
def dripping(tmp_path: Path) -> Iterator[str]:
    """A socket whose answer comes octet by octet, and ends after a time that only a hang would take."""
    path, over = str(tmp_path / "socket"), threading.Event()

    def answer(server: socket.socket) -> None:
        try:
            line, _address = server.accept()
            with line:
                end = time.monotonic() + 40
                while time.monotonic() < end and not over.wait(0.1):
                    line.sendall(b"x")
        except OSError:
            return

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        yield path
        over.set()


def test_an_answer_that_comes_octet_by_octet_ends_at_its_time(dripping: str, a_second_a_look: None) -> None:
    with pytest.raises(UnreachableError, match="timed out"):
        Runtime(dripping, timeout=5).ask("show env")


def test_that_of_a_certificate_does_too(dripping: str, a_second_a_look: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_certificates, "_TIMEOUT", 5)
    with pytest.raises(OSError, match="timed out"):
        of_certificates.ask(dripping, "show ssl cert")


def test_a_refusal_is_passed_on_in_haproxys_words(fake_socket: Start) -> None:
    fake = fake_socket({**STATES, "set weight web/a 5": "Relative weight can only be 0 or 100%\n"})
    with pytest.raises(RefusedError, match="Relative weight can only be"):
        change(Runtime(fake.path), READY, ["set weight web/a 5"])


def test_a_change_is_read_back(fake_socket: Start) -> None:
    fake = fake_socket({**STATES, "set server web/a state drain": "\n"})
    after = change(Runtime(fake.path), READY, ["set server web/a state drain"])
    assert (after.state, after.weight) == ("drain", 30)
    assert fake.commands == ["set server web/a state drain", "show servers state"]


def test_an_unknown_server_is_answered_with_those_there_are(fake_socket: Start) -> None:
    runtime = Runtime(fake_socket(STATES).path)
    with pytest.raises(RefusedError, match="backend web has no server z; it has a, b"):
        find(runtime, "web", "z")
    with pytest.raises(RefusedError, match="no backend wob with servers; it has web"):
        find(runtime, "wob", "a")


@pytest.mark.parametrize(
    ("state", "weight", "expected"),
    [
        ("ready", None, []),
        ("ready", "100", []),
        ("ready", "100%", []),
        ("drain", None, ["set server web/a state drain"]),
        ("maint", "40%", ["set weight web/a 40", "set server web/a state maint"]),
        (None, "0", ["set weight web/a 0"]),
        (None, "200%", ["set weight web/a 200"]),
    ],
)
def test_only_what_differs_is_sent(state: str | None, weight: str | None, expected: list[str]) -> None:
    assert commands(READY, state, weight) == expected


def test_half_of_weight_one_is_refused_and_not_rounded_to_nothing() -> None:
    with pytest.raises(RefusedError, match="50% of web/a's configured weight 1 is 0, which would take it out"):
        wanted_weight("50%", READY._replace(weight=1, initial_weight=1))


@pytest.mark.parametrize(
    ("weight", "message"), [("257", "highest is 256"), ("half", "must be 0 to 256"), ("-1", "must")]
)
def test_a_weight_that_haproxy_does_not_know_is_refused(weight: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        wanted_weight(weight, READY)


def test_waiting_ends_with_the_sessions_that_are_left(fake_socket: Start) -> None:
    fake = fake_socket({"show stat": "# pxname,svname,scur\nweb,a,3\nweb,b,0\n"})
    assert wait_until_idle(Runtime(fake.path), READY, 1) == 3
