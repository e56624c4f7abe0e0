# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each fault strikes at the moment and at the method it is set for, and leaves what a real one leaves."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from .builders import Esxi, connect, network, trust, wait_for

vim = pytest.importorskip("pyVmomi").vim
# pyVmomi gives what happens before the login as a fault of its own.
LOST = (ConnectionError, http.client.HTTPException, TimeoutError, vim.fault.HostConnectFault)


def raise_mtu(system: Any) -> None:
    spec = system.networkInfo.vswitch[0].spec
    spec.mtu = 9000
    system.UpdateVirtualSwitch("vSwitch0", spec)


def mtu(esxi: Esxi) -> int:
    return int(esxi.state()["switches"]["vSwitch0"]["mtu"])


@pytest.mark.parametrize(("when", "changed"), [("before", 1500), ("after", 9000)])
def test_a_connection_dropped_at_a_change_has_changed_or_not_by_the_moment(esxi: Esxi, when: str, changed: int) -> None:
    system = network(connect(esxi))
    esxi.control("fault", fault={"method": "UpdateVirtualSwitch", "when": when})
    with pytest.raises(LOST):
        raise_mtu(system)
    assert mtu(esxi) == changed and esxi.outcomes("UpdateVirtualSwitch") == ["dropped"]
    raise_mtu(system)
    assert esxi.outcomes("UpdateVirtualSwitch") == ["dropped", "ok"]


def test_a_fault_is_answered_as_often_as_asked_after_those_that_pass(esxi: Esxi) -> None:
    system = network(connect(esxi))
    fault = {"method": "UpdateVirtualSwitch", "what": "fault", "fault": "HostConfigFault", "skip": 1, "count": 2}
    esxi.control("fault", fault={**fault, "message": "out of order"})
    outcomes = []
    for _ in range(4):
        try:
            raise_mtu(system)
            outcomes.append("ok")
        except vim.fault.HostConfigFault as failure:
            outcomes.append(failure.msg)
    assert outcomes == ["ok", "out of order", "out of order", "ok"]


def test_a_fault_can_wait_for_a_text_in_the_request(esxi: Esxi) -> None:
    system = network(connect(esxi))
    esxi.control("fault", fault={"match": "<mtu>9000</mtu>", "what": "fault", "fault": "ResourceInUse"})
    spec = system.networkInfo.vswitch[0].spec
    system.UpdateVirtualSwitch("vSwitch0", spec)
    with pytest.raises(vim.fault.ResourceInUse):
        raise_mtu(system)


def test_the_free_licence_reads_and_does_not_write(esxi: Esxi) -> None:
    system = network(connect(esxi))
    esxi.control("trouble", license="free")
    with pytest.raises(vim.fault.RestrictedVersion, match="Current license"):
        raise_mtu(system)
    assert mtu(esxi) == 1500
    esxi.run("network vswitch standard set -v vSwitch0 -m 9000")
    assert system.networkInfo.vswitch[0].mtu == 9000


def test_a_slow_host_outlasts_the_clients_patience_and_acts_all_the_same(esxi: Esxi) -> None:
    system = network(connect(esxi, timeout=0.5))
    esxi.control("fault", fault={"method": "UpdateVirtualSwitch", "what": "delay", "seconds": 1.5})
    with pytest.raises(LOST):
        raise_mtu(system)
    wait_for(lambda: mtu(esxi) == 9000)
    esxi.control("trouble", slow=2)
    with pytest.raises(LOST):
        connect(esxi, timeout=0.5)


CLIENT = """
import ssl, sys
from pyVim.connect import SmartConnect
context = ssl.create_default_context(cafile=sys.argv[2])
session = SmartConnect(host="127.0.0.1", port=int(sys.argv[1]), user="root", pwd="lab123", sslContext=context)
system = session.content.rootFolder.childEntity[0].hostFolder.childEntity[0].host[0].configManager.networkSystem
spec = system.networkInfo.vswitch[0].spec
spec.mtu = 9000
system.UpdateVirtualSwitch("vSwitch0", spec)
"""


@pytest.mark.parametrize(("when", "changed"), [("before", 1500), ("after", 9000)])
def test_a_client_killed_at_a_held_call_leaves_the_old_or_the_new_state(esxi: Esxi, when: str, changed: int) -> None:
    esxi.control("fault", fault={"method": "UpdateVirtualSwitch", "when": when, "what": "hold"})
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(esxi.port), esxi.simulator.ca_file])
    wait_for(lambda: esxi.outcomes("UpdateVirtualSwitch") == [f"held {when}"])
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    wait_for(lambda: esxi.simulator.control("connections", endpoint="esx1") == 0)
    esxi.control("release")
    assert mtu(esxi) == changed and esxi.outcomes("UpdateVirtualSwitch") == [f"held {when}"]


def test_a_held_call_goes_on_when_it_is_released(esxi: Esxi) -> None:
    esxi.control("fault", fault={"method": "UpdateVirtualSwitch", "what": "hold"})
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(esxi.port), esxi.simulator.ca_file])
    wait_for(lambda: esxi.outcomes("UpdateVirtualSwitch") == ["held before"])
    esxi.control("release")
    assert client.wait(20) == 0 and mtu(esxi) == 9000


def test_a_dropped_network_resets_new_and_old_connections(esxi: Esxi) -> None:
    system = network(connect(esxi))
    esxi.control("trouble", reach="dropped")
    with pytest.raises(LOST):
        raise_mtu(system)
    with pytest.raises(LOST):
        connect(esxi)
    esxi.control("trouble", reach="up")
    assert mtu(esxi) == 1500
    raise_mtu(network(connect(esxi)))
    assert mtu(esxi) == 9000


def test_a_silent_network_does_not_even_begin_with_tls(esxi: Esxi) -> None:
    esxi.control("trouble", reach="silent")
    with socket.create_connection(("127.0.0.1", esxi.port), timeout=0.3) as line, pytest.raises(TimeoutError):
        trust(esxi.simulator).wrap_socket(line, server_hostname="esx1")
    esxi.control("trouble", reach="up")
    with socket.create_connection(("127.0.0.1", esxi.port), timeout=10) as line:
        assert trust(esxi.simulator).wrap_socket(line, server_hostname="esx1").version()


def test_a_silent_network_answers_nobody_and_a_call_in_flight_arrives_when_it_is_back(esxi: Esxi) -> None:
    system = network(connect(esxi, timeout=20))
    esxi.control("trouble", reach="silent")
    with pytest.raises(LOST):
        connect(esxi, timeout=0.5)
    call = threading.Thread(target=raise_mtu, args=(system,))
    call.start()
    wait_for(lambda: "unreachable before" in esxi.outcomes("Fetch"))
    assert mtu(esxi) == 1500
    esxi.control("trouble", reach="up")
    call.join(20)
    assert not call.is_alive() and mtu(esxi) == 9000


def to_ip_hash(system: Any) -> None:
    """Set IP hash on switch and management network in one call."""
    config = vim.host.NetworkConfig()
    spec = system.networkInfo.vswitch[0].spec
    spec.policy.nicTeaming.policy = "loadbalance_ip"
    config.vswitch = [vim.host.VirtualSwitch.Config(changeOperation="edit", name="vSwitch0", spec=spec)]
    system.UpdateNetworkConfig(config, "modify")


def test_ip_hash_before_the_switch_is_ready_loses_the_host_until_it_follows(esxi: Esxi) -> None:
    esxi.two_uplinks()
    esxi.control("far_end", bundles={"vmnic0": "", "vmnic1": ""})
    system = network(connect(esxi, timeout=1))
    with pytest.raises(LOST):
        to_ip_hash(system)
    assert esxi.state()["reach"] == "silent" and esxi.outcomes("UpdateNetworkConfig") == ["unreachable after"]
    with pytest.raises(LOST):
        connect(esxi, timeout=0.5)
    esxi.control("far_end", bundles={"vmnic0": "ae0", "vmnic1": "ae0"})
    assert network(connect(esxi)).networkInfo.portgroup[1].computedPolicy.nicTeaming.policy == "loadbalance_ip"


def test_a_lost_host_can_drop_its_connections_instead(esxi: Esxi) -> None:
    esxi.two_uplinks()
    esxi.control("far_end", bundles={"vmnic0": "", "vmnic1": ""}, lost="dropped")
    with pytest.raises(LOST):
        to_ip_hash(network(connect(esxi, timeout=20)))
    assert esxi.state()["reach"] == "dropped"
