# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what becomes of a kept connection that is idle when HAProxy reloads: none is closed under a request.

In place it ends with its next answer, which says so. Before a VIP moves it is ended where its client asks nothing more.
"""

from __future__ import annotations

import subprocess
import time

import pytest
from conftest import INVENTORY, TOPOLOGY, inside
from reloads import let_haproxy

from podman import as_root
from topology import load as load_topology
from traffic.remote import CA_FILE
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("stress")

CLIENT = """
import http.client, socket, ssl, sys
name, vip, ca = sys.argv[1:]
tls = ssl.create_default_context(cafile=ca)
kept = http.client.HTTPSConnection(name, context=tls, timeout=60)
kept.sock = tls.wrap_socket(socket.create_connection((vip, 443), 60), server_hostname=name)
for line in sys.stdin:
    if line == "ask\\n":
        kept.request("GET", "/whoami")
        answer = kept.getresponse()
        answer.read()
        print(answer.status, answer.getheader("connection") or "kept", flush=True)
    else:
        print("closed" if not kept.sock.recv(1) else "more", flush=True)
"""


class Kept:
    """One connection of a client to the service `shop` that is not opened again."""

    def __init__(self):
        shop = SiteCopy(INVENTORY, "idle").site["services"]["shop"]
        client = load_topology(TOPOLOGY).container("client")
        words = ["python3", "-c", CLIENT, shop["server_names"][0], shop["vip"], CA_FILE]
        self.process = subprocess.Popen(
            as_root(["podman", "exec", "-i", client, *words]), stdin=-1, stdout=-1, text=True, bufsize=1
        )

    def does(self, what):
        self.process.stdin.write(f"{what}\n")
        return self.process.stdout.readline().strip()


@pytest.fixture
def kept(lab):
    """A client that has had one answer over HTTP/1.1."""
    client = Kept()
    assert client.does("ask") == "200 kept"
    yield client
    client.process.stdin.close()
    client.process.wait(60)


def test_an_idle_connection_has_one_more_answer_after_a_reload(kept):
    for node in ("lb1", "lb2"):
        inside(node, "systemctl", "reload", "haproxy")
    # systemctl comes back before the new worker has told the old one to end; between the looks the connection is idle.
    answers = ["200 kept"]
    while answers[-1] == "200 kept" and len(answers) < 60:
        time.sleep(0.5)
        answers.append(kept.does("ask"))
    assert answers[-1] == "200 close", answers


def test_one_that_stays_idle_is_ended_before_its_vip_moves(kept):
    told = {node: let_haproxy(node, "draining") for node in ("lb1", "lb2")}
    assert kept.does("wait for its end") == "closed"
    assert sum(one["ended"] for one in told.values()) >= 1, told
    for node in told:
        let_haproxy(node, "serving")
