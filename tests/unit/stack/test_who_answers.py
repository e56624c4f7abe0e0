# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with the real playbook that hosts which would be taken for one another are refused, names of nobody told.

No device exists here, and nothing may try to reach one: the runs end in preflight. Each case is a pair of ESXi hosts of
one site, so that a few runs do for all of them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from .real_ansible import Place

PREFLIGHT = Path(__file__).resolve().parents[3] / "playbooks" / "preflight.yml"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def over_ssh(address: str, arguments: str) -> dict:
    return {"ansible_host": address, "esxi_teaming_transport": "ssh", "ansible_ssh_common_args": arguments}


SAME = {
    "copied": ("192.0.2.11", "192.0.2.11"),
    "ipv6": ("2001:db8::1", "[2001:DB8:0::1]"),
    "mapped": ("192.0.2.15", "::ffff:192.0.2.15"),
    "mapped_in_hex": ("[::ffff:c000:210]", "192.0.2.16"),
    "template": ("{{ a }}", {"ansible_host": "{{ b }}", "b": "192.0.2.12"}),
    "named": ("127.0.0.1", "localhost"),
    "port": ({"ansible_host": "192.0.2.13", "ansible_port": 443}, "192.0.2.13"),
    "variable": ({"ansible_ssh_host": "192.0.2.14"}, "192.0.2.14"),
    "jump": (over_ssh("inside", "-F /dev/null -J east"), over_ssh("inside", "-F /dev/null -J east")),
    "jump_mapped": (over_ssh("10.0.0.2", "-F /dev/null -J east"), over_ssh("::ffff:10.0.0.2", "-F /dev/null -J east")),
    "openssh": (over_ssh("east-1", "-F ssh_config"), over_ssh("east-2", "-F ssh_config")),
}
OTHER = {
    "other_port": ({"ansible_host": "192.0.2.31", "ansible_port": 8443}, "192.0.2.31"),
    "other_transport": (over_ssh("192.0.2.32", "-F /dev/null"), "192.0.2.32"),
    "other_jump": (over_ssh("10.0.0.1", "-F /dev/null -J east"), over_ssh("10.0.0.1", "-F /dev/null -J west")),
    "other_address": ("192.0.2.33", "192.0.2.34"),
    "other_mapped": ("192.0.2.35", "::ffff:192.0.2.36"),
    "compatible": ("192.0.2.37", "::192.0.2.37"),
    "other_openssh": (over_ssh("north-1", "-F ssh_config"), over_ssh("south-1", "-F ssh_config")),
}
SSH_CONFIG = "".join(
    f"Host {name}-*\n HostName 192.0.2.{number}\n" for number, name in enumerate(("east", "north", "south"), start=60)
)
SWITCH = {"ansible_host": "192.0.2.33"}
"""The switch has the address of a host, by another kind of device and another port."""
REST = {"core1": SWITCH, "core2": {"ansible_host": "192.0.2.2"}, "lonely": {"ansible_host": "192.0.2.40"}}


@dataclass
class Told:
    """What one run said."""

    code: int
    text: str

    def same(self, case: str) -> bool:
        return f"esx-{case}1 and esx-{case}2 are all reached at" in self.text


def preflight(folder: Path, hosts: dict[str, str | dict], *options: str, vcenter: str | None = None) -> Told:
    """Run the playbook on a switch and these ESXi hosts, each by its address or its variables."""
    place = Place(folder)
    (folder / "ssh_config").write_text(SSH_CONFIG)
    (place.inventory / "group_vars" / "all.yml").write_text("a: 192.0.2.12\n")
    variables = {name: {"ansible_host": each} if isinstance(each, str) else each for name, each in hosts.items()}
    known = {name: {**LOCAL, **each} for name, each in {**REST, **variables}.items()}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": known}}))
    place.site(json.dumps(site([name for name in hosts if name.startswith("esx")], vcenter)))
    done = place.run("ansible-playbook", "-i", "inventory", "-i", "hosts.yml", str(PREFLIGHT), *options)
    return Told(done.returncode, " ".join((done.stdout + done.stderr).split()))


def site(hosts: list[str], vcenter: str | None) -> dict:
    """Return a switch with the hosts, and one host alone at a switch of its own."""
    links = {f"{name}-lan": link("core1", f"ge-0/0/{number}", name) for number, name in enumerate(hosts)}
    behind = {"vcenter": vcenter} if vcenter else {}
    devices = {name: {"kind": "esxi_vss", **behind} for name in hosts}
    devices |= {name: {"kind": "junos_ex", "model": "ex4300-48t"} for name in ("core1", "core2")}
    devices |= {"lonely": {"kind": "esxi_vss"}, **({vcenter: {"kind": "vcenter"}} if vcenter else {})}
    return {
        "plugin": "netstack.datacenter.stack",
        "vlans": {"lan": {"id": 10}},
        "devices": devices,
        "links": {**links, "lonely-lan": link("core2", "ge-0/0/0", "lonely")},
    }


def link(switch: str, port: str, host: str) -> dict:
    ends = {switch: {"ports": [port]}, host: {"lag": "vSwitch0", "ports": ["vmnic0"]}}
    return {"bundle": "none", "vlans": {"untagged": "lan"}, "ends": ends}


def pairs(cases: dict[str, tuple]) -> dict[str, str | dict]:
    return {f"esx-{case}{number}": each for case, both in cases.items() for number, each in enumerate(both, start=1)}


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> Told:
    return preflight(tmp_path_factory.mktemp("everything"), pairs({**SAME, **OTHER}))


@pytest.mark.parametrize("case", SAME)
def test_two_hosts_that_are_reached_at_one_address_port_and_kind_are_refused(everything, case):
    assert everything.code != 0
    assert "No device was contacted." in everything.text
    assert everything.same(case)


@pytest.mark.parametrize("case", OTHER)
def test_another_port_kind_or_jump_host_is_another_device(everything, case):
    assert f"esx-{case}1:" not in everything.text
    assert f"esx-{case}2:" not in everything.text


def test_the_refusal_names_both_hosts_the_address_and_where_to_mend_it_and_one_host_tells_it(everything):
    assert (
        "esx-copied1 and esx-copied2 are all reached at 192.0.2.11 port 443 (esxi_vss), so what is declared of one "
        "would be done to another [SAME_ADDRESS]. Mend the address of those that are wrong; they have it from: "
        "esx-copied1: 192.0.2.11 (ansible_host), esx-copied2: 192.0.2.11 (ansible_host)"
    ) in everything.text.replace("\\n", " ")
    assert everything.text.count("fatal: [") == 1


@pytest.mark.parametrize("limit", ["esx-copied2", "core1"])
def test_an_end_that_is_named_and_not_in_the_run_is_compared_too(tmp_path, limit):
    told = preflight(tmp_path, pairs({"copied": SAME["copied"]}), "--limit", limit)
    assert told.code != 0
    assert told.same("copied")


def test_hosts_that_a_run_has_nothing_to_do_with_do_not_stop_it(tmp_path):
    hosts = pairs({"copied": SAME["copied"], "odd": ("nowhere.invalid", "{{ no_such_variable }}")})
    hosts["core1"] = {**SWITCH, "ansible_password": "{{ no_such_secret }}"}
    told = preflight(tmp_path, hosts, "--limit", "lonely")
    assert told.code == 0, told.text
    assert "SAME_ADDRESS" not in told.text
    assert "NAME_NOT_KNOWN" not in told.text
    assert "esx-odd2: its connection variables cannot be resolved" in told.text
    assert "core1: its connection variables" not in told.text


def test_a_name_that_nobody_knows_is_told_and_a_variable_that_cannot_be_resolved_refused(tmp_path):
    hosts = pairs({"odd": ("nowhere.invalid", "{{ no_such_variable }}")})
    told = preflight(tmp_path, {**hosts, "core1": {}}, "--limit", "core1")
    assert (
        "core1: core1 (its own name, for ansible_host is not set), esx-odd1: nowhere.invalid (ansible_host)"
        in told.text
    )
    assert told.text.count("[NAME_NOT_KNOWN]") == 1
    assert told.code != 0
    assert "esx-odd2: its connection variables cannot be resolved" in told.text
    assert "no_such_variable" in told.text


def test_hosts_behind_a_vcenter_have_no_address_of_their_own(tmp_path):
    told = preflight(tmp_path, {**pairs({"behind": ("192.0.2.50", "192.0.2.50")}), "vc1": "192.0.2.50"}, vcenter="vc1")
    assert told.code == 0, told.text
    assert "WARNING" not in told.text
