# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The groups of a refused site, as far as plain data can tell them, so that a play on one of them meets the refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kind as kind_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import Cabling, cell_name, cells
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import ENDS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.validate import named_badly

Sections = Mapping[str, Mapping[str, Any]]


def claimed(sections: Sections, hosts: Iterable[str]) -> dict[str, set[str]]:
    """Return the groups that plain data would make, believing nothing: only declared hosts count.

    Each pair and each switch has a cell of its own name too, for what cannot be read may have given the cell its name.
    """
    known = set(hosts)
    found: dict[str, set[str]] = {}
    for group, members in (*_of_devices(sections, known), *_of_pairs(sections), *_of_services(sections)):
        found.setdefault(group, set()).update(members & known)
    for cell, members in cells(_cabling(sections, known)).items():
        found.setdefault(cell, set()).update(members & known)
    return found


def _of_devices(sections: Sections, known: set[str]) -> Iterator[tuple[str, set[str]]]:
    for host in known:
        kind = _part(sections["devices"][host], "kind")
        if kind in NAMES:
            for group in (kind, *kind_of(kind).groups):
                yield group, {host}
            if kind_of(kind).forwards:
                yield cell_name(host), {host}


def _of_pairs(sections: Sections) -> Iterator[tuple[str, set[str]]]:
    for name, raw in sections["lb_pairs"].items():
        for turn, host in enumerate(_texts(_part(raw, "hosts")), start=1):
            pair = () if named_badly("lb_pairs", name) else (f"lb_pair_{name}", f"cell_{name}")
            for group in (*pair, "load_balancers", f"lb_turn_{turn}"):
                yield group, {host}


def _of_services(sections: Sections) -> Iterator[tuple[str, set[str]]]:
    for raw in sections["services"].values():
        backends = _part(raw, "backends")
        for item in backends if isinstance(backends, list) else []:
            host = _part(item, "host") if isinstance(item, dict) else item
            yield "backends", {host} if isinstance(host, str) else set()


def _cabling(sections: Sections, known: set[str]) -> Cabling:
    """Return the cabling as far as it can be read."""
    devices = {host: sections["devices"][host] for host in known}
    kinds = {host: kind for host, raw in devices.items() if isinstance(kind := _part(raw, "kind"), str)}
    links = [tuple(ends) for raw in sections["links"].values() if isinstance(ends := _part(raw, "ends"), dict)]
    pairs = {name: _texts(_part(raw, "hosts")) for name, raw in sections["lb_pairs"].items()}
    return Cabling(
        kinds=kinds,
        links=[(ends[0], ends[1]) for ends in links if len(ends) == ENDS],
        pairs={name: hosts for name, hosts in pairs.items() if not named_badly("lb_pairs", name)},
        managed={host: on for host, raw in devices.items() if isinstance(on := _part(raw, "vcenter"), str)},
    )


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _part(raw: Any, key: str) -> Any:
    return raw.get(key) if isinstance(raw, dict) else None
