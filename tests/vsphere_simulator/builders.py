# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host or vCenter as a test sees it, and pyVmomi sessions."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kinds.esxi_vss.client import Simulator


@dataclass
class Endpoint:
    """One address that answers the vSphere API."""

    simulator: Simulator
    name: str

    @property
    def port(self) -> int:
        return self.simulator.port(self.name)

    def clean(self) -> None:
        self.simulator.control("drop", endpoint=self.name)
        self.simulator.control("expire", endpoint=self.name)
        self.simulator.control("clear_log")

    def calls(self) -> dict[str, int]:
        return dict(self.simulator.control("calls", endpoint=self.name))

    def outcomes(self, method: str) -> list[str]:
        entries = self.simulator.control("log", endpoint=self.name)
        return [entry["outcome"] for entry in entries if entry["method"] == method]


@dataclass
class Esxi(Endpoint):
    """One host of its own."""

    def control(self, op: str, **arguments: Any) -> Any:
        return self.simulator.control(op, host=self.name, **arguments)

    def state(self) -> dict[str, Any]:
        return dict(self.control("state"))

    def run(self, command: str) -> str:
        return str(self.control("console", command=f"esxcli {command}"))

    def two_uplinks(self, policy: str = "portid") -> None:
        """Give vSwitch0 two uplinks, and let the management network inherit."""
        self.run("network vswitch standard uplink add -u vmnic1 -v vSwitch0")
        self.run(f"network vswitch standard policy failover set -v vSwitch0 -l {policy}")
        self.run("network vswitch standard portgroup policy failover set -p 'Management Network' --use-vswitch")


@dataclass
class Center(Endpoint):
    """A vCenter; its hosts have no addresses of their own."""

    @property
    def first(self) -> str:
        return f"{self.name}-esx001"


def trust(simulator: Simulator) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=simulator.ca_file)


def connect(endpoint: Endpoint, user: str = "root", password: str = "lab123", timeout: float = 10) -> Any:
    """Open a session with pyVmomi; SmartConnect would ask for the versions first, without any time-out."""
    from pyVim.connect import Connect

    return Connect(
        version="vim.version.v8_0_2_0",
        host=endpoint.simulator.address(endpoint.name),
        port=endpoint.port,
        user=user,
        pwd=password,
        sslContext=trust(endpoint.simulator),
        httpConnectionTimeout=timeout,
    )


def hosts(session: Any) -> list[Any]:
    """Give all hosts, by a container view."""
    from pyVmomi import vim

    view = session.content.viewManager.CreateContainerView(session.content.rootFolder, [vim.HostSystem], True)
    return list(view.view)


def network(session: Any) -> Any:
    """Give the network system of the first host."""
    return hosts(session)[0].configManager.networkSystem


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait up to ten seconds."""
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")
