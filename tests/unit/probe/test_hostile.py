# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a server answers is a finding of its own service, and no answer takes longer than it may."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.probe import probe_all, probe_patiently
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.service import (
    Backend,
    Service,
    Settings,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.move import Peer, unhealthy

DRIPS = 40
"""Seconds after which a drip ends with a good answer, so that whoever waits for it is seen."""
QUICK = Settings(timeout=1.0, patience=0.0)
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def at(port: int, **more: object) -> Service:
    return Service("shop", "127.0.0.1", port, scheme="http", **more)


class Hostile:
    """A server of one answer; `drip` is sent an octet at a time instead, ten each second."""

    def __init__(self) -> None:
        self.answer, self.drip, self.asked = GOOD, b"", 0
        self.over = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _address = self.server.accept()
            except OSError:
                return
            self.asked += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            with line:
                line.recv(4096)
                line.sendall(self._dripped(line) if self.drip else self.answer)
        except OSError:
            return

    def _dripped(self, line: socket.socket) -> bytes:
        end = time.monotonic() + DRIPS
        line.sendall(self.drip)
        while time.monotonic() < end and not self.over.wait(0.1):
            line.sendall(b"x")
        return b"\r\nContent-Length: 0\r\n\r\n"

    def close(self) -> None:
        self.over.set()
        self.server.close()


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    made = Hostile()
    yield made
    made.close()


def came(server: Hostile, answer: bytes, **more: object) -> list[str]:
    server.answer = answer
    return [finding.came for finding in probe_patiently(at(server.port, **more), QUICK).findings]


ANSWERS = {
    "no_length": (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx", "Content-Length is '-5', which is no length"),
    "too_short": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "the answer broke off 8 octets before its end"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "IncompleteRead"),
    "status": (b"HTTP/1.1 99999999999 OK\r\n\r\n", "was not HTTP"),
    "headers": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "more than 100 headers"),
    "line": (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n", "more than 65536 bytes"),
    "nothing": (b"", "closed without an answer"),
    "binary": (bytes(range(256)), "was not HTTP"),
}


@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_a_finding(hostile, answer, words):
    (found,) = came(hostile, answer)
    assert words in found


LOCATIONS = [
    "https://[x",
    "https://127.0.0.1\x1b[31m/",
    "https://[::1",
    "//",
    "\x00",
    "https://127.0.0.1:x/",
    "http://[",
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_location_that_is_no_url_is_a_finding(hostile, location):
    answer = f"HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    assert "Location" in came(hostile, answer, redirect_port=hostile.port)[0]


def test_one_services_answer_is_no_finding_of_another(hostile):
    good = Hostile()
    hostile.answer = b"HTTP/1.1 301 Moved\r\nLocation: https://[x\r\nContent-Length: 0\r\n\r\n"
    services = [at(hostile.port, redirect_port=hostile.port), at(good.port)]
    first, second = probe_all(services, QUICK)
    good.close()
    assert (len(first.findings), second.findings, second.verified) == (1, [], ["GET / gives 200"])


DRIPPED = {"status": b"HTTP/1.1 2", "header": b"HTTP/1.1 200 OK\r\nX-A: ", "body": GOOD.replace(b"h: 2", b"h: 99999")}


@pytest.mark.parametrize("drip", DRIPPED.values(), ids=DRIPPED)
def test_an_answer_that_comes_octet_by_octet_ends_at_its_time(hostile, drip):
    hostile.drip = drip
    assert came(hostile, b"") == ["no answer in time"]


def test_a_handshake_that_comes_octet_by_octet_ends_at_its_time(hostile):
    hostile.drip = b"\x16\x03\x03\x40\x00"
    report = probe_patiently(replace(at(hostile.port), scheme="https", server_names=("shop",)), QUICK)
    assert {finding.came for finding in report.findings} == {"no answer in time"}


def test_all_services_together_end_at_the_tasks_time(hostile):
    hostile.drip = b"HTTP/1.1 2"
    many = Settings(timeout=1.0, patience=0.0, deadline=2.0)
    reports = probe_all([at(hostile.port) for _number in range(50)], many)
    said = [finding.came for report in reports for finding in report.findings]
    assert len(said) == 50
    assert said[-1] == "the time of the task is over (deadline, 2 s)"
    assert hostile.asked < 40  # the rest was not asked any more


def test_a_peer_that_answers_octet_by_octet_is_not_healthy(hostile, a_second_a_look):
    hostile.drip = b"HTTP/1.1 2"
    assert unhealthy(Peer("127.0.0.1", hostile.port), timeout=5).endswith("timed out")


HEAD = st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 301 Moved\r\n", b"HTTP/1.1 ", b""])
NAMES = st.sampled_from([b"Set-Cookie: SERVERID=", b"Location: https://", b"Content-Length: ", b"X-S: ", b""])
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=20)).map(lambda each: each[0] + each[1] + b"\r\n"), max_size=4)
REPLIES = st.tuples(HEAD, HEADERS.map(b"".join), st.binary(max_size=40)).map(
    lambda parts: parts[0] + parts[1] + b"\r\n" + parts[2]
)
WAYS: list[Callable[[Service], Service]] = [
    lambda service: replace(service, stickiness="cookie"),
    lambda service: replace(service, identify_header="X-S"),
    lambda service: replace(service, redirect_port=service.port),
]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Hostile]:
    made = Hostile()
    yield made
    made.close()


@drawn(max_examples=60, deadline=None)
@given(REPLIES, st.sampled_from(WAYS))
def test_any_answer_is_verified_or_a_finding(fuzzed, reply, way):
    fuzzed.answer = reply
    hurried = replace(QUICK, requests_per_backend=2, sticky_requests=2)
    report = probe_patiently(way(at(fuzzed.port, backends=(Backend("web1", "web1"),))), hurried)
    assert report.findings or report.verified
