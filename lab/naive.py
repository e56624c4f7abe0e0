#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the obvious settings of a link between an EX and an ESXi host do to the host, and that they are refused here.

    naive.py [--json]    prints a line for each, and exits 1 where one does no harm or is not refused

They are the ones of published how-tos, and their neighbours. Each is set on a spare switch and a spare host (simulated,
started and ended here) by the protocols' own libraries, PyEZ and pyVmomi, and lab/fabric.py tells what becomes of the
flows of the host's management. Then the same is declared for this collection, with which one run of ansible-playbook
deals; none of it gets as far as a connection.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import yaml
from jnpr.junos import Device
from jnpr.junos.utils.config import Config
from pyVim.connect import Connect
from pyVmomi import vim

from fabric_client import Fabric
from kinds.esxi_vss.client import Simulator as Hosts
from kinds.junos_ex.client import Simulator as Switches

HERE = Path(__file__).resolve().parent
MODELS = {"nonels": "ex4200-48t", "els": "ex4300-48t"}
MODE = {"nonels": "port-mode", "els": "interface-mode"}
PORTS, NICS = ["ge-0/0/0", "ge-0/0/1"], ["vmnic0", "vmnic1"]
VLAN = 10
MANAGEMENT = "Management Network"
LOST = (OSError, HTTPException, vim.fault.HostConnectFault)
PATIENCE = 1.0

PLAIN = f"""\
set vlans mgmt vlan-id {VLAN}
set interfaces ge-0/0/0 unit 0 family ethernet-switching MODE access
set interfaces ge-0/0/0 unit 0 family ethernet-switching vlan members mgmt
set interfaces ge-0/0/1 unit 0 family ethernet-switching MODE access
set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members mgmt
"""
BUNDLE = """\
delete interfaces ge-0/0/0 unit 0
delete interfaces ge-0/0/1 unit 0
set chassis aggregated-devices ethernet device-count 1
set interfaces ge-0/0/0 ether-options 802.3ad ae0
set interfaces ge-0/0/1 ether-options 802.3ad ae0
set interfaces ae0 unit 0 family ethernet-switching MODE access
set interfaces ae0 unit 0 family ethernet-switching vlan members mgmt
"""
LACP = f"{BUNDLE}set interfaces ae0 aggregated-ether-options lacp active\n"

Declared = dict[str, Any]


@dataclass(frozen=True)
class Naive:
    """One setting: what is committed at the switch, what the host gets, and how one would declare it."""

    name: str
    switch: str = ""
    hashes: tuple[str, ...] = ()
    uplinks: tuple[str, ...] = tuple(NICS)
    declared: Declared = field(default_factory=dict)
    bundle: str = ""


@dataclass
class Outcome:
    """What became of the management's flows, whether the host's API still answers, and why it is refused here."""

    name: str
    lost: int
    of: int
    reasons: list[str]
    answers: bool
    refused: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return it in one line and its reasons."""
        api = "its API answers" if self.answers else "its API times out"
        harm = f"{self.lost} of {self.of} flows of the host's management lost, {api}"
        why = "".join(f"\n  refused: {text}" for text in self.refused) or "\n  not refused"
        return f"{self.name}: {harm}{why}"


def _half(balancing: str, bundle: str, uplinks: list[str], **group: Any) -> Declared:
    teaming = {"load_balancing": balancing}
    switch = {"uplinks": uplinks, "teaming": teaming, "bundle": {"mode": bundle, "ports": len(PORTS)}}
    return {"vswitches": {"vSwitch0": switch}, "port_groups": {MANAGEMENT: {"vswitch": "vSwitch0", **group}}}


CASES = (
    Naive(
        "static bundle of access ports, IP hash at the vSwitch, the management's port group as installed",
        BUNDLE,
        ("vSwitch0",),
        declared=_half("loadbalance_ip", "static", NICS, teaming={"load_balancing": "loadbalance_srcid"}),
    ),
    Naive(
        "access ports without a bundle, the management on IP hash",
        hashes=("vSwitch0", MANAGEMENT),
        declared=_half("loadbalance_ip", "none", NICS, teaming="inherit"),
    ),
    Naive("LACP against a standard vSwitch", LACP, ("vSwitch0", MANAGEMENT), bundle="lacp"),
    Naive(
        "static bundle, the host left as it is installed",
        BUNDLE,
        declared=_half("loadbalance_srcid", "static", NICS),
    ),
    Naive(
        "static bundle of two ports, IP hash over one uplink",
        BUNDLE,
        ("vSwitch0", MANAGEMENT),
        uplinks=("vmnic0",),
        declared=_half("loadbalance_ip", "static", NICS[:1]),
    ),
)


class Spare:
    """A switch and a host behind two of its ports, on which nobody depends."""

    def __init__(self, switches: Switches, hosts: Hosts, fabric: Fabric, style: str) -> None:
        self.switches, self.hosts, self.fabric, self.style = switches, hosts, fabric, style

    def fresh(self) -> None:
        """Give both ends plain ports in the management's VLAN, and the teaming that a host is installed with."""
        self.switches.control("reset", switch=self.style)
        self.hosts.control("reset", host="esx1")
        self.fabric.deliveries()
        self.commit(PLAIN)

    def commit(self, text: str) -> None:
        """Commit with PyEZ."""
        access = {"user": "lab", "password": "lab123", "look_for_keys": False, "allow_agent": False}
        with Device("127.0.0.1", port=self.switches.port(self.style), gather_facts=False, **access) as device:
            config = Config(device)
            config.load(text.replace("MODE", MODE[self.style]), format="set")
            config.commit()

    def log_in(self) -> Any:
        """Open a session with pyVmomi; where nobody answers it raises one of LOST."""
        connect: Any = Connect  # it has no type information
        return connect(
            version="vim.version.v8_0_2_0",
            host=self.hosts.address("esx1"),
            port=self.hosts.port("esx1"),
            user="root",
            pwd="lab123",
            sslContext=ssl.create_default_context(cafile=self.hosts.ca_file),
            httpConnectionTimeout=PATIENCE,
        )

    def team(self, case: Naive) -> None:
        """Change the host with pyVmomi. Where that cuts it off the answer never comes; the change is made."""
        system = self.log_in().content.rootFolder.childEntity[0].hostFolder.childEntity[0].host[0].configManager
        network = system.networkSystem
        info = network.networkInfo
        for each in (*info.vswitch, *info.portgroup):
            name = getattr(each, "name", None) or each.spec.name
            if name not in ("vSwitch0", MANAGEMENT):
                continue
            teaming = each.spec.policy.nicTeaming
            teaming.nicOrder.activeNic = list(case.uplinks) if name in case.hashes else teaming.nicOrder.activeNic
            teaming.policy = "loadbalance_ip" if name in case.hashes else teaming.policy
            if name == "vSwitch0":
                each.spec.bridge.nicDevice = list(case.uplinks)
                network.UpdateVirtualSwitch(name, each.spec)
            elif name in case.hashes:
                network.UpdatePortGroup(name, each.spec)

    def try_out(self, case: Naive) -> Outcome:
        """Set it, and tell what it does."""
        self.fresh()
        with suppress(*LOST):
            self.team(case)
        if case.switch:
            self.commit(case.switch)
        seen = self.fabric.deliveries()["esx1"]["vmk0"]
        try:
            self.log_in()
        except LOST:
            return Outcome(case.name, seen["lost"], seen["of"], seen["reasons"], answers=False)
        return Outcome(case.name, seen["lost"], seen["of"], seen["reasons"], answers=True)


def spare(stack: ExitStack, style: str) -> Spare:
    """Start a pair; the stack ends it."""
    switches = stack.enter_context(Switches({style: MODELS[style]}))
    hosts = stack.enter_context(Hosts({"esx1": len(NICS)}))
    ends = zip(PORTS, NICS, strict=True)
    cables = [{"switch": style, "port": port, "host": "esx1", "nic": nic} for port, nic in ends]
    fabric = stack.enter_context(Fabric(switches.about["control"], hosts.about["control"], cables, VLAN))
    return Spare(switches, hosts, fabric, style)


def refusals() -> dict[str, list[str]]:
    """Declare all of them, and return the findings for each; nothing where one would be accepted."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "stack.yml").write_text(yaml.safe_dump(site("lacp")))
        given = [{"name": case.name, **case.declared} for case in CASES if not case.bundle]
        more = {"naive_cases": given, "naive_file": str(folder / "found.json")}
        (folder / "cases.json").write_text(json.dumps(more))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(HERE / "naive.yml")]
        options = ["-i", str(folder / "stack.yml"), "-e", f"@{folder / 'cases.json'}"]
        done = subprocess.run(
            [*command, *options],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        found: dict[str, list[str]] = json.loads((folder / "found.json").read_text())
    of_site = [text.replace(f"{folder}/", "") for text in found.pop("site")]
    return {**found, **{case.name: of_site for case in CASES if case.bundle}}


def site(bundle: str) -> Declared:
    """Return a site with the link as somebody would declare it."""
    ends = {"ex1": {"lag": "ae0", "ports": PORTS}, "esx1": {"lag": "vSwitch0", "ports": NICS}}
    return {
        "plugin": "netstack.datacenter.stack",
        "vlans": {"mgmt": {"id": VLAN}},
        "devices": {
            "ex1": {"kind": Switches.kind, "model": MODELS["nonels"]},
            "esx1": {"kind": Hosts.kind, "management_vlan": "mgmt"},
        },
        "links": {"esx1-lan": {"bundle": bundle, "vlans": {"untagged": "mgmt"}, "ends": ends}},
    }


def outcomes(style: str) -> list[Outcome]:
    """Try all of them out, and declare all of them."""
    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        refused = pool.submit(refusals)  # which waits for another process
        pair = spare(stack, style)
        found = [pair.try_out(case) for case in CASES]
        for each in found:
            each.refused = refused.result().get(each.name, [])
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print all that was found")
    parser.add_argument("--style", choices=list(MODELS), default="nonels", help="of the switch")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the simulators end, too
    found = outcomes(options.style)
    if options.json:
        print(json.dumps([vars(each) for each in found], indent=1))
    else:
        print("\n".join(each.line() for each in found))
    return 0 if all(each.lost and not each.answers and each.refused for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
