# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a lab's simulated devices start once, outlive their starter, are cabled as declared, and end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest.importorskip("asyncssh", reason="asyncssh is not installed")

import simulated
from device.client import ask
from topology import Topology, load

NUMBER = 254  # that of no real lab, unless a machine has two dozen checkouts
LOOPBACK = "127.254.0.1"
CABLES = {"ge-0/0/0": {"lacp": "active"}, "ge-0/0/1": {"lldp": ["web1", "eth0"]}}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        return taken.getsockname()[1]


def topology(folder: Path, port: int, **changed) -> Topology:
    device = {"simulator": "junos", "model": "ex4200-48t", "port": port}
    data = {"name": "unit", "devices": {"ex1": device}, "cables": {"ex1": CABLES}, **changed}
    (folder / "lab.yml").write_text(yaml.safe_dump(data))
    return load(folder / "lab.yml", NUMBER)


@pytest.fixture
def key(tmp_path) -> Path:
    made = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made)], check=True)
    return made


@pytest.fixture
def folder(tmp_path):
    yield tmp_path / "lab"
    simulated.down(tmp_path / "lab")


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex((LOOPBACK, port)) == 0


def far_ends(folder: Path) -> dict[str, object]:
    return ask(simulated.running(folder, "junos")["control"], "far_end", switch="ex1", ports={})


def test_it_starts_once_with_its_host_key_known_and_ends(tmp_path, folder, key):
    lab = topology(tmp_path, free_port())
    known = simulated.up(lab, folder, key)
    first = simulated.running(folder, "junos")
    assert known.startswith(f"[{LOOPBACK}]:{lab.devices[0].port} ssh-ed25519 ")
    assert simulated.up(lab, folder, key) == known
    assert simulated.running(folder, "junos") == first
    assert "running" in simulated.status(lab, folder)[0]
    simulated.down(folder)
    assert not listens(lab.devices[0].port)
    assert "absent" in simulated.status(lab, folder)[0]
    assert simulated.up(lab, folder, key) == known  # the host key is kept


def test_it_outlives_the_process_that_started_it_and_a_signal_to_its_group(tmp_path, folder, key):
    lab = topology(tmp_path, free_port())
    text = (
        "import os, pathlib, signal, sys, simulated, topology\n"
        "lab, folder, key = (pathlib.Path(name) for name in sys.argv[1:])\n"
        f"simulated.up(topology.load(lab, {NUMBER}), folder, key)\n"
        "os.killpg(0, signal.SIGKILL)\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", text, str(tmp_path / "lab.yml"), str(folder), str(key)],
        env={**os.environ, "PYTHONPATH": str(Path(simulated.__file__).parent)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    started.communicate()  # ends only if the simulator does not hold the pipe
    assert started.returncode < 0
    assert listens(lab.devices[0].port)


def test_it_listens_on_loopback_only(tmp_path, folder, key):
    simulated.up(topology(tmp_path, free_port()), folder, key)
    about = simulated.running(folder, "junos")
    wanted = {about["control"]: "0100007F", about["devices"]["ex1"]["port"]: "0100FE7F"}
    lines = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    bound = {int(line.split(":")[1], 16): line.split(":")[0] for line in lines}
    assert {port: bound[port] for port in wanted} == wanted


def test_cables_are_plugged_in_as_declared_and_others_unplugged(tmp_path, folder, key):
    lab = topology(tmp_path, free_port())
    simulated.up(lab, folder, key)
    control = simulated.running(folder, "junos")["control"]
    ask(control, "far_end", switch="ex1", ports={"ge-0/0/0": {"lacp": "off"}, "ge-0/0/9": {}})
    simulated.up(lab, folder, key)
    seen = far_ends(folder)
    assert set(seen) == set(CABLES)
    assert seen["ge-0/0/0"]["lacp"] == "active"


def test_another_declaration_starts_it_anew(tmp_path, folder, key):
    port = free_port()
    simulated.up(topology(tmp_path, port), folder, key)
    other = {"ex1": {"simulator": "junos", "model": "ex4300-48t", "port": port}}
    simulated.up(topology(tmp_path, port, devices=other), folder, key)
    assert simulated.running(folder, "junos")["devices"]["ex1"]["style"] == "els"


def test_a_number_that_belongs_to_another_process_by_now_is_left_alone(tmp_path, folder, key):
    folder.mkdir()
    (folder / "junos.json").write_text(json.dumps({"pid": os.getpid()}))
    assert simulated.running(folder, "junos") is None
    simulated.down(folder)


def test_another_lab_at_the_same_port_is_named_with_what_ends_it(tmp_path, folder, key):
    port = free_port()
    simulated.up(topology(tmp_path, port), folder, key)
    with pytest.raises(simulated.SimulatorError, match=r"the lab lab runs; end it with: .*lab\.py down .*lab\.yml"):
        simulated.up(topology(tmp_path, port), folder.with_name("second"), key)
    assert simulated.running(folder, "junos") is not None


def test_a_port_that_is_taken_and_a_cable_that_is_none_are_told(tmp_path, folder, key):
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = rf"ex1 cannot have 127\.254\.0\.1 port {port}: another program of this machine listens there"
        with pytest.raises(simulated.SimulatorError, match=said):
            simulated.up(topology(tmp_path, port), folder, key)
    with pytest.raises(simulated.SimulatorError, match=r"cables of ex1: .*no port ge-9/0/0"):
        simulated.up(topology(tmp_path, free_port(), cables={"ex1": {"ge-9/0/0": {}}}), folder, key)


PLAIN = [
    "set vlans hypervisors vlan-id 30",
    "set interfaces ge-0/0/6 unit 0 family ethernet-switching port-mode access",
    "set interfaces ge-0/0/6 unit 0 family ethernet-switching vlan members hypervisors",
]


def with_a_host(folder: Path) -> Topology:
    """Return a lab with an ESXi host behind a plain port; its second NIC is added by its owner."""
    uplink = "network vswitch standard uplink add --uplink-name=vmnic1 --vswitch-name=vSwitch0"
    devices = {
        "ex1": {"simulator": "junos", "model": "ex4200-48t", "port": free_port(), "setup": PLAIN},
        "esx1": {"simulator": "vsphere", "nics": 2, "port": free_port(), "setup": [uplink]},
    }
    cables = {"ex1": {**CABLES, "ge-0/0/6": {"host": "esx1", "nic": "vmnic0"}}}
    return topology(folder, 1, devices=devices, cables=cables, management_vlan=30)


def lost_flows(folder: Path) -> int:
    found = ask(simulated.running(folder, "fabric")["control"], "deliveries")["esx1"]["vmk0"]
    assert found["of"] == 16
    return int(found["lost"])


def test_an_esxi_host_is_cabled_to_its_switch_set_up_and_delivered_again(tmp_path, folder, key):
    pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")
    lab = with_a_host(tmp_path)
    (folder / "restore" / "of-a-host-that-is-no-more").mkdir(parents=True)
    assert len(simulated.up(lab, folder, key).splitlines()) == 2
    assert not (folder / "restore").exists()
    switches, hosts = (simulated.running(folder, name)["control"] for name in ("junos", "vsphere"))
    assert ask(hosts, "state", host="esx1")["switches"]["vSwitch0"]["uplinks"] == ["vmnic0", "vmnic1"]
    assert lost_flows(folder) == 0
    ask(switches, "commit", switch="ex1", set="set interfaces ge-0/0/6 disable")
    ask(hosts, "console", host="esx1", command="esxcli network vswitch standard set -m 9000 -v vSwitch0")
    assert lost_flows(folder) == 16
    (folder / "restore").mkdir()
    assert simulated.up(lab, folder, key)
    assert lost_flows(folder) == 16  # a lab that is up stays as it is
    assert (folder / "restore").exists()
    simulated.deliver(lab, folder)
    assert lost_flows(folder) == 0
    assert ask(hosts, "state", host="esx1")["switches"]["vSwitch0"]["mtu"] == 1500
    assert set(far_ends(folder)) == {*CABLES, "ge-0/0/6"}
    assert (folder / "esxi_password").stat().st_mode & 0o777 == 0o600
    command = Path(f"/proc/{simulated.running(folder, 'vsphere')['pid']}/cmdline").read_text()
    assert (folder / "esxi_password").read_text() not in command


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cables": {"ex7": {}}}, "cables of ex7: there is no such switch"),
        ({"devices": {"ex1": {"simulator": "ios", "model": "x", "port": 1}}}, "no simulator ios; there is junos"),
        ({"cables": {"ex1": {"ge-0/0/0": {"host": "esx7", "nic": "vmnic0"}}}}, "ge-0/0/0: there is no host esx7"),
        (
            {"devices": {"esx1": {"simulator": "vsphere", "model": "x", "port": 1}}},
            "vsphere has nics of each",
        ),
        (
            {"devices": {name: {"simulator": "junos", "model": "x", "port": 7} for name in ("ex1", "ex2")}},
            "device ex1: port 7 is not its own",
        ),
    ],
)
def test_a_wrong_declaration_names_the_device(tmp_path, changed, words):
    with pytest.raises(ValueError, match=words):
        topology(tmp_path, 1, **changed)
