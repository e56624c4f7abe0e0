# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of HAProxy's health believes an answer of 200, of HAProxy alone, and on its own listener."""

from __future__ import annotations

import os
import socket
import subprocess
import threading

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.health import render_check
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import Health

OWN, STRANGER = os.getuid(), os.getuid() + 1


def check(tmp_path, port, **more):
    """Run the rendered check against a port, whose listener ``owner`` must have opened; return its exit status."""
    script = tmp_path / "check"
    script.write_text(render_check(Health(port=port, **{"owner": OWN, **more})))
    return subprocess.run(["bash", str(script)], capture_output=True, timeout=20, check=False).returncode


@pytest.fixture
def listener():
    """Return what listens, answers every request with 200 and returns its port."""
    sockets = []

    def answer(client):
        with client:
            if client.recv(999):
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    def serve(server):
        while True:
            try:
                client, _address = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    def start(address, port=0, family=socket.AF_INET, dual=False):
        server = socket.create_server((address, port), family=family, dualstack_ipv6=dual)
        sockets.append(server)
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        return server.getsockname()[1]

    yield start
    for server in sockets:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def test_it_asks_for_http_and_believes_only_200(tmp_path, http_server):
    assert check(tmp_path, http_server(200)) == 0
    assert check(tmp_path, http_server(503)) != 0


def test_it_fails_where_nobody_listens(tmp_path, closed_port):
    assert check(tmp_path, closed_port) != 0


def test_it_fails_for_a_program_that_accepts_and_says_nothing(tmp_path, silent_port):
    assert check(tmp_path, silent_port) != 0


def test_it_believes_nobody_else_who_answers_on_the_port_while_haproxy_is_down(tmp_path, listener):
    assert check(tmp_path, listener("127.0.0.1"), owner=STRANGER) != 0


@pytest.mark.parametrize(
    ("bound", "asked"),
    [
        ({"address": "0.0.0.0"}, "127.0.0.1"),
        ({"address": "::", "family": socket.AF_INET6, "dual": True}, "127.0.0.1"),
        ({"address": "::1", "family": socket.AF_INET6}, "::1"),
        ({"address": "::", "family": socket.AF_INET6}, "::1"),
    ],
)
def test_a_listener_of_any_address_counts_too(tmp_path, listener, bound, asked):
    port = listener(**bound)
    assert check(tmp_path, port, address=asked) == 0
    assert check(tmp_path, port, address=asked, owner=STRANGER) != 0


def test_a_listener_of_another_address_and_connections_on_the_port_decide_nothing(tmp_path, listener):
    port = listener("127.0.0.1")
    listener("127.0.0.2", port)
    with socket.create_connection(("127.0.0.1", port)):
        assert check(tmp_path, port) == 0


def test_a_listener_is_found_among_many(tmp_path, listener):
    """More listeners than are read at a time, with the port's own ones among them anywhere."""
    for number in range(300):
        listener(f"127.0.1.{number % 250 + 1}")
    assert all(check(tmp_path, listener("127.0.0.1")) == 0 for _time in range(5))
