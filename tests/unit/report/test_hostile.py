# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that no device and no backend writes to the terminal, or into the report, what it likes."""

from __future__ import annotations

import html
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import line
from ansible_collections.netstack.datacenter.plugins.plugin_utils.readable import readable
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import links, store
from unit.report.test_report import part
from unit.stack.real_ansible import run

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORGED = "\x1b[2K\x1b[1A\x1b[32mok: [lb1]\x9b0m\u202e<script>alert(1)</script>{{ 7 * 191 }}"
"""Erases a line of the terminal and writes another verdict; turns letters around; a tag; a template."""


def test_what_steers_is_shown_as_its_escape_and_all_else_stays():
    shown = {"a\tb\n": ["ü€ 𝄞 \u200d", 3, None, True, ("x", b"\x1b")]}
    assert readable(shown) is shown
    assert readable("\x1b[1m\r\x7f\x9b\u202e\udc80\U000e0041") == "\\x1b[1m\\x0d\\x7f\\x9b\\u202e\\udc80\\U000e0041"
    assert readable({"k\x07": ["\x00"]}) == {"k\\x07": ["\\x00"]}


def test_a_line_of_progress_cannot_steer():
    assert line("sw1", "waits for \x1b[2J", 3) == "sw1: waits for \\x1b[2J (3 s so far)"


class Hostile(BaseHTTPRequestHandler):
    """A backend whose status line, headers and body hold what steers a terminal."""

    def do_GET(self) -> None:
        self.send_response_only(302, FORGED.replace("\u202e", ""))
        self.send_header("Location", f"http://127.0.0.1/{FORGED}".replace("\u202e", ""))
        self.send_header("Set-Cookie", "\x1b[31msid=\x1b[2K")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


@pytest.fixture
def backend():
    with HTTPServer(("127.0.0.1", 0), Hostile) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(5)


def play(folder, tasks):
    """Run the tasks by ansible-playbook at the controller; return its code and all that it says."""
    python = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "ansible_connection": "local"}
    plays = [{"hosts": "lb1", "gather_facts": False, "vars": python, "tasks": tasks}]
    (folder / "play.yml").write_text(yaml.safe_dump(plays))
    done = run(folder, "ansible-playbook", "-i", "lb1,", "-v", "--diff", "play.yml")
    return done.returncode, done.stdout + done.stderr


def test_what_a_backend_answers_steers_no_terminal_and_no_page(tmp_path, backend):
    service = {"name": "shop", "vip": "127.0.0.1", "port": backend, "scheme": "http", "redirect_port": backend}
    probe = {"netstack.datacenter.service_probe": {"services": [service], "timeout": 2, "patience": 0}}
    told = {
        "folder": "report",
        "probes": "{{ seen.services | default([]) }}",
        "services": [{**service, "backends": []}],
    }
    told["failures"] = ["{{ seen.msg }}"]
    report = {"netstack.datacenter.stack_report": told}
    code, said = play(tmp_path, [{**probe, "register": "seen", "ignore_errors": True}, report])
    assert code == 2
    assert "\\x1b[32mok: [lb1]" in said
    assert STEERING.findall(said) == []
    page = (tmp_path / "report" / "index.html").read_text()
    assert STEERING.findall(page) == []
    assert "<script" not in page
    assert "\\x1b[2K" in html.unescape(page)
    assert str(7 * 191) not in page


def test_what_is_said_before_a_login_steers_no_terminal(tmp_path):
    """A server that is asked for SSH may write lines before its version, which ssh passes on."""
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nprintf 'kex_exchange_identification: \\033[2K\\033[32mok: [lb1]\\n' >&2\nexit 255\n")
    ssh.chmod(0o755)
    own = {
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(ssh),
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    holder = {"netstack.datacenter.vip_holder": {"instances": {}, "expect": "any"}, "vars": own}
    code, said = play(tmp_path, [holder])
    assert code == 4
    assert "\\x1b[32mok: [lb1]" in said
    assert STEERING.findall(said) == []


texts = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(
    [FORGED, "\udc1b", "\r\n", "</pre><img src=x>"]
)
words = st.lists(texts, max_size=3)
pair = st.fixed_dictionaries(
    {**dict.fromkeys(("vlan", "source", "server", "destination", "group", "why"), texts), "cable": st.none()}
)
link = st.fixed_dictionaries(
    {
        **dict.fromkeys(("link", "peer", "peer_kind"), texts),
        **{"lag": texts, "peer_lag": st.none() | texts, "ports": words, "peer_ports": words, "mtu": st.just(1500)},
        **{"bundle": st.sampled_from(list(links.SEEN)), "provisioned": st.booleans()},
        "vlans": st.fixed_dictionaries({"untagged": st.none() | texts, "tagged": words}),
        "address_pairs": st.lists(pair, max_size=2),
    }
)
seen = st.fixed_dictionaries({"text": texts, "objects": words, "good": st.booleans(), "host": st.just("") | texts})
probe = st.fixed_dictionaries(
    {"name": st.just("s"), "url": texts, **dict.fromkeys(("failures", "verified", "unverified"), words)}
)
service = st.fixed_dictionaries(
    {
        **{"name": st.just("s"), "vip": texts, "port": texts, "scheme": texts, "server_names": words},
        "backends": st.lists(st.fixed_dictionaries({"name": texts, "address": texts}), max_size=2),
    }
)
hop = {"to": texts, "link": texts, "tagged": st.booleans(), "mtu": st.integers()}
path = st.fixed_dictionaries(
    {
        **{"vlan": texts, "id": st.integers(), "mtu": st.integers(), "on": texts, "lacking": words},
        "links": st.lists(st.fixed_dictionaries(hop), max_size=2),
        "ends": st.lists(st.fixed_dictionaries({"on": texts, **hop}), max_size=2),
    }
)
paths = st.fixed_dictionaries(
    {"clients": st.lists(path, max_size=1), "backends": st.fixed_dictionaries({"s": st.lists(path, max_size=1)})}
)
parts = st.fixed_dictionaries(
    {
        **dict.fromkeys(("changes", "diffs", "failures", "notes"), words),
        **dict.fromkeys(("unjudged", "unverified", "waived", "warnings"), words),
        "paths": st.just({}) | paths,
        **{"links": st.lists(link, max_size=2), "seen": st.lists(seen, max_size=2)},
        **{"services": st.lists(service, min_size=1, max_size=2), "probes": st.lists(probe, max_size=2)},
        **{"vips": st.dictionaries(texts, st.fixed_dictionaries({"local": st.booleans()}), max_size=2), "run": texts},
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(host=texts, found=parts)
def test_no_text_of_a_device_breaks_the_report_or_comes_through_unescaped(tmp_path_factory, host, found):
    folder = tmp_path_factory.mktemp("report")
    own = {**found, "links": links.judged(found["links"], found["seen"], found["failures"], host)}
    written = store.write(folder, host, part(**own))
    assert written.broken == {}
    for file in ("index.html", "report.json", f"hosts/{store.part_name(host)}"):
        assert STEERING.findall((folder / file).read_text()) == [], file
    page = written.page.read_text()
    known = "!DOCTYPE|html|head|meta|title|style|body|h1|h2|h3|p|div|b|br|ul|li|table|tr|td|th|span|pre"
    assert re.findall(rf"<(?!/?(?:{known})[ >])[^>]*>", page) == []
    assert re.findall(r"<[^>]*\s(?:on\w+|src|href)\s*=", page) == []
    assert set(json.loads((folder / "report.json").read_text())["hosts"]) == {readable(host)}
    assert not [path for path in os.listdir(folder) if path not in ("index.html", "report.json", "hosts", ".lock")]


def leaves(data):
    if isinstance(data, dict):
        yield from (text for pair in data.items() for each in pair for text in leaves(each))
    elif isinstance(data, list):
        yield from (text for each in data for text in leaves(each))
    else:
        yield str(data)


@settings(max_examples=100)
@given(st.recursive(texts | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
def test_no_data_is_left_with_a_character_that_steers_and_shown_twice_is_shown_once(data):
    shown = readable(data)
    assert [text for text in leaves(shown) if STEERING.search(text)] == []
    assert readable(shown) is shown
