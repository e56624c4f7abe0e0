# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites made for tests: a small valid one, and the ways to change it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded, load

PLUGIN = "netstack.datacenter.stack"


def node(front: str, server: str) -> dict[str, Any]:
    """Return a load balancer with a leg in both VLANs."""
    legs = {"front": {"interface": "eth0", "address": front}, "server": {"interface": "eth1", "address": server}}
    return {"kind": "linux", "networks": legs}


def web(address: str) -> dict[str, Any]:
    """Return a backend in the VLAN of the servers."""
    return {"kind": "external", "networks": {"server": {"address": address}}}


def service(vip: str, **changes: Any) -> dict[str, Any]:
    """Return an IIS service with its own VIP."""
    return {
        "lb": "edge",
        "vip": vip,
        "ports": [443],
        "profile": "iis",
        "tls": {"certificate": "shop"},
        "backends": ["web1", "web2"],
        **changes,
    }


def tcp(vip: str, **changes: Any) -> dict[str, Any]:
    """Return a plain TCP service with its own VIP."""
    base = {"lb": "edge", "vip": vip, "ports": [3306], "mode": "tcp", "tls": {"at": "none"}}
    return {**base, "backends": ["web1", "web2"], **changes}


def site() -> dict[str, Any]:
    """Return a valid site with one pair and one service."""
    return copy.deepcopy(
        {
            "plugin": PLUGIN,
            "vlans": {
                "front": {"id": 10, "subnet": "10.0.10.0/24", "gateway": "10.0.10.1"},
                "server": {"id": 20, "subnet": "10.0.20.0/24"},
            },
            "devices": {
                "lb1": node("10.0.10.2", "10.0.20.2"),
                "lb2": node("10.0.10.3", "10.0.20.3"),
                "web1": web("10.0.20.11"),
                "web2": web("10.0.20.12"),
            },
            "lb_pairs": {"edge": {"hosts": ["lb1", "lb2"], "vip_vlan": "front"}},
            "certificates": {"shop": {"source": "secret", "secret": "shop_pem"}},
            "services": {"shop": service("10.0.10.5")},
        }
    )


def loaded(content: dict[str, Any], folder: Path) -> Loaded:
    """Write the site (JSON is YAML) and load it."""
    file = folder / "stack.yml"
    file.write_text(json.dumps(content, ensure_ascii=False))
    return load(file, folder)
