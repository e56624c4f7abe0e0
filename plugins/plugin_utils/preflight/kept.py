# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a later run will find what this one keeps before it changes an ESXi host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.of_run import (
    Variable,
    require_lasting,
    restore_of,
    store_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.web import Web


def keeps(known: Mapping[str, Any]) -> bool:
    """Tell whether a run keeps what it replaces of a host; with an empty place, set by hand, it keeps nothing."""
    ends = known.get("esxi_teaming_vswitches") or known.get("esxi_teaming_hosts")
    return bool(ends) and known.get("esxi_teaming_restore_dir") != ""


def findings(hosts: Iterable[str], variables: Callable[[str], Variable], environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the places of these hosts, each once; a URL is asked whether it takes a record."""
    by_place: dict[str, list[str]] = {}
    for host in hosts:
        by_place.setdefault(restore_of(variables(host)), []).append(host)
    found = []
    for where, concerned in by_place.items():
        try:
            require_lasting(where, environment)
            store = store_of(where, variables(concerned[0]))
            if isinstance(store, Web):
                store.check()
        except OSError as error:
            found.append(f"{', '.join(concerned)}: {error}")
    return found
