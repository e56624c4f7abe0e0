# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that keeps plain addresses is the one that manages their interfaces, and is never guessed."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.backends import Netplan, Networkd
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.choose import former, present
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.ifupdown import Ifupdown


class Host:
    """A host on which each of the programs knows some interfaces; all three are installed unless ``lacks`` says so."""

    def __init__(self, root, netplan=(), networkd=(), ifupdown=(), up=("eth0", "eth1"), lacks=()):
        self.netplan, self.networkd, self.up, self.lacks = netplan, networkd, up, lacks
        for folder in ("systemd", "network/if-up.d", "netplan"):
            (root / folder).mkdir(parents=True)
        main = root / "network/interfaces"
        main.write_text("".join(f"iface {name} inet dhcp\n" for name in ifupdown))
        self.found = {
            "netplan": Netplan(self, str(root / "netplan/90-netstack-vip.yaml")),
            "networkd": Networkd(self, str(root / "systemd")),
            "ifupdown": Ifupdown(self, str(main)),
        }

    def __call__(self, command):
        if command[0] in self.lacks:
            raise AssertionError(f"{command[0]} is not installed")
        if command[0] == "netplan":
            return 0, ("dhcp4: true\n" if command[2].rpartition(".")[2] in self.netplan else "null\n"), ""
        if command[0] == "networkctl":
            return 0, ("  Network File: /etc/systemd/network/a.network\n" if command[3] in self.networkd else ""), ""
        if command[:2] == ["ifup", "--version"]:
            return 0, "ifup version 0.8.41\n", ""
        return (0, f"{command[2]}={command[2]}\n", "") if command[2] in self.up else (1, "", "")

    def has(self, program):
        return None if program in self.lacks else f"/usr/sbin/{program}"

    def choose(self, *interfaces, wanted="auto"):
        return present(self.found, wanted, self.has, list(interfaces)).name


@pytest.mark.parametrize(
    "knows, name",
    [
        ({"netplan": ["eth0"], "networkd": ["eth0"], "ifupdown": ["eth0"]}, "netplan"),
        ({"networkd": ["eth0"], "ifupdown": ["eth0"]}, "networkd"),
        ({"ifupdown": ["eth0"]}, "ifupdown"),
        ({"ifupdown": ["eth0"], "netplan": ["eth1"], "networkd": ["eth1"]}, "ifupdown"),
        ({"ifupdown": ["eth0"], "lacks": ["netplan"]}, "ifupdown"),
    ],
)
def test_the_first_of_netplan_networkd_and_ifupdown_that_has_the_interface_is_taken(tmp_path, knows, name):
    assert Host(tmp_path, **knows).choose("eth0") == name


def test_no_program_is_taken_where_none_has_the_interface(tmp_path):
    with pytest.raises(BackendError, match="neither netplan nor systemd-networkd nor ifupdown manages eth0"):
        Host(tmp_path, ifupdown=["eth1"]).choose("eth0")


def test_an_interface_that_ifupdown_defines_but_did_not_bring_up_is_not_guessed_to_be_its_own(tmp_path):
    with pytest.raises(BackendError, match="interfaces:2 defines eth0, but ifupdown has not brought it up"):
        Host(tmp_path, ifupdown=["eth1", "eth0"], up=["eth1"]).choose("eth0")


def test_a_file_of_ifupdown_says_nothing_where_it_is_not_installed(tmp_path):
    with pytest.raises(BackendError, match="neither"):
        Host(tmp_path, ifupdown=["eth0"], lacks=["ifup"]).choose("eth0")


def test_interfaces_of_different_programs_are_refused(tmp_path):
    with pytest.raises(BackendError, match="eth0 is managed by netplan, eth1 is managed by ifupdown"):
        Host(tmp_path, netplan=["eth0"], ifupdown=["eth1"]).choose("eth0", "eth1")


@pytest.mark.parametrize("name, program", [("netplan", "netplan"), ("ifupdown", "ifup")])
def test_a_named_program_must_be_installed(tmp_path, name, program):
    with pytest.raises(BackendError, match=f"{name} is not installed"):
        Host(tmp_path, lacks=[program]).choose("eth0", wanted=name)


def test_a_named_program_is_taken_at_its_word(tmp_path):
    assert Host(tmp_path, netplan=["eth0"], up=[]).choose("eth0", wanted="ifupdown") == "ifupdown"


@pytest.mark.parametrize(
    "path, name",
    [
        ("network/if-up.d/netstack-vip", "ifupdown"),
        ("netplan/90-netstack-vip.yaml", "netplan"),
        ("systemd/a.network.d/90-netstack-vip.conf", "networkd"),
    ],
)
def test_addresses_are_taken_away_by_the_program_whose_files_are_there_or_in_the_backup(tmp_path, path, name):
    host, file = Host(tmp_path), tmp_path / path
    assert former(host.found, "auto", [str(file)]).name == name
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    assert former(host.found, "auto").name == name


def test_where_nothing_of_ours_is_there_no_program_is_needed(tmp_path):
    assert former(Host(tmp_path, lacks=["netplan", "ifup"]).found, "auto").name == "networkd"
