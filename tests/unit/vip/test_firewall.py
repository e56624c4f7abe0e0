# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a pair lets in what its nodes say to one another, from them alone, and touches nothing else."""

from __future__ import annotations

import functools
import getpass
import grp
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service import transaction as engine
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import RejectedError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip import firewall_host as subject
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.firewall import declared, render_rules
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError
from ansible_collections.netstack.datacenter.plugins.modules import vip_firewall as module

from .vip_builders import instance, instance6

GOLDEN = Path(__file__).parent / "golden" / "pair.nft"


def parameters(**more):
    """Return the module's parameters for a pair with both families."""
    return {
        "instances": {"web4": instance(), "web6": instance6()},
        "health": {},
        "peer_health": [{"address": "10.0.0.12", "port": 8405}],
        "peers": [],
        "ports": [10000],
        **more,
    }


def rules(**more):
    """Return the rendered file."""
    return render_rules(declared(parameters(**more)))


def test_the_rules_are_the_golden_ones(golden):
    golden(GOLDEN, rules())


def test_only_the_pairs_protocols_are_ever_dropped():
    dropped = [line.strip() for line in rules().splitlines() if line.endswith("drop")]
    assert dropped == ["meta l4proto 112 drop", "tcp dport { 8405, 10000 } drop"]


def test_the_digest_tells_one_set_of_rules_from_another():
    digests = {
        re.search(r"netstack (\w{16})", text)[1] for text in (rules(), rules(ports=[]), rules(peers=["10.0.0.13"]))
    }
    assert len(digests) == 3


def test_without_a_health_check_and_ports_there_is_vrrp_alone():
    assert "tcp" not in rules(health={"enabled": False}, ports=[])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"instances": {}}, "vip_instances declares no instance"),
        ({"instances": {"gw": instance(unicast_peers=None)}}, "vip_instances.gw has no `unicast_peers`"),
        ({"instances": {"gw": instance(interface='eth0" drop')}}, "vip_instances.gw lacks an `interface`"),
        ({"instances": {"gw": instance(unicast_peers=["lb2"])}}, "vip_instances.gw.unicast_peers: lb2 is not"),
        ({"peers": ["10.0.0.0/8"]}, "vip_firewall_peers: 10.0.0.0/8 is not an IP address"),
        ({"peer_health": [{"address": "lb2"}]}, "vip_peer_health: lb2 is not an IP address"),
        ({"ports": [0]}, "vip_firewall_ports: 0 is no port"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(wrong, sentence):
    with pytest.raises(VipError, match=re.escape(sentence)):
        rules(**wrong)


def test_multicast_adverts_come_from_the_peers_that_are_named():
    text = rules(instances={"gw": instance(unicast_peers=None)}, peer_health=[], peers=["192.0.2.12"])
    assert 'meta l4proto 112 iifname { "eth0" } ip saddr { 192.0.2.12 } accept' in text


class Host:
    """A host whose systemd and nft do what they are told, but for the words in ``refuses``."""

    def __init__(self, root, monkeypatch):
        self.root, self.refuses, self.kernel, self.calls = root, set(), "", []
        self.enabled = self.active = self.known = False
        for name in ("FILE", "UNIT_FILE", "DROP_IN", "LISTING"):
            monkeypatch.setattr(subject, name, f"{root}/{name}")
        user, group = getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
        monkeypatch.setattr(subject, "File", lambda path, content: engine.File(path, content, 0o644, user, group))
        self.store = engine.Transaction("vip_firewall", "", store=f"{root}/backup")

    def text(self, name="FILE"):
        path = self.root / name
        return path.read_text() if path.exists() else ""

    def run(self, command):
        self.calls.append(" ".join(command))
        refused = next((word for word in self.refuses if word in self.calls[-1]), "")
        if refused:
            return 1, "", f"{refused} is refused"
        return {"systemctl": self.systemctl, "/sbin/nft": self.nft}[command[0]](command)

    def systemctl(self, command):
        verb = command[1]
        if verb == "show":
            states = ("loaded" if self.known else "not-found", "active" if self.active else "inactive")
            enabled = "enabled" if self.enabled else "disabled"
            return (
                0,
                "LoadState={}\nActiveState={}\nUnitFileState={}\nNeedDaemonReload=no\n".format(*states, enabled),
                "",
            )
        if verb == "daemon-reload":
            self.known = bool(self.text("UNIT_FILE"))
        elif verb == "reload-or-restart":
            assert self.known
            self.active, self.kernel = True, "as nft writes it: " + self.text()
            (self.root / "LISTING").write_text(self.kernel)
        elif verb == "stop":
            self.active, self.kernel = False, ""
        else:
            self.enabled = {"enable": True, "disable": False}[verb]
        return 0, "", ""

    def nft(self, command):
        if command[1] == "list":
            return (0, self.kernel, "") if self.kernel else (1, "", "no such table")
        if command[1] == "delete":
            self.kernel = ""
        return 0, "", ""

    def firewall(self, predict=False, nft="/sbin/nft"):
        return subject.FirewallHost(self.run, nft, self.store, predict)


@pytest.fixture
def host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def test_the_rules_come_into_force_once(host):
    assert host.firewall(predict=True).present(rules()).actions == ["enable", "load"]
    assert not host.text()
    outcome = host.firewall().present(rules())
    assert (outcome.actions, host.enabled, host.active) == (["enable", "load"], True, True)
    assert rules() in host.kernel
    host.calls.clear()
    assert not host.firewall().present(rules()).changed
    assert not [call for call in host.calls if "daemon-reload" in call]


@pytest.mark.parametrize("hand", ["", "as nft writes it: another rule"])
def test_what_a_hand_does_to_the_kernels_rules_is_mended(host, hand):
    host.firewall().present(rules())
    host.kernel = hand
    outcome = host.firewall().present(rules())
    assert (outcome.changes, outcome.actions) == ([], ["load"])
    assert rules() in host.kernel


def test_rules_that_nft_refuses_change_nothing(host):
    host.refuses = {"--check"}
    with pytest.raises(RejectedError, match="nothing was changed: --check is refused"):
        host.firewall().present(rules())
    assert not host.text()


def test_rules_that_cannot_be_loaded_leave_the_former_ones_in_force(host):
    host.firewall().present(rules())

    def load_fails_once(command):
        if command[1] == "reload-or-restart" and "10001" in host.text():
            return 1, "", "no"
        return Host.systemctl(host, command)

    host.systemctl = load_fails_once
    with pytest.raises(RejectedError, match="the old configuration is back in place and serves"):
        host.firewall().present(rules(ports=[10001]))
    assert host.text() == rules()
    assert rules() in host.kernel


def test_a_first_load_that_fails_leaves_nothing(host):
    host.refuses = {"reload-or-restart"}
    with pytest.raises(RejectedError, match="reload-or-restart is refused"):
        host.firewall().present(rules())
    assert (host.text(), host.text("UNIT_FILE"), host.kernel) == ("", "", "")


def test_absent_takes_all_of_it_away(host):
    assert not host.firewall().absent().changed
    host.firewall().present(rules())
    assert host.firewall(predict=True).absent().actions == ["disable", "unload"]
    host.firewall().absent()
    assert [host.text(name) for name in ("FILE", "UNIT_FILE", "DROP_IN")] == ["", "", ""]
    assert (host.kernel, host.enabled) == ("", False)
    assert not host.firewall().absent().changed


def test_absent_is_true_where_nftables_is_not_installed(host):
    assert not host.firewall(nft=None).absent().changed


def test_a_rollback_brings_back_what_was_in_force(host):
    host.firewall().present(rules())
    host.firewall().present(rules(ports=[10001]))
    host.firewall().restored()
    assert host.text() == rules()
    assert rules() in host.kernel


def test_a_rollback_of_the_first_run_takes_it_away(host):
    host.firewall().present(rules())
    host.firewall().restored()
    assert (host.text(), host.kernel, host.enabled) == ("", "", False)
    assert not host.firewall().restored().changed


def test_only_check_mode_does_without_nft(host):
    assert host.firewall(predict=True, nft=None).present(rules()).actions == ["enable", "load"]
    with pytest.raises(RejectedError, match="install the package nftables"):
        host.firewall(nft=None).present(rules())


@pytest.mark.parametrize(("number", "left"), [(3, 3), (0, 5)])
def test_former_rules_are_kept_for_as_many_changes_as_is_asked(host, monkeypatch, number, left):
    monkeypatch.setattr(module, "Transaction", functools.partial(engine.Transaction, store=f"{host.root}/backup"))
    for port in range(1, 7):
        asked = parameters(ports=[port], run_id=f"run-{port}", backup_keep={"number": number})
        host.store = module.transaction_of(SimpleNamespace(params=asked))
        host.firewall().present(rules(ports=[port]))
    assert len(list(host.root.glob("backup/vip_firewall/*/[0-9]*"))) == left
