# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated hosts and vCenters, how to log in to them, and requests of the module without Ansible."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import options
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import Outcome, Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.transaction import apply
from kinds.esxi_vss.client import Simulator

HOSTS = {"esx1": 4, "esx2": 4}
CENTERS = {"vc1": 50, "vc6": 6}
DEFAULTS = {
    **{"state": "merged", "plan_for": "merged", "transport": "api", "consent": [], "management_interface": None},
    **{"verify": {}, "restore_point": None, "restore_dir": None, "run_id": "", "timeouts": {}},
}
PLAIN = {
    "uplinks": ["vmnic2", "vmnic3"],
    "policy": {"nicTeaming": {"policy": "loadbalance_srcid", "nicOrder": {"activeNic": ["vmnic2", "vmnic3"]}}},
    "beacon": 1,
    "discovery": ["cdp", "both"],
}
DELIVERED = {
    "switches": {
        "vSwitch0": {"uplinks": ["vmnic0", "vmnic1"], "beacon": 1, "discovery": ["cdp", "listen"]},
        "vSwitch1": PLAIN,
    },
    "groups": {
        "Management Network": {
            "switch": "vSwitch0",
            "policy": {"nicTeaming": {"policy": "loadbalance_srcid", "nicOrder": {"activeNic": ["vmnic0"]}}},
        },
        "vmotion": {"switch": "vSwitch1", "vlan": 30},
        "storage": {"switch": "vSwitch1", "vlan": 40, "policy": {"nicTeaming": {"notifySwitches": False}}},
    },
    "vmks": {
        "vmk0": {
            "port_group": "Management Network",
            "address": "127.0.0.1",
            "mask": "255.0.0.0",
            "mac": "00:50:56:00:00:01",
        }
    },
}
"""A host whose management is on vSwitch0; vSwitch1 has none, and a port group with an override of one field."""

STATIC = {
    "vswitches": {
        "vSwitch1": {
            "uplinks": ["vmnic2", "vmnic3"],
            "teaming": {"load_balancing": "loadbalance_ip", "failure_detection": "link_status"},
            "bundle": {"mode": "static", "ports": 2},
        }
    }
}
"""What becomes of vSwitch1 when its far end is a static bundle."""


@dataclass
class Lab:
    """One simulated host or vCenter."""

    simulator: Simulator
    name: str

    @property
    def target(self) -> Target:
        return Target(
            "127.0.0.1",
            self.simulator.port(self.name),
            "root",
            "lab123",
            ca_file=self.simulator.ca_file,
            connect_timeout=10,
            call_timeout=10,
            back_timeout=10,
        )

    @property
    def shell_target(self) -> Target:
        known = f"-oUserKnownHostsFile={self.simulator.known_hosts}"
        return replace(self.target, port=self.simulator.ssh_port(self.name), ssh_arguments=("-F", "/dev/null", known))

    def api(self) -> Api:
        return Api(self.target)

    def shell(self) -> Shell:
        return Shell(self.shell_target)

    def opener(self, transport: str):
        return self.shell if transport == "ssh" else self.api

    def control(self, op: str, **arguments):
        return self.simulator.control(op, host=self.name, **arguments)

    def state(self, host: str = ""):
        """Return the networking of a host in the simulator's plain form."""
        found = self.simulator.control("state", host=host or self.name)
        return {key: found[key] for key in ("switches", "groups", "vmks")}

    def calls(self) -> list[str]:
        return [entry["method"] for entry in self.log()]

    def log(self) -> list[dict[str, str]]:
        return self.simulator.control("log", endpoint=self.name)

    def clear(self) -> None:
        self.simulator.control("clear_log", endpoint=self.name)

    def apply(self, transport: str = "api", keeper=None, **given) -> Outcome:
        return self.run(request(transport=transport, **given), transport, keeper)

    def run(self, asked: Request, transport: str = "api", keeper=None) -> Outcome:
        return apply(self.opener(transport), asked, keeper)


def request(check_mode: bool = False, **given) -> Request:
    made = options.request_of({**DEFAULTS, **given}, check_mode)
    back = (given.get("timeouts") or {}).get("back", 5)
    return replace(made, addresses=frozenset({"127.0.0.1"}), back=back)


def changed(outcome: Outcome) -> list[str]:
    """Return the steps that were taken; a failure fails the test with its message."""
    assert outcome.error is None, outcome.error
    return [str(step) for made in outcome.pending.values() for step in made.steps]
