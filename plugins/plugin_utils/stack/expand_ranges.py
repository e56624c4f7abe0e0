# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ranges of a site written out: one object for each step of a range in its name, one item for each in a list."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Path
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.ranges import (
    RangeError,
    expand,
    keys_with_range,
    spread,
    walk_along,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.reader import duplicate_key
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.sources import Sources

_NAMED = ("devices", "links")
"""Sections whose names may hold a range."""
_LISTS = {"lb_pairs": "hosts", "services": "backends", "profiles": "backends"}


def write_out_ranges(sources: Sources) -> None:
    """Replace each range in the sections by what it stands for; what cannot be walked is reported."""
    for section in _NAMED:
        sources.sections[section] = _objects(section, sources)
    for section, key in _LISTS.items():
        for name, raw in sources.sections[section].items():
            _spread_at(raw, key, (section, name, key), sources)
    for name, raw in sources.sections["devices"].items():
        legs = raw.get("networks") if isinstance(raw, dict) else None
        for vlan, leg in legs.items() if isinstance(legs, dict) else ():
            _spread_at(leg, "other_addresses", ("devices", name, "networks", vlan, "other_addresses"), sources)
    for name, raw in sources.sections["links"].items():
        ends = raw.get("ends") if isinstance(raw, dict) else None
        for host, end in ends.items() if isinstance(ends, dict) else ():
            _spread_at(end, "ports", ("links", name, "ends", host, "ports"), sources)


def _objects(section: str, sources: Sources) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, raw in sources.sections[section].items():
        path: Path = (section, name)
        try:
            for single, value, renamed in _walked(name, raw):
                if single in found:
                    text = duplicate_key(single, sources.positions.at((section, single)))
                    sources.report("DUPLICATE_KEY", path, sources.positions.at(path), text)
                    continue
                found[single] = value
                if single != name:
                    sources.positions.alias(path, (section, single), renamed)
        except RangeError as error:
            sources.report("RANGE", path, sources.positions.at(path), str(error))
    return found


def _walked(name: str, raw: Any) -> list[tuple[str, Any, dict[str, str]]]:
    """Return each object of a range with its name, and with what became of its keys that hold a range."""
    names = expand(name)
    if len(names) == 1 and names[0] == name:
        return [(name, raw, {})]
    keys = set(keys_with_range(raw))
    return [
        (single, walk_along(raw, index, len(names)), {key: walk_along(key, index, len(names)) for key in keys})
        for index, single in enumerate(names)
    ]


def _spread_at(raw: Any, key: str, path: Path, sources: Sources) -> None:
    """Write out the ranges of one list, each item with the place where its range was written."""
    if not isinstance(raw, dict) or not isinstance(raw.get(key), list):
        return
    try:
        found = spread(raw[key])
    except RangeError as error:
        sources.report("RANGE", path, sources.positions.at(path), str(error))
        return
    if len(found) > len(raw[key]):
        places = [sources.positions.at((*path, index)) for index, _item in found]
        for index, place in enumerate(places):
            sources.positions.put((*path, index), place)
    raw[key] = [item for _index, item in found]
