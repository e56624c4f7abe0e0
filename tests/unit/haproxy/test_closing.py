# SPDX-License-Identifier: GPL-3.0-or-later
"""Before a VIP moves, connections are asked to end: never those that ask to be kept, and never beyond the run."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.closing import (
    Drain,
    Left,
    closing,
    listeners_of,
    under_way,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import declared_digest
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.service import NotLoadedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.master import Processes
from ansible_collections.netstack.datacenter.plugins.modules.haproxy_drain import serving

from .haproxy_builders import CASES, rendered, web

SERVERS = [{"name": "a", "address": "10.0.0.1", "port": 80}]
UNTIL = 1_800_000_000
RULE = "http-after-response set-header connection close if { date lt 1800000000 }"
SESSION = "0x7f{n:010d}: proto=tcpv4 src=127.0.0.1:42766 fe={fe} be=web srv=a ts=00 epoch=0 age=1s calls=3\n"


def service(name: str, **frontend: Any) -> dict[str, Any]:
    tls = {"certificates": ["/etc/a.pem"], "alpn": ["h2", "http/1.1"]}
    bind = {"address": "192.0.2.100", "port": 443 + len(name), "tls": tls}
    front = {"binds": [bind], "default_backend": name, **frontend}
    return {name: {"frontends": {name: front}, "backends": {name: {"servers": SERVERS}}}}


def text_of(*services: dict[str, Any], **more: Any) -> str:
    return rendered({"services": {name: one for each in services for name, one in each.items()}}, **more).main


def test_a_service_closes_each_connection_and_offers_no_http2() -> None:
    text = text_of(service("shop"))
    closed = closing(text, UNTIL)
    assert (closed.closed, closed.kept) == (["shop"], [])
    lines = closed.text.splitlines()
    assert lines[lines.index("frontend shop from netstack") + 1] == f"    {RULE}"
    assert lines.count(f"    {RULE}") == 1
    assert "alpn http/1.1" in closed.text
    assert "h2" not in closed.text
    assert declared_digest(closed.text) not in ("", declared_digest(text))


@pytest.mark.parametrize(
    "asked",
    [
        {"timeouts": {"http_keep_alive": "5m"}},
        {"options": ["http-keep-alive"]},
        {"raw": ["option http-server-close"]},
        {"raw": ["no option httpclose"]},
    ],
)
def test_what_asks_for_kept_connections_is_only_waited_for(asked: dict[str, Any]) -> None:
    closed = closing(text_of(service("owa", **asked), service("shop")), UNTIL)
    assert (closed.closed, closed.kept) == (["shop"], ["owa"])
    assert RULE not in closed.text.partition("# conf.d/owa.cfg")[2].partition("# conf.d/")[0]


def test_so_is_what_is_named_what_speaks_no_http_and_what_is_not_ours() -> None:
    mail = {"mail": {"listens": {"mail": {"mode": "tcp", "binds": [{"address": "*", "port": 25}], "servers": SERVERS}}}}
    foreign = {"mine.cfg": "frontend mine\n    mode http\n    bind *:9100\n"}
    text = text_of(service("shop"), service("intranet"), mail, foreign=foreign)
    closed = closing(text, UNTIL, ["intranet"])
    assert (closed.closed, closed.kept) == (["shop"], ["intranet", "mail"])
    assert closed.text.count(RULE) == 1
    assert listeners_of(text) == {"shop", "intranet", "mail", "mine"}


@pytest.mark.parametrize(
    ("site", "kept"), [("exchange2010", ["exchange"]), ("exchange2016", ["exchange_mail", "exchange_web"])]
)
def test_no_profile_of_exchange_is_ever_closed(site: str, kept: list[str]) -> None:
    text = (CASES.parents[1] / "stack" / "golden" / site / "lb1.haproxy.cfg").read_text()
    assert closing(text, UNTIL)[1:] == ([], kept)


def test_only_requests_of_services_are_counted() -> None:
    told = "".join(SESSION.format(n=n, fe=fe) for n, fe in enumerate(["web", "GLOBAL", "netstack-health", "web"]))
    assert under_way(told, {"web"}) == 2
    assert under_way("", {"web"}) == 0


class Running:
    """A HAProxy: what it runs, how many requests are under way in its workers, each time that it is asked."""

    def __init__(self, text: str) -> None:
        self.text, self.admin, self.master = text, self, self
        self.now: list[int] = []
        self.old: list[int] = []
        self.idle: list[int] = []
        self.ended: list[tuple[int, int]] = []
        self.refuses = ""
        self.loaded: list[str] = []

    def running_digest(self) -> str:
        return declared_digest(self.text)

    def reload(self, _before: str, after: str) -> None:
        if self.refuses:
            raise NotLoadedError(self.refuses)
        self.text = after
        self.loaded.append(after)

    def ask(self, command: str) -> str:
        left = self.old if command.startswith("@!7 ") else self.now
        if command.endswith("show info"):
            return f"Pid: 7\nCurrConns: {self.idle.pop(0) if self.idle else 0}\n"
        return SESSION.format(n=1, fe="web") * (left.pop(0) if left else 0)

    def processes(self) -> Processes:
        return Processes(1, 1, 0, (8,), (7,))


@pytest.fixture
def running(tmp_path: Path) -> tuple[Running, Drain, Path]:
    main = tmp_path / "haproxy.cfg"
    main.write_text(rendered(web()).main)
    one = Running(main.read_text())
    drain = Drain(one, str(main), lambda _seconds: None, lambda *told: one.ended.append(told))  # type: ignore[arg-type]
    return one, drain, main


def test_it_closes_by_a_reload_that_leaves_the_file_and_serves_by_another(
    running: tuple[Running, Drain, Path],
) -> None:
    one, drain, main = running
    declared = main.read_text()
    planned = drain.plan([], 600)
    assert planned
    assert drain.close(planned) == ""
    until = re.search(r"connection close if { date lt (\d+) }", one.text)
    assert until
    assert 500 < int(until.group(1)) - time.time() <= 600
    assert main.read_text() == declared
    assert drain.serve() == ""
    assert one.text == declared
    assert drain.serve() == ""
    assert one.loaded == [planned.text, declared]


def test_a_reload_that_is_refused_is_told_and_leaves_the_file(running: tuple[Running, Drain, Path]) -> None:
    one, drain, main = running
    declared, one.refuses = main.read_text(), "no worker"
    planned = drain.plan([], 600)
    assert planned
    assert drain.close(planned) == "no worker"
    assert (main.read_text(), one.text) == (declared, declared)
    one.text = planned.text
    assert drain.serve() == "no worker"


def test_a_file_that_was_edited_or_does_not_run_is_not_loaded(running: tuple[Running, Drain, Path]) -> None:
    one, drain, main = running
    declared = main.read_text()
    main.write_text(declared + "frontend mine\n    bind *:9100\n")
    assert drain.plan([], 600) is None
    main.write_text(declared)
    one.text = ""
    assert drain.plan([], 600) is None


class Module:
    """What haproxy_drain is given by Ansible."""

    check_mode = False

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.mark.parametrize(("old", "left"), [([2], 2), ([], 0)])
def test_what_a_move_has_cut_is_counted_after_it(
    running: tuple[Running, Drain, Path], old: list[int], left: int
) -> None:
    """By the worker that ends, before the former configuration is loaded again."""
    one, drain, main = running
    planned = drain.plan([], 600)
    assert planned
    drain.close(planned)
    one.old, module = old, Module()
    assert serving(module, drain) == {"left": left}  # type: ignore[arg-type]
    told = [f"{left} requests were under way when the VIPs had moved; those of VIPs that left this node are cut"]
    assert module.warnings == (told if left else [])
    assert one.loaded == [planned.text, main.read_text()]


def test_it_waits_for_the_workers_that_end_too(running: tuple[Running, Drain, Path]) -> None:
    one, drain, _main = running
    one.now, one.old = [2, 1, 0, 0], [3, 1, 1, 0]
    assert drain.wait(0, 60).requests == 0
    assert (one.now, one.old) == ([], [])
    one.now, one.old = [2], [3]
    assert drain.requests() == 5
    one.now = [2, 1]
    assert drain.wait(2, 60) == Left(0.0, 2)


def test_what_does_not_end_in_time_is_counted(running: tuple[Running, Drain, Path]) -> None:
    one, drain, _main = running
    one.old = [5, 5]
    assert drain.wait(0, 0).requests == 5


def test_it_waits_until_idle_connections_have_had_their_last_answer(running: tuple[Running, Drain, Path]) -> None:
    one, drain, _main = running
    one.old, one.idle = [0, 1, 0], [2, 2, 0]
    assert drain.wait(0, 60) == Left(0.0, 0)
    assert (one.old, one.idle) == ([], [])
    assert drain.end_idle() == 0
    assert one.ended == []


def test_those_that_stay_idle_are_ended_while_the_address_is_still_there(running: tuple[Running, Drain, Path]) -> None:
    one, drain, _main = running
    one.idle = [3, 3]
    assert drain.wait(0, 0) == Left(0.0, 0, 3)
    assert drain.end_idle() == 3
    assert one.ended == [(7, signal.SIGTERM)]


@pytest.mark.parametrize(("now", "old"), [(1, 0), (0, 1)])
def test_no_request_is_cut_to_end_idle_connections(running: tuple[Running, Drain, Path], now: int, old: int) -> None:
    one, drain, _main = running
    one.now, one.old, one.idle = [now], [old], [3]
    assert drain.end_idle() == 0
    assert one.ended == []
