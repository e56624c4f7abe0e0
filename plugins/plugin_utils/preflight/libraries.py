# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python libraries the kinds of device in a run need, and which of those are not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

_LIBRARIES = {
    "PyEZ": ("jnpr.junos", "junos-eznc"),
    "pyVmomi": ("pyVmomi", "pyvmomi"),
}
"""The module to import and the package that brings it."""
_NAMED = 3
"""Hosts that a message names."""


def needed(variables: Mapping[str, Any], transport: object) -> Iterator[str]:
    """Yield the libraries by which a host is reached, of its derived variables."""
    if variables.get("junos_lag_bundles") or variables.get("junos_lag_ports"):
        yield "PyEZ"
    vswitches = variables.get("esxi_teaming_vswitches")
    if variables.get("esxi_teaming_hosts") or (vswitches and transport != "ssh"):
        yield "pyVmomi"
    if vswitches:
        peers = (link for link in variables.get("stack_links") or () if link.get("peer_kind") == "junos_ex")
        yield from ("PyEZ" for _link in list(peers)[:1])


def findings(hosts: Mapping[str, list[str]]) -> list[str]:
    """Return what is not installed, each once with those of its hosts that make it necessary."""
    return [
        f"{name} is not installed where Ansible runs, and this run reaches {_some(hosts[name])} by it; run `pip "
        f"install {package}` there (requirements.txt of the collection)"
        for name, (module, package) in _LIBRARIES.items()
        if hosts.get(name) and not installed(module)
    ]


def installed(module: str) -> bool:
    """Tell whether the module is there, without loading it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _some(hosts: list[str]) -> str:
    more = f" and {len(hosts) - _NAMED} more" if len(hosts) > _NAMED else ""
    return ", ".join(hosts[:_NAMED]) + more
