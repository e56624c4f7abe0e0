# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the controller is found from the SSH session, also below sudo, and its change needs consent."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.change import Bonds, ConsentError
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.plan import compare
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.reach import (
    Session,
    interface_of,
    session,
)

from .bond_builders import Host, bond, declared

SESSION = Session("192.0.2.1 40000 192.0.2.11 22")


def process(root, number, parent, environment):
    folder = root / str(number)
    folder.mkdir()
    (folder / "environ").write_bytes(environment)
    (folder / "stat").write_text(f"{number} (python (3)) S {parent} 1 1")


def test_the_session_is_found_above_sudo(tmp_path, monkeypatch):
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    process(tmp_path, 30, 20, b"HOME=/root\0")
    process(tmp_path, 20, 10, b"A=1\0SSH_CONNECTION=192.0.2.1 40000 192.0.2.11 22\0")
    assert session(str(tmp_path), 30) == SESSION


def test_without_ssh_there_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    process(tmp_path, 30, 1, b"HOME=/root\0")
    assert session(str(tmp_path), 30).address == ""


def test_the_interface_is_the_one_with_the_address_of_the_session(tmp_path):
    assert interface_of(SESSION.address, Host(tmp_path, declared()).shown) == "bond0.10"


def refuse(tmp_path, new, here=SESSION, named=""):
    kernel = Host(tmp_path, declared()).kernel
    bonds = Bonds(kernel.run, None, None, kernel)
    bonds.refuse_without_consent(compare(declared(), new, [], kernel, False), here, named)


def test_a_bond_below_the_managements_vlan_needs_consent(tmp_path):
    with pytest.raises(ConsentError, match=r"over bond0\.10, and the change touches bond0, bond0\.10, eth0, eth1"):
        refuse(tmp_path, declared(bond0=bond(lacp_rate="slow")))


def test_another_address_of_the_managements_interface_needs_consent(tmp_path):
    vlans = {"bond0.10": {"id": 10, "mtu": 1500, "addresses": ["192.0.2.77/24"]}}
    with pytest.raises(ConsentError, match=r"the change touches bond0\.10;"):
        refuse(tmp_path, declared(bond0=bond(vlans=vlans)))


def test_another_way_needs_none(tmp_path):
    refuse(tmp_path, declared(bond0=bond(lacp_rate="slow")), here=Session())


def test_a_way_that_is_named_counts_where_none_is_found(tmp_path):
    with pytest.raises(ConsentError, match="over eth1"):
        refuse(tmp_path, declared(bond0=bond(lacp_rate="slow")), here=Session(), named="eth1")


def test_no_change_needs_none(tmp_path):
    refuse(tmp_path, declared())
