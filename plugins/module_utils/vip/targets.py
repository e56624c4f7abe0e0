# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The addresses that a declaration is about, by the name under which they move. Pure."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List

from .model import VipError
from .neighbours import Target

Targets = Dict[str, List[Target]]


def instance_targets(instances: dict[str, Any]) -> Targets:
    """Return the addresses of each instance of ``vip_instances``.

    Raises VipError for what is not an address. The rest of an instance is the business of the module `vip`.
    """
    faults: list[str] = []
    found: Targets = {}
    for name, data in instances.items():
        if not isinstance(data, dict) or not data.get("addresses"):
            faults.append(f"vip_instances.{name} lacks `addresses`, so there is nothing to look for.")
            continue
        found[name] = [
            Target(host, str(data.get("interface") or ""))
            for host in (bare(f"vip_instances.{name}", item, faults) for item in data["addresses"])
        ]
    if faults:
        raise VipError(faults)
    return found


def address_targets(addresses: list[dict[str, Any]]) -> Targets:
    """Return plain addresses, each under its own name. Raises VipError for what is not an address."""
    faults: list[str] = []
    found = {
        host: [Target(host, str(item.get("interface") or ""))]
        for item in addresses
        for host in [bare("addresses", item.get("address"), faults)]
    }
    if faults:
        raise VipError(faults)
    return found


def bare(where: str, text: Any, faults: list[str]) -> str:
    """Return an address without its prefix, in canonical form."""
    try:
        return str(ipaddress.ip_interface(str(text)).ip)
    except ValueError:
        faults.append(f"{where}: {text} is not an IP address.")
        return ""
