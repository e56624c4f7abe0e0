# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that a user wrote are put where HAProxy evaluates them, and stay what they were: nothing else is reordered."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.lines import Line, classed, in_order

from .haproxy_builders import rendered, web


def ordered(*raw: str) -> list[str]:
    return [line.text for line in in_order(classed([Line(text) for text in raw]))]


def section(head: str, configuration: dict[str, Any]) -> list[str]:
    """Return the lines of a section of a rendered configuration."""
    text = rendered(configuration).main
    return [line.strip() for line in text.split(f"\n{head} from netstack\n")[1].split("\n\n")[0].splitlines()]


def test_rules_are_in_the_order_of_their_evaluation_and_keep_their_own_within_a_kind() -> None:
    assert ordered(
        "http-request deny if b",
        "use_backend x if a",
        "acl b path /b",
        "http-request allow",
        "tcp-request content accept if HTTP",
        "tcp-request connection reject if a",
        "acl a src 10.0.0.1",
        "timeout client 1s",
    ) == [
        "acl b path /b",
        "acl a src 10.0.0.1",
        "tcp-request connection reject if a",
        "tcp-request content accept if HTTP",
        "http-request deny if b",
        "http-request allow",
        "use_backend x if a",
        "timeout client 1s",
    ]


def test_what_has_no_place_of_its_own_keeps_its_order() -> None:
    lines = [
        "filter compression",
        "compression algo gzip",
        "stick-table type ip size 1k",
        "option httpchk",
        "http-check connect port 80",
        "http-check send uri /",
        "stats enable",
        "no option httplog",
        "capture request header Host len 10",
        "monitor-uri /alive",
    ]
    assert ordered(*lines) == lines


def test_a_comment_stays_above_its_line() -> None:
    assert ordered("use_backend x", "# why", "", "acl a src 10.0.0.1", "# the end") == [
        "# why",
        "",
        "acl a src 10.0.0.1",
        "use_backend x",
        "# the end",
    ]


def test_a_conditional_block_is_moved_as_a_whole() -> None:
    block = [".if feature(LUA)", "http-request lua.one", ".if streq(a,b)", "timeout client 1s", ".endif", ".endif"]
    assert ordered("use_backend x", *block, "acl a src 10.0.0.1") == ["acl a src 10.0.0.1", *block, "use_backend x"]


def test_from_the_head_of_a_section_of_ones_own_on_nothing_is_moved() -> None:
    tail = ["frontend mine", "use_backend x", "http-request deny", "acl a src 10.0.0.1"]
    assert ordered("use_backend y", "acl b src 10.0.0.2", *tail) == ["acl b src 10.0.0.2", "use_backend y", *tail]


def test_no_line_is_lost_or_made_whatever_the_order() -> None:
    dice = random.Random(14)
    pool = ["# c", "", ".if x", ".endif", "acl a src 10.0.0.1", "http-request deny", "server a :1", "backend b", "x y"]
    for _round in range(500):
        raw = [dice.choice(pool) for _line in range(dice.randint(0, 12))]
        assert sorted(ordered(*raw)) == sorted(raw)


def test_what_holds_for_servers_stands_before_them() -> None:
    lines = section("backend web", web(raw=["default-server slowstart 30s", "option abortonclose"]))
    assert lines[-3:] == [
        "default-server slowstart 30s",
        "server web1 10.0.10.21:80 weight 100 check",
        "option abortonclose",
    ]


def test_beside_servers_of_its_own_it_stays_with_these() -> None:
    raw = ["default-server slowstart 30s", "server-template t 2 a.test:80"]
    assert section("backend web", web(raw=raw))[-3:] == ["server web1 10.0.10.21:80 weight 100 check", *raw]


@pytest.mark.parametrize("key", ["metrics", "health"])
def test_on_the_own_listeners_rules_of_the_user_come_before_the_one_that_ends_all(key: str) -> None:
    own = {"address": "127.0.0.1", "port": 9101} if key == "metrics" else {}
    lines = section(f"frontend netstack-{key}", {**web(), key: {**own, "raw": ["http-request auth if { src ::1 }"]}})
    assert lines.index("http-request auth if { src ::1 }") < lines.index("http-request deny deny_status 404")
