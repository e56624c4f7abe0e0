# SPDX-License-Identifier: GPL-3.0-or-later
"""The load client counts what happened: it neither hides a failure behind a retry nor invents one."""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from traffic import gap as meter
from traffic.content import pattern
from traffic.gap import longest_gap
from traffic.http1 import fetch
from traffic.modes import KeepAliveClient, Plan, downloads, fresh, keepalive
from traffic.sources import addresses, sources
from traffic.tally import Tally, quantile
from traffic.target import RequestFailedError, Target

LOAD = Path(__file__).resolve().parents[3] / "lab" / "load.py"
ANSWER = b"HTTP/1.1 200 OK\r\nX-Backend: web1\r\nContent-Length: 2\r\n\r\nok"


class Script:
    """A server that follows the n-th script on its n-th connection: bytes to send for each request, None to close."""

    def __init__(self, *scripts: list[bytes | None], reset: bool = False) -> None:
        self.scripts, self.reset = scripts, reset
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for script in self.scripts:
            connection, _ = self.listener.accept()
            for step in script:
                self.requests.append(connection.recv(65536))
                if step is None:
                    break
                connection.sendall(step)
            if self.reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        self.listener.close()

    def target(self, timeout: float = 2) -> Target:
        return Target(f"http://127.0.0.1:{self.port}/x", timeout=timeout)


def client(script: Script, method: str = "GET") -> tuple[KeepAliveClient, Tally]:
    tally = Tally()
    return KeepAliveClient(script.target(), method, tally), tally


def test_a_kept_connection_closed_before_any_byte_is_retried_once_and_counted_as_a_retry():
    script = Script([ANSWER, None], [ANSWER])
    asker, tally = client(script)
    assert (asker.ask(), asker.ask()) == ("web1", "web1")
    assert (tally.retries, len(script.requests)) == (1, 3)


def test_a_reset_kept_connection_is_retried_too():
    script = Script([ANSWER, None], [ANSWER], reset=True)
    asker, tally = client(script)
    assert (asker.ask(), asker.ask()) == ("web1", "web1")
    assert tally.retries == 1


def test_post_is_never_retried():
    script = Script([ANSWER, None], [ANSWER])
    asker, tally = client(script, "POST")
    asker.ask()
    with pytest.raises(RequestFailedError, match="unanswered: closed"):
        asker.ask()
    assert tally.retries == 0


def test_a_first_use_that_is_closed_is_not_retried():
    asker, tally = client(Script([None], [ANSWER]))
    with pytest.raises(RequestFailedError, match="unanswered"):
        asker.ask()
    assert tally.retries == 0


def test_an_answer_that_has_begun_is_never_retried():
    asker, tally = client(Script([ANSWER, ANSWER[:20]], [ANSWER]))
    asker.ask()
    with pytest.raises(RequestFailedError, match=r"^cut: closed$"):
        asker.ask()
    assert tally.retries == 0


def test_a_failed_retry_is_not_retried_again():
    asker, tally = client(Script([ANSWER, None], [None], [ANSWER]))
    asker.ask()
    with pytest.raises(RequestFailedError, match="unanswered"):
        asker.ask()
    assert tally.retries == 1


def test_an_idle_connection_whose_end_has_arrived_is_replaced_without_a_retry():
    script = Script([ANSWER], [ANSWER])
    asker, tally = client(script)
    asker.ask()
    assert select.select([asker.connection.socket], [], [], 30)[0]
    asker.ask()
    assert (tally.retries, tally.reopened, len(script.requests)) == (0, 1, 2)


def test_connection_close_is_obeyed():
    closing = ANSWER.replace(b"Content", b"Connection: close\r\nContent", 1)
    script = Script([closing, ANSWER], [ANSWER])
    asker, tally = client(script)
    asker.ask()
    assert asker.connection is None
    asker.ask()
    assert (tally.retries, tally.reopened) == (0, 0)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "status 503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "cut: closed"),
        (b"garbage\r\n\r\n", "not an HTTP answer"),
        (b"", "unanswered: closed"),
    ],
)
def test_each_bad_answer_has_its_cause(reply, why):
    with pytest.raises(RequestFailedError, match=f"^{why}$"):
        fetch(Script([reply]).target())


def test_a_refused_a_silent_and_an_untrusted_server_are_told_apart(serve, certificate):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(RequestFailedError, match=r"^timeout$"):
            fetch(Target(f"http://127.0.0.1:{port}/", timeout=0.2))
    with pytest.raises(RequestFailedError, match="connect refused"):
        fetch(Target(f"http://127.0.0.1:{port}/", timeout=0.2))
    tls = serve("tls_port", certificate=certificate).tls_port[0]
    with pytest.raises(RequestFailedError, match="connect certificate: self-signed"):
        fetch(Target("https://www.lab.test/", f"127.0.0.1:{tls}"))
    with pytest.raises(RequestFailedError, match=r"connect certificate: .*mismatch"):
        fetch(Target("https://other.lab.test/", f"127.0.0.1:{tls}", certificate))
    assert fetch(Target("https://www.lab.test/", f"127.0.0.1:{tls}", certificate)).backend == "web1"


def test_a_resumed_session_is_a_failure_for_it_costs_less_than_a_full_handshake(serve, certificate, monkeypatch):
    address = ("127.0.0.1", serve("tls_port", certificate=certificate).tls_port[0])
    target = Target("https://www.lab.test/", ":".join(map(str, address)), certificate)
    target.context.maximum_version = ssl.TLSVersion.TLSv1_2  # its sessions are there right after the handshake
    wrap = target.context.wrap_socket
    with wrap(socket.create_connection(address), server_hostname="www.lab.test") as first:
        monkeypatch.setattr(target.context, "wrap_socket", functools.partial(wrap, session=first.session))
    with pytest.raises(RequestFailedError, match="connect resumed"):
        target.open()


def test_fresh_makes_exactly_the_requests_asked_for(serve, certificate):
    tls = serve("tls_port", certificate=certificate).tls_port[0]
    target = Target("https://www.lab.test/whoami", f"127.0.0.1:{tls}", certificate)
    result = fresh(target, Plan(workers=4, requests=50))
    assert (result["requests"], result["ok"], result["failed"]) == (50, 50, 0)
    assert result["backends"] == {"web1": 50}


def test_keepalive_over_tls_sees_the_end_of_an_idle_connection_but_not_in_session_tickets(serve, certificate):
    tls = serve("tls_port", certificate=certificate).tls_port[0]
    target = Target("https://www.lab.test/whoami", f"127.0.0.1:{tls}", certificate)
    result = keepalive(target, Plan(workers=2, requests=50, pause=0.002))
    assert (result["ok"], result["retries"], result["reopened"]) == (50, 0, 0)


def test_failures_are_counted_with_their_moment():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen
        result = fresh(Target(f"http://127.0.0.1:{deaf.getsockname()[1]}/"), Plan(workers=2, requests=6))
    assert (result["ok"], result["failed"], result["causes"]) == (0, 6, {"connect refused": 6})
    assert len(result["samples"]) == 6


def test_downloads_are_whole_only_when_every_byte_is_right(serve):
    port = serve("port").port[0]
    good = downloads(Target(f"http://127.0.0.1:{port}/download?bytes=300001&rate=1000000"), Plan(workers=5))
    assert (good["whole"], good["started"], set(good["bytes"])) == (5, 5, {300001})
    content = bytearray(pattern(0, 1000))
    content[500] ^= 1
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    bad = downloads(Script([head + bytes(content)]).target(), Plan(workers=1))
    assert bad["whole"] == 0
    assert "wrong content" in next(iter(bad["causes"]))
    cut = downloads(Script([head + pattern(0, 999)]).target(), Plan(workers=1))
    assert cut["causes"] == {"cut: closed": 1}


def test_a_download_that_is_stopped_is_not_whole(serve):
    port = serve("port").port[0]
    plan = Plan(workers=2)
    threading.Timer(0.3, plan.stop.set).start()
    result = downloads(Target(f"http://127.0.0.1:{port}/download?bytes=1000000&rate=10000"), plan)
    assert (result["whole"], result["causes"]) == (0, {"stopped before its end": 2})


def test_the_longest_gap_counts_the_ends_of_the_run():
    assert longest_gap([1.0, 2.0, 5.0, 5.5], 0.5, 6.0) == (3.0, 2.0)
    assert longest_gap([], 0.0, 7.0) == (7.0, 0.0)
    assert longest_gap([0.1], 0.0, 9.1) == (9.0, 0.1)


@pytest.mark.parametrize("lost", [0, 12])
def test_the_gap_meter_tells_the_longest_gap_between_its_answers_and_what_was_lost(monkeypatch, lost):
    """The gap itself is a pure function of the moments, see above; here these are the real answers' and no others."""
    seen, noted, succeed = [], threading.Semaphore(0), Tally.succeed

    class Patient(Plan):
        def take(self) -> bool:
            """Ask no more only when the eight answers are noted."""
            return super().take() or not all(noted.acquire(timeout=60) for _ in range(8))

    monkeypatch.setattr(Tally, "succeed", lambda *figures: (succeed(*figures), noted.release()))
    monkeypatch.setattr(meter, "longest_gap", lambda *moments: seen.append(moments) or longest_gap(*moments))
    script = Script(*[[ANSWER]] * 8, *[[None]] * lost)
    result = meter.gap(script.target(timeout=30), Patient(requests=8 + lost), 50)
    (answered, began, ended), longest = seen[0], longest_gap(*seen[0])[0]
    assert (result["ok"], result["lost"], len(answered)) == (8, lost, 8)
    assert began < min(answered) <= max(answered) <= ended
    assert result["longest_gap_ms"] == round(longest * 1000, 1)


def test_the_gap_meter_goes_on_asking_while_no_answer_comes():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_all_when_the_tenth_has_come() -> None:
            waiting = [listener.accept()[0] for _ in range(10)]
            for connection in waiting:
                connection.recv(65536)
                connection.sendall(ANSWER)
                connection.close()

        threading.Thread(target=answer_all_when_the_tenth_has_come, daemon=True).start()
        target = Target(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=5)
        result = meter.gap(target, Plan(requests=10), 50)
    assert (result["ok"], result["lost"]) == (10, 0)


def test_sources_come_from_their_addresses_and_keep_their_cookies(serve, tmp_path):
    port = serve("port").port[0]
    target, jar = Target(f"http://127.0.0.1:{port}/"), tmp_path / "jar.json"
    result = sources(target, Plan(), addresses("127.0.0.2-127.0.0.5"), 3, jar)
    assert (result["requests"], result["moved"], result["backends"]) == (12, 0, {"web1": 12})
    assert set(result["clients"]) == {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"}
    told = json.loads(fetch(target, source="127.0.0.3", cookie="SERVERID=B").body)
    assert (told["peer"], told["headers"]["cookie"]) == ("127.0.0.3", "SERVERID=B")


def test_a_cookie_is_replayed_and_outlives_the_run(tmp_path):
    cookie = ANSWER.replace(b"Content", b"Set-Cookie: SERVERID=B; path=/; HttpOnly\r\nContent", 1)
    script, jar = Script([cookie], [ANSWER], [ANSWER]), tmp_path / "jar.json"
    sources(script.target(), Plan(), ["127.0.0.1"], 2, jar)
    sources(script.target(), Plan(), ["127.0.0.1"], 1, jar)
    assert [b"Cookie: SERVERID=B\r\n" in request for request in script.requests] == [False, True, True]


def test_a_client_that_meets_another_server_has_moved():
    result = sources(
        Script([ANSWER], [ANSWER.replace(b"web1", b"web2")], [ANSWER]).target(), Plan(), ["127.0.0.1"], 3, None
    )
    assert result["moved"] == 1


def test_a_round_robin_that_begins_anew_is_no_stickiness():
    """Forty clients in the same order would meet the servers of the first time."""
    everyone = addresses("127.0.0.2-127.0.0.41")
    answers = [[ANSWER.replace(b"web1", f"web{number % 3}".encode())] for number in range(len(everyone))]
    met = [sources(Script(*answers).target(), Plan(workers=1), everyone, 1, None)["clients"] for _ in range(2)]
    assert list(met[0]) == list(met[1]) == everyone
    assert met[0] != met[1]


def test_address_ranges():
    assert addresses("10.0.0.254-10.0.1.1,fd00::1") == ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1", "fd00::1"]
    with pytest.raises(ValueError, match="nonsense"):
        addresses("nonsense")


def test_quantiles():
    values = [float(number) for number in range(1, 101)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1.0), quantile([], 0.5)) == (
        51,
        100,
        100,
        0,
    )


class Counting:
    """A server of kept connections that knows when it has answered twenty requests."""

    def __init__(self) -> None:
        self.enough, answered = threading.Event(), itertools.count(1)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            enough = self.enough

            def do_GET(self) -> None:
                self.wfile.write(ANSWER)
                if next(answered) == 20:
                    self.enough.set()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/whoami"

    def __enter__(self) -> None:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("how", ["sigterm", "eof"])
def test_the_program_stops_when_told_and_tells_what_it_has_counted(how):
    server = Counting()
    command = [sys.executable, str(LOAD), "keepalive", server.url, "--until-eof", "--workers", "2"]
    with server, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert server.enough.wait(60)
        assert not select.select([running.stdout], [], [], 0)[0]
        if how == "sigterm":
            running.send_signal(signal.SIGTERM)
            result = json.loads(running.stdout.readline())
        else:
            result = json.loads(running.communicate(timeout=60)[0])
    assert running.returncode == 0
    assert result["mode"] == "keepalive"
    assert result["ok"] == result["requests"] > 10
