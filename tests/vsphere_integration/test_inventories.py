# SPDX-License-Identifier: GPL-3.0-or-later
"""The ESXi hosts of the example inventories become what their site declares, over the API and over SSH alike.

These are the settings of the two published how-tos that the examples are made of, each of their mistakes mended.
"""

from __future__ import annotations

import os
import subprocess

import pytest
import yaml

from kinds.esxi_vss.client import Simulator

from .labs import Lab
from .test_playbook import PLAYBOOK, ROOT, inventory, recap, role

VMKS = {
    "vmk0": {
        "port_group": "Management Network",
        "address": "10.0.30.21",
        "mask": "255.255.255.0",
        "mac": "00:50:56:00:00:01",
    },
    "vmk1": {
        "port_group": "nfs",
        "address": "10.0.40.21",
        "mask": "255.255.255.0",
        "mac": "00:50:56:00:00:02",
        "mtu": 9000,
    },
}
"""The interfaces that the sites declare, which nobody but an engineer makes; https_offload has the first one alone."""
UPLINKS = {"https_offload": ["vmnic0", "vmnic1"], "iis_farm": ["vmnic2", "vmnic3"]}
"""The cards of the management's switch, by inventory."""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    known = tmp_path_factory.mktemp("hosts") / "known_hosts"
    with Simulator({"esx1": 6, "esx2": 6}, {}, known_hosts=known) as found:
        found.known_hosts = str(known)
        yield found


def installed(uplinks: list[str]) -> dict:
    """Return a host as its installer leaves it: the management's port group overrides its switch's teaming."""
    first = {"policy": "loadbalance_srcid", "nicOrder": {"activeNic": uplinks[:1]}}
    group = {"switch": "vSwitch0", "policy": {"nicTeaming": first}}
    switches = {"vSwitch0": {"uplinks": uplinks, "beacon": 1, "discovery": ["cdp", "listen"]}}
    groups = {"Management Network": group, "nfs": {"switch": "vSwitch1"}}
    return {"switches": {**switches, "vSwitch1": {}}, "groups": groups, "vmks": VMKS}


def run(lab, folder, name, transport):
    """Run the role for esx1 of the inventory; only how to reach the host is said beside it."""
    login = yaml.safe_load(inventory(lab, folder, transport).read_text())["all"]["hosts"]["esx1"]
    login["esxi_teaming_consent"] = ["management"]
    (folder / "login.yml").write_text(yaml.safe_dump(login))
    book = folder / "play.yml"
    book.write_text(yaml.safe_dump([{"hosts": "esx1", "gather_facts": False, "tasks": [*role(), *role("verify")]}]))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(PLAYBOOK), "-i", str(ROOT / "inventories" / name), "-e", f"@{folder / 'login.yml'}", str(book)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    "name",
    ["https_offload", pytest.param("iis_farm", marks=pytest.mark.all_only("a second example of the same form"))],
)
def test_the_host_becomes_the_same_over_both_ways(hosts, tmp_path, name):
    effects = []
    for host, transport in (("esx1", "api"), ("esx2", "ssh")):
        lab = Lab(hosts, host)
        lab.control("reset", state=installed(UPLINKS[name]))
        folder = tmp_path / transport
        folder.mkdir()
        done = run(lab, folder, name, transport)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "changed=1" in recap(done)
        again = run(lab, folder, name, transport)
        assert again.returncode == 0 and "changed=0" in recap(again), again.stdout + again.stderr
        effects.append(effect(lab.state()))
    assert effects[0] == effects[1]
    teaming = effects[0]["groups"]["Management Network"][2]
    assert teaming["policy"] == "loadbalance_ip"
    assert teaming["nicOrder"]["activeNic"] == UPLINKS[name]


def effect(state: dict) -> dict:
    """Return what takes effect: uplinks and size of frames of the switches, VLAN and computed teaming of the groups."""
    switches = {name: (each["uplinks"], each["mtu"]) for name, each in state["switches"].items()}
    groups = {
        name: (each["switch"], each["vlan"], each["computed"]["nicTeaming"]) for name, each in state["groups"].items()
    }
    return {"switches": switches, "groups": groups}
