# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python libraries the kinds of device in a run need, and which of those are not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Kind, Library
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds

_NAMED = 3
"""Hosts that a message names."""


def needed(of: Kind, variables: Mapping[str, Any], transport: object) -> Iterator[Library]:
    """Yield the libraries by which a host of a kind is reached, and the other ends of links that it converts."""
    if not any(variables.get(name) for name in of.told_by):
        return
    if of.library is not None and transport != "ssh":
        yield of.library
    peers = {link.get("peer_kind") for link in variables.get("stack_links") or () if of.converts}
    yield from (each.library for each in kinds() if each.name in peers and each.library is not None)


def findings(hosts: Mapping[Library, list[str]]) -> list[str]:
    """Return what is not installed, each once with those of its hosts that make it necessary."""
    return [
        f"{each.name} is not installed where Ansible runs, and this run reaches {_some(hosts[each])} by it; run `pip "
        f"install {each.package}` there (requirements.txt of the collection)"
        for each in dict.fromkeys(kind.library for kind in kinds() if kind.library is not None)
        if hosts.get(each) and not installed(each.module)
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
