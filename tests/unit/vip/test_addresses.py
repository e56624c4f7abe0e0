# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of plain addresses is whole or not at all, and an interrupted rollback is finished by the next one."""

from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File, Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.vip import addresses as subject
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.addresses import Addresses
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.plain import (
    addresses_in,
    parse_plain,
    render_networkd,
)

USER, GROUP = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
HOST = "192.0.2.11"


class Host:
    """A host whose network has the addresses of one file, once it has been told to load it."""

    def __init__(self, root):
        self.path = root / "netstack.conf"
        self.loaded = set()
        self.deaf = set()
        self.former = []
        self.transaction = Transaction("vip_address", store=str(root / "store"))
        self.addresses = Addresses(self.run, self, self.transaction)

    def run(self, _command):
        entries = [{"family": "inet", "local": a, "prefixlen": 24, "scope": "global"} for a in {HOST} | self.loaded]
        return 0, json.dumps([{"ifname": "eth0", "addr_info": entries}]), ""

    def files(self, plains):
        return [File(str(self.path), render_networkd(plains).encode(), 0o644, USER, GROUP)]

    def judge(self, files):
        pass

    def load(self, former):
        self.former = former
        text = self.path.read_text() if self.path.exists() else ""
        self.loaded = addresses_in(text) - self.deaf

    def declare(self, *names):
        plan = self.addresses.plan(parse_plain([{"interface": "eth0", "address": f"{name}/24"} for name in names]))
        return self.addresses.apply(plan) if plan.verbs else ""


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "SETTLE", 0.0)
    monkeypatch.setattr(subject, "announce", lambda _target: None)
    monkeypatch.setattr(subject, "find_holders", lambda _run, _targets: [])
    return Host(Path(tmp_path))


def test_an_address_is_brought_up_once(host):
    assert host.declare("192.0.2.100")
    assert host.loaded == {"192.0.2.100"}
    assert host.declare("192.0.2.100") == ""


def test_what_was_loaded_before_is_told_to_the_backend_on_the_way_there_and_back(host):
    host.declare("192.0.2.100")
    assert host.former == []
    host.declare("192.0.2.101")
    assert [addresses_in(file.content.decode()) for file in host.former] == [{"192.0.2.100"}]
    host.deaf = {"192.0.2.102"}
    with pytest.raises(BackendError):
        host.declare("192.0.2.102")
    assert [addresses_in(file.content.decode()) for file in host.former] == [{"192.0.2.102"}]


def test_an_attempt_that_was_taken_back_is_not_what_a_rollback_finds(host):
    kept = host.declare("192.0.2.100")
    host.deaf = {"192.0.2.101"}
    with pytest.raises(BackendError, match="The former files are back"):
        host.declare("192.0.2.100", "192.0.2.101")
    assert host.transaction.generations() == [kept]
    assert host.loaded == {"192.0.2.100"}


@pytest.mark.parametrize("first", [False, True])
def test_a_rollback_killed_before_the_load_is_finished_by_the_next_and_a_third_has_nothing_to_do(
    host, monkeypatch, first
):
    if not first:
        host.declare("192.0.2.100")
    generation = host.declare("192.0.2.101")
    with monkeypatch.context() as patch:
        patch.setattr(host, "load", lambda _former: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            host.addresses.apply(host.addresses.plan_restore(host.transaction.newest()))
    assert host.loaded == {"192.0.2.101"}
    assert host.transaction.newest() == generation
    plan = host.addresses.plan_restore(generation)
    assert (plan.changes, plan.verbs) == ([], ["load"])
    host.addresses.apply(plan)
    assert [addresses_in(file.content.decode()) for file in host.former] == [{"192.0.2.101"}]
    assert host.loaded == (set() if first else {"192.0.2.100"})
    assert host.addresses.plan_restore(generation).verbs == []


def test_a_rollback_brings_a_lost_address_back_though_its_file_is_there(host):
    host.declare("192.0.2.100")
    generation = host.declare("192.0.2.101")
    host.addresses.apply(host.addresses.plan_restore(generation))
    assert [addresses_in(file.content.decode()) for file in host.former] == [{"192.0.2.101"}]
    host.loaded = set()
    host.addresses.apply(host.addresses.plan_restore(generation))
    assert host.loaded == {"192.0.2.100"}
