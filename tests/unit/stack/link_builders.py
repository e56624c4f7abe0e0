# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites with links made for tests: two switches, ESXi hosts of their own and of a vCenter, a filer, load balancers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from . import stack_builders as builders


def link(bundle: str, vlans: dict[str, Any], ends: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a link; an end is its ports, or a pair of LAG and ports."""
    made = {
        host: {"lag": end[0], "ports": end[1]} if isinstance(end, tuple) else {"ports": end}
        for host, end in ends.items()
    }
    return {"bundle": bundle, "vlans": vlans, "ends": made, **more}


def site() -> dict[str, Any]:
    """Return a valid site: a pair of load balancers, two switches with hosts, a vCenter, and a link between both."""
    content = builders.site()
    content["vlans"] |= {"mgmt": {"id": 30}, "nfs": {"id": 40, "mtu": 9000}}
    content["devices"] |= {
        "ex1": {"kind": "junos_ex", "model": "ex4200-48t", "release": "12.3R12"},
        "ex2": {"kind": "junos_ex"},
        "esx1": {"kind": "esxi_vss", "management_vlan": "mgmt"},
        "esx[2:3]": {"kind": "esxi_vss", "management_vlan": "mgmt", "vcenter": "vc"},
        "vc": {"kind": "vcenter"},
        "filer": {"kind": "ontap"},
    }
    content["link_profiles"] = {
        "esx": {"bundle": "static", "vlans": {"untagged": "mgmt", "tagged": ["server"]}},
        "slow": {"bundle": "lacp", "periodic": "slow"},
    }
    both = {"tagged": ["front", "server"]}
    content["links"] = {
        "lb1": link("lacp", both, {"ex1": ("ae0", ports(0)), "lb1": ("bond0", ["e0", "e1"])}),
        "lb2": link("lacp", both, {"ex2": ("ae0", ports(0)), "lb2": ("bond0", ["e0", "e1"])}),
        "esx1-lan": esx("esx1", "ex1", "ae1", ports(1)),
        "esx[2:3]-lan": esx("esx[2:3]", "ex2", "ae[2:3]", ["ge-0/0/[2:3]", "ge-1/0/[2:3]"]),
        "filer": filer(),
        "web1": link("none", {"untagged": "server"}, {"ex1": ["ge-0/0/8"], "web1": ["eth0"]}),
        "web2": link("none", {"untagged": "server"}, {"ex2": ["ge-0/0/8"], "web2": ["eth0"]}),
        "up": link(
            "lacp",
            {"tagged": ["front", "server", "mgmt"]},
            {"ex1": ("ae9", ["xe-0/1/0"]), "ex2": ("ae9", ["xe-0/1/0"])},
        ),
    }
    return content


def esx(host: str, switch: str, ae: str, cabled: list[str]) -> dict[str, Any]:
    """Return the link of an ESXi host, with what its profile leaves."""
    ends = {switch: {"lag": ae, "ports": cabled}, host: {"lag": "vSwitch0", "ports": ["vmnic0", "vmnic1"]}}
    return {"profile": "esx", "ends": ends}


def filer() -> dict[str, Any]:
    """Return the link of the filer."""
    ends = {"ex1": {"lag": "ae5", "ports": ["ge-[0:1]/0/5"]}, "filer": {"lag": "a0a", "ports": ["e0a", "e0b"]}}
    return {"profile": "slow", "vlans": {"untagged": "nfs"}, "minimum_links": 1, "ends": ends}


def ports(number: int) -> list[str]:
    """Return a port of each of two members of a virtual chassis."""
    return [f"ge-0/0/{number}", f"ge-1/0/{number}"]


def calls(done: Callable[[], object]) -> int:
    """Return how many functions of Python are called for something."""
    count = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    try:
        done()
    finally:
        sys.setprofile(None)
    return count
