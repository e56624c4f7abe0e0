# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task may change of what takes effect, and what must hold afterwards, by the module's documentation.

Fields that are left out stay in `merged` and go in `replaced`; `deleted` takes a bundle away and leaves clean ports; a
port that joins a bundle loses what keeps it from joining. All else belongs to nobody here and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LAYER2 = ("mode", "untagged", "tagged")
UNIT = r"unit 0( family ethernet-switching( (interface-mode|port-mode|native-vlan-id|vlan).*)?)?"
OF_FIELD = {
    "description": r"description .*",
    "payload_mtu": r"mtu \d+",
    "disabled": r"disable",
    "periodic": r"aggregated-ether-options lacp periodic .*",
    "minimum_links": r"aggregated-ether-options minimum-links .*",
    "link_speed": r"aggregated-ether-options link-speed .*",
    "lacp": r"aggregated-ether-options( lacp( (active|passive))?)?",
    **dict.fromkeys(LAYER2, rf"{UNIT}|native-vlan-id \d+"),
}
"""The statements below an interface that a field of the declaration speaks of."""
IN_THE_WAY = r"unit .*|mtu \d+|(flexible-|stacked-)?vlan-tagging|native-vlan-id .*|encapsulation .*"
"""What keeps a port from joining: a member link has no units, MTU, tagging or flow control (Juniper's YANG)."""
FLOW = r"ether-options (no-)?flow-control"
MEMBER = r"ether-options 802\.3ad .*"


@dataclass(frozen=True)
class Promise:
    """A task, and what took effect before it."""

    task: Mapping[str, Any]
    before: frozenset[str]

    @property
    def exact(self) -> bool:
        return self.task["state"] != "merged"

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the declared objects of a kind; those that go have no fields."""
        found = self.task.get(kind) or {}
        return dict(found) if isinstance(found, dict) else {name: {} for name in found}

    def allowed(self, line: str) -> bool:
        """Tell whether a task may let a line come or go; nothing comes where objects go."""
        comes = line not in self.before
        if self.task["state"] == "deleted" and comes:
            return False
        return any(re.fullmatch(pattern, line) for pattern in self._patterns())

    def _patterns(self) -> Iterator[str]:
        for name, fields in self.named("ports").items():
            yield from self._object(name, fields)
        for name, fields in self.named("bundles").items():
            yield r"chassis( aggregated-devices( ethernet( device-count \d+)?)?)?"
            yield from self._object(name, fields)
            if not any(line.startswith(f"interfaces {name} aggregated-ether-options") for line in self.before):
                yield rf"interfaces {name} (aggregated-ether-options lacp periodic slow|{UNIT})"
            joined = set(fields.get("members", ()))
            for port in joined | _members(self.before, name):
                yield from self._member(port, joined)

    def _object(self, name: str, fields: Mapping[str, Any]) -> Iterator[str]:
        if self.task["state"] == "deleted":
            yield rf"interfaces {name} .*"
            yield rf"(protocols (rstp|mstp)|vlans \S+) interface {name}( .*)?"
        asked = {*fields, *(OF_FIELD.keys() - {"disabled"} if self.exact else ())}
        of = {field: text for field, text in OF_FIELD.items() if field in asked}
        yield rf"interfaces {name} ({'|'.join(of.values())})" if of else "(?!)"
        if self.exact:
            yield rf"interfaces {name} unit 0.*"
        if self.exact or {*LAYER2, "peer"} & set(fields):
            yield rf"protocols (rstp|mstp) interface {name}( edge)?"
        if self.exact or set(LAYER2) & set(fields):
            yield rf"vlans \S+ interface {name}"

    def _member(self, port: str, joined: set[str]) -> Iterator[str]:
        yield rf"interfaces {port} {MEMBER}"
        if self.exact:  # what is not declared among member_descriptions goes
            yield rf"interfaces {port} description .*"
        if port in joined:
            yield rf"interfaces {port} ({IN_THE_WAY}|{FLOW})"
            yield rf"(protocols (rstp|mstp)|vlans \S+) interface {port}( .*)?"

    def broken(self, after: frozenset[str]) -> list[str]:
        """Return what is declared and does not take effect, and what had to go and still does."""
        if self.task["state"] == "deleted":
            left = [line for name in self.named("bundles") for line in _starting(after, f"interfaces {name} agg")]
            units = [f"interfaces {name} unit 0 family ethernet-switching vlan" for name in self.named("ports")]
            return left + [line for unit in units for line in _starting(after, unit)]
        found: list[str] = []
        for name, fields in {**self.named("ports"), **self.named("bundles")}.items():
            said = [f"interfaces {name} {text}" for text in _said(fields)]
            said += [f"interfaces {port} ether-options 802.3ad {name}" for port in fields.get("members", ())]
            found += [f"no {line}" for line in said if line not in after]
            found += [*_layer2(name, fields, after, self.exact), *_gone(name, fields, after, self.exact)]
            found += [
                f"{port} in {name}" for port in _members(after, name) - set(fields.get("members", ())) if self.exact
            ]
        return found


def _members(lines: frozenset[str], bundle: str) -> set[str]:
    end = f" ether-options 802.3ad {bundle}"
    return {line.split()[1] for line in lines if line.startswith("interfaces ") and line.endswith(end)}


def _gone(name: str, fields: Mapping[str, Any], after: frozenset[str], exact: bool) -> Iterator[str]:
    """Yield what a field that is left out, or that says no, has to take away and has not."""
    if fields.get("disabled") is False:
        yield from (line for line in after if line == f"interfaces {name} disable")
    for field, start in (("description", "description "), ("payload_mtu", "mtu ")):
        if exact and field not in fields:
            yield from _starting(after, f"interfaces {name} {start}")
    if "payload_mtu" in fields:
        mtu = {f"interfaces {name} mtu {fields['payload_mtu'] + header}" for header in (14, 18)}
        there = _starting(after, f"interfaces {name} mtu ")
        default = fields["payload_mtu"] == 1500 and not there  # 1514 is the default of EX
        yield from ([] if default or (set(there) <= mtu and there) else [f"mtu of {name}: {there}"])


def changed(before: frozenset[str], after: frozenset[str]) -> list[str]:
    """Return what comes or goes; a container that is no longer empty, or is now, has not changed."""
    found = before ^ after
    return sorted(line for line in found if not any(other.startswith(f"{line} ") for other in found))


def _starting(lines: frozenset[str], start: str) -> list[str]:
    return [line for line in lines if line.startswith(start)]


def _said(fields: Mapping[str, Any]) -> Iterator[str]:
    if "description" in fields:
        yield f"description {fields['description']}"
    if fields.get("disabled"):
        yield "disable"
    if "lacp" in fields:
        yield f"aggregated-ether-options lacp {fields['lacp']}"
    if "periodic" in fields:
        yield f"aggregated-ether-options lacp periodic {fields['periodic']}"


def _layer2(name: str, fields: Mapping[str, Any], after: frozenset[str], exact: bool) -> Iterator[str]:
    """Yield what of layer 2 must hold and does not; an access port has no other VLAN than its own."""
    if "mode" not in fields:
        return
    family = f"interfaces {name} unit 0 family ethernet-switching"
    if not {f"{family} {word} {fields['mode']}" for word in ("interface-mode", "port-mode")} & after:
        yield f"{name} is not {fields['mode']}"
    carried = {line.rsplit(" ", 1)[1] for line in _starting(after, f"{family} vlan members ")}
    carried |= {line.split()[1] for line in after if re.fullmatch(rf"vlans \S+ interface {name}", line)}
    wanted = {*fields.get("tagged", ()), *([fields["untagged"]] if fields["mode"] == "access" else [])}
    yield from (f"{name} in {vlan}" for vlan in wanted - carried)
    if exact or fields["mode"] == "access":
        yield from (f"{name} not in {vlan}" for vlan in carried - wanted - {fields.get("untagged")})
