# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nodes share their stick tables by TLS, and whoever cannot show a certificate of their CA writes no row."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority

from .peers_lab import NOW, TABLE, Pair, await_true, has_learned, impostor_hears, stranger_writes

OURS, OTHERS = authority.make("edge", NOW), authority.make("inner", NOW)
CLIENT = "203.0.113.9"
STRANGERS = {"no certificate": "", "a certificate of another pair": OTHERS}


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Return a pair with a folder and a port of its own."""
    return Pair(tmp_path, monkeypatch)


def shows(folder: Path, ca: str, name: str = "lb2", protocol: int = ssl.PROTOCOL_TLS_CLIENT) -> ssl.SSLContext:
    """Return an end that believes everybody and shows a certificate of the CA for a node, or none."""
    context = ssl.SSLContext(protocol)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ca:
        leaf = folder / "stranger.pem"
        leaf.write_text(authority.issue(authority.read(ca, "a CA", NOW), name, NOW).text)
        context.load_cert_chain(leaf)
    return context


@pytest.mark.parametrize("ca", ["", OURS], ids=["plain", "TLS"])
def test_what_one_node_learns_the_other_knows(pair: Pair, ca: str) -> None:
    with pair.running("lb1", ca, "3.0") as lb1, pair.running("lb2", ca, "2.6") as lb2:
        lb2(f"set table {TABLE} key {CLIENT} data.server_id 2")
        await_true(lambda: f"key={CLIENT}" in lb1(f"show table {TABLE}"), "lb1 to know what lb2 learned")
        lb1(f"set table {TABLE} key 203.0.113.8 data.server_id 1")
        await_true(lambda: "key=203.0.113.8" in lb2(f"show table {TABLE}"), "lb2 to know what lb1 learned")


@pytest.mark.parametrize("release", ["2.6", "3.0"])
def test_in_plain_text_whoever_says_a_nodes_name_steers_clients(pair: Pair, release: str) -> None:
    """This is why there is TLS, and shows that the stranger of the next test could write."""
    with pair.running("lb1", "", release) as lb1:
        assert stranger_writes(pair.port, None, CLIENT, 2) == "200"
        await_true(lambda: f"key={CLIENT}" in lb1(f"show table {TABLE}"), "the stranger's row")
        assert "server_id=2" in lb1(f"show table {TABLE}")


@pytest.mark.parametrize("release", ["2.6", "3.0"])
@pytest.mark.parametrize("ca", STRANGERS.values(), ids=STRANGERS)
def test_with_a_ca_a_stranger_writes_nothing(pair: Pair, tmp_path: Path, ca: str, release: str) -> None:
    with pair.running("lb1", OURS, release) as lb1:
        assert stranger_writes(pair.port, shows(tmp_path, ca), CLIENT, 2) == ""
        assert stranger_writes(pair.port, None, CLIENT, 2) == ""
        assert stranger_writes(pair.port, shows(tmp_path, OURS), "203.0.113.8", 2) == "200"
        await_true(lambda: "key=203.0.113.8" in lb1(f"show table {TABLE}"), "the row of a node")
        assert "used:1" in lb1(f"show table {TABLE}")


@pytest.mark.parametrize("release", ["2.6", "3.0"])
def test_a_node_says_nothing_to_a_stranger_in_the_other_nodes_place(pair: Pair, tmp_path: Path, release: str) -> None:
    with pair.running("lb1", OURS, release):
        assert impostor_hears(pair.port, shows(tmp_path, OTHERS, "lb2", ssl.PROTOCOL_TLS_SERVER)) == ""
        assert impostor_hears(pair.port, shows(tmp_path, OURS, "lb3", ssl.PROTOCOL_TLS_SERVER)) == ""
        assert impostor_hears(pair.port, shows(tmp_path, OURS, "lb2", ssl.PROTOCOL_TLS_SERVER)) == "HAProxyS 2.1"


@pytest.mark.all_only(
    "a process learns for ten seconds before it hands its rows on; what is rendered is tested each time"
)
@pytest.mark.parametrize("release", ["2.6", "3.0"])
@pytest.mark.parametrize(("ca", "kept"), [(OURS, True), ("", False)], ids=["renewed", "from plain text"])
def test_rows_survive_a_reload_with_a_new_certificate_and_not_the_change_to_tls(
    pair: Pair, ca: str, kept: bool, release: str
) -> None:
    with pair.running("lb1", ca, release) as lb1:
        await_true(lambda: has_learned(lb1("show peers")), "lb1 to have learned what there is")
        lb1(f"set table {TABLE} key {CLIENT} data.server_id 2")
        with pair.reloaded("lb1", OURS, release) as again:
            await_true(lambda: has_learned(again("show peers")), "the next process to have learned what there is")
            assert (f"key={CLIENT}" in again(f"show table {TABLE}")) is kept
