# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a simulated host with the OpenSSH client: same state as the API, same faults, same losses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .builders import Esxi, connect, network, wait_for

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the OpenSSH client is not installed")


class Ssh:
    """The OpenSSH client with a checked host key."""

    def __init__(self, esxi: Esxi, key: Path) -> None:
        known = f"UserKnownHostsFile={key.with_name('known_hosts')}"
        options = ["-o", known, "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]
        self.command = ["ssh", "-F", "none", "-i", str(key), *options, "-p", str(esxi.simulator.ssh_port("esx1"))]

    def run(self, line: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        command = [*self.command, "root@127.0.0.1", line]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def start(self, line: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*self.command, "root@127.0.0.1", line], stdin=subprocess.DEVNULL, text=True)


@pytest.fixture
def ssh(esxi: Esxi, client_key: Path) -> Ssh:
    return Ssh(esxi, client_key)


def test_esxcli_changes_what_the_api_shows(esxi: Esxi, ssh: Ssh) -> None:
    assert ssh.run("esxcli network vswitch standard policy failover set -v vSwitch0 -l iphash").returncode == 0
    shown = network(connect(esxi)).networkInfo
    assert shown.vswitch[0].spec.policy.nicTeaming.policy == "loadbalance_ip"
    assert "Load Balancing: iphash" in ssh.run("esxcli network vswitch standard policy failover get -v vSwitch0").stdout


def test_a_refusal_is_printed_with_an_exit_status(ssh: Ssh) -> None:
    ran = ssh.run("esxcli network vswitch standard policy failover set -v vSwitch0 -x")
    assert ran.returncode == 1 and "Invalid option -x" in ran.stdout
    ran = ssh.run("esxcli network nic list | head")
    assert ran.returncode == 1 and "SIM TEXT" in ran.stdout
    assert ssh.run("").returncode != 0


def test_the_free_licence_does_not_bind_the_shell(esxi: Esxi, ssh: Ssh) -> None:
    esxi.control("trouble", license="free")
    assert ssh.run("esxcli network vswitch standard set -v vSwitch0 -m 9000").returncode == 0
    assert esxi.state()["switches"]["vSwitch0"]["mtu"] == 9000


def test_a_wrong_key_does_not_log_in(esxi: Esxi, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    host_key = esxi.simulator.host_key("esx1")
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{esxi.simulator.ssh_port('esx1')} {host_key}\n")
    ran = Ssh(esxi, tmp_path / "key").run("esxcli network nic list")
    assert ran.returncode == 255 and "Permission denied" in ran.stderr


@pytest.mark.parametrize(("when", "mtu"), [("before", 1500), ("after", 9000)])
def test_a_dropped_command_has_acted_or_not_by_the_moment(esxi: Esxi, ssh: Ssh, when: str, mtu: int) -> None:
    esxi.control("fault", fault={"method": "esxcli", "when": when})
    assert ssh.run("esxcli network vswitch standard set -v vSwitch0 -m 9000").returncode == 255
    assert esxi.state()["switches"]["vSwitch0"]["mtu"] == mtu and esxi.outcomes("esxcli") == ["dropped"]


def test_a_command_that_cuts_the_host_off_is_not_answered_until_it_is_back(esxi: Esxi, ssh: Ssh) -> None:
    esxi.two_uplinks()
    esxi.control("far_end", bundles={"vmnic0": "", "vmnic1": ""})
    client = ssh.start("esxcli network vswitch standard policy failover set -v vSwitch0 -l iphash")
    wait_for(lambda: esxi.outcomes("esxcli") == ["unreachable after"])
    with pytest.raises(subprocess.TimeoutExpired):
        ssh.run("esxcli network nic list", timeout=1)
    esxi.control("far_end", bundles={"vmnic0": "ae0", "vmnic1": "ae0"})
    assert client.wait(20) == 0 and esxi.outcomes("esxcli")[0] == "ok"
