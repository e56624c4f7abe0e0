# SPDX-License-Identifier: GPL-3.0-or-later
"""A node keeps the certificate by which its peers know it while that is good, and tells of what cuts them off."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import peers
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    Outcome,
    RejectedError,
    shown,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import declared_digest
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import on_disk
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.peers import for_node

from .peers_lab import HOSTS, NOW
from .test_deploy import NOT_THERE, RUNNING, FakeHost, parameters
from .test_taken_back import FakeService, deployment

OURS, OTHERS = (authority.make(name, NOW - timedelta(days=600)) for name in ("edge", "inner"))


class Node:
    """A node on which runs happen, in a folder."""

    def __init__(self, folder: Path, etc: Path) -> None:
        self.folder, self.main = folder, etc / "haproxy.cfg"
        self.leaf, self.authority = etc / "peers" / "edge.pem", etc / "peers" / "edge.ca"
        self.host = FakeHost(RUNNING, "")
        self.loads: list[str] = []

    def run(self, ca: str = OURS, when: datetime = NOW, *, predict: bool = False, **more: Any) -> Outcome:
        """Run the role with a CA, or without one, as it is issued from at a moment."""
        group = {"hosts": HOSTS, **({"ca_secret": "edge_peers"} if ca else {})}
        wanted = parameters(peers={"edge": group}, secrets={"edge_peers": ca}, **more)
        service = FakeService(digest=declared_digest(on_disk(str(self.main))))
        made = deployment(self.folder, self.host, service, predict)
        outcome = made.present(wishes_from({**wanted, **for_node(wanted, when)}))
        self.loads += service.loaded
        return outcome


@pytest.fixture
def node(tmp_path: Path, etc: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """Return a node that has a plain configuration of ours, with its folders below ``tmp_path``."""
    monkeypatch.setattr(peers, "FOLDER", str(etc / "peers"))
    made = Node(tmp_path, etc)
    made.run("")
    made.loads.clear()
    return made


def names(outcome: Outcome) -> list[str]:
    return [Path(change.wanted.path).name for change in outcome.changes]


def test_check_mode_predicts_what_a_run_writes_and_writes_nothing(node: Node) -> None:
    predicted = node.run(predict=True)
    assert not node.leaf.exists()
    made = node.run()
    assert names(predicted) == names(made) == ["edge.ca", "edge.pem", "haproxy.cfg"]
    assert (predicted.actions, made.actions) == (["reload"], ["reload"])
    assert [file.stat().st_mode & 0o777 for file in (node.leaf, node.authority)] == [0o600, 0o600]


def test_haproxy_judges_the_files_before_they_are_in_place(node: Node) -> None:
    node.run(predict=True)
    assert node.host.stood_in == [str(node.authority), str(node.leaf)]


def test_a_second_run_keeps_what_is_good_though_another_is_issued_each_time(node: Node) -> None:
    node.run()
    kept = node.leaf.read_bytes()
    assert (node.run(predict=True).changed, node.run().changed) == (False, False)
    assert node.leaf.read_bytes() == kept


@pytest.mark.parametrize(("days", "renewed"), [(364, False), (366, True)])
def test_it_is_renewed_by_a_reload_once_less_than_a_year_is_left(node: Node, days: int, renewed: bool) -> None:
    node.run(when=NOW - timedelta(days=days))
    predicted, made = node.run(predict=True), node.run()
    assert names(predicted) == names(made) == (["edge.pem"] if renewed else [])
    assert predicted.actions == made.actions == (["reload"] if renewed else [])
    assert predicted.notes == ([f"reload: {node.leaf} is replaced"] if renewed else [])
    assert not node.run().changed


def test_a_ca_that_ends_soon_makes_no_run_renew_for_nothing(node: Node) -> None:
    ends = NOW + timedelta(days=100)
    old = authority.make("edge", ends - timedelta(days=authority.AUTHORITY_DAYS))
    assert node.run(old).changed
    assert not node.run(old).changed


def issued(ca: str, name: str) -> str:
    return authority.issue(authority.read(ca, "a CA", NOW), name, NOW).text


def broken(node: Node, how: str) -> None:
    """Spoil the node's certificate."""
    certificate, _begin, _key = node.leaf.read_text().partition("-----BEGIN PRIV")
    _certificate, begin, key = issued(OURS, "lb1").partition("-----BEGIN PRIV")
    texts = {
        "another's CA": issued(OTHERS, "lb1"),
        "another's name": issued(OURS, "lb2"),
        "another's key": certificate + begin + key,
        "no certificate": "by hand\n",
    }
    node.leaf.write_text(texts[how])


@pytest.mark.parametrize("how", ["another's CA", "another's name", "another's key", "no certificate"])
def test_what_no_peer_would_accept_is_replaced(node: Node, how: str) -> None:
    node.run()
    broken(node, how)
    assert names(node.run()) == ["edge.pem"]
    assert peers.remaining(str(node.leaf), ssl_text(OURS), "lb1") > peers.RENEWAL


def ssl_text(ca: str) -> str:
    return authority.read(ca, "a CA", NOW).text


def test_a_certificate_that_has_ended_is_accepted_for_no_more_time(node: Node) -> None:
    ended = NOW - timedelta(days=authority.LEAF_DAYS + 2)
    old = authority.make("edge", ended)
    node.run(old, ended)
    assert peers.remaining(str(node.leaf), ssl_text(old), "lb1") == 0


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [("", OURS, "TLS"), (OURS, "", "plain text"), (OURS, OTHERS, "another CA"), (OURS, OURS, ""), ("", "", "")],
    ids=["to TLS", "to plain text", "to another CA", "TLS as before", "plain as before"],
)
def test_what_cuts_the_nodes_off_from_each_other_is_told(node: Node, before: str, after: str, what: str) -> None:
    node.run(before)
    notes = node.run(after, predict=True).notes
    told = f"peers edge change to {what}: stick tables do not travel until lb1 and lb2 have both changed"
    assert [note.partition(", and")[0] for note in notes if "stick tables" in note] == ([told] if what else [])


def test_a_group_that_is_new_cuts_nobody_off(node: Node) -> None:
    node.main.write_text("# by hand\n")
    assert [note for note in node.run(predict=True).notes if "stick tables" in note] == []


def test_without_its_ca_a_group_leaves_no_file(node: Node) -> None:
    node.run()
    assert sorted(names(node.run(""))) == ["edge.ca", "edge.pem", "haproxy.cfg"]
    assert not node.leaf.exists()


def test_a_file_of_another_hand_stays(node: Node) -> None:
    node.run()
    other = node.leaf.with_name("mine.pem")
    other.write_text("by hand\n")
    node.run("")
    assert other.read_text() == "by hand\n"


def test_no_diff_shows_a_key(node: Node) -> None:
    said = str(shown(node.run()))
    assert "lb1 among the peers edge, until " in said
    keys = node.leaf.read_text().partition("PRIVATE KEY-----\n")[2].splitlines()[:2]
    assert [line for line in keys if line in said] == []
    assert "PRIVATE KEY" not in said


def test_a_rollback_takes_the_files_away_with_the_configuration_that_named_them(node: Node) -> None:
    node.run()
    deployment(node.folder, node.host, FakeService(), predict=False).restored()
    assert not node.leaf.exists()
    assert " ca-file " not in node.main.read_text()


def test_a_rollback_to_tls_lets_haproxy_judge_the_files_that_come_back(node: Node) -> None:
    node.run()
    node.run("")
    deployment(node.folder, node.host, FakeService(), predict=False).restored()
    assert node.host.stood_in == [str(node.authority), str(node.leaf)]
    assert peers.remaining(str(node.leaf), ssl_text(OURS), "lb1") > peers.RENEWAL


def test_the_roles_end_leaves_nothing_of_it(node: Node) -> None:
    node.run()
    deployment(node.folder, FakeHost(NOT_THERE, ""), FakeService(), predict=False).absent()
    assert not node.leaf.parent.exists()


def test_the_module_alone_refuses_a_ca_from_which_nothing_was_issued(node: Node) -> None:
    wanted = parameters(peers={"edge": {"hosts": HOSTS, "ca_secret": "edge_peers"}})
    made = deployment(node.folder, node.host, FakeService(), predict=True)
    with pytest.raises(RejectedError, match=r"peers.edge.ca_secret: no certificate was issued for this node"):
        made.present(wishes_from(wanted))
