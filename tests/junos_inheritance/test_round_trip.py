# SPDX-License-Identifier: GPL-3.0-or-later
"""What is gathered from a switch declares it: replaced by that, nothing changes; what cannot be declared is named."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.declaration import read

from .configurations import ALL, Configuration
from .memory import Switch
from .reader import to_set

EACH = pytest.mark.parametrize("configuration", ALL, ids=lambda found: found.name)
MODELS = {"els": ("ex4300-48t", "ex4300-24t"), "nonels": ("ex4200-48t", "ex3300-48t"), "channels": ("ex4650-48y",)}
"""Of each style one of a release since 14.1X53-D15 and one before."""


def switches_of(configuration: Configuration) -> list[Switch]:
    kind = "channels" if "channelised" in configuration.kinds else configuration.style
    lines = tuple(to_set(configuration.root))
    return [
        Switch(model, configuration.members, lines, precedence)
        for model, precedence in zip(MODELS[kind], ("append", "override"), strict=False)
    ]


@EACH
def test_a_switch_would_commit_it(configuration: Configuration):
    for switch in switches_of(configuration):
        assert switch.sane, switch.device.model.name


@EACH
def test_what_is_gathered_and_replaced_changes_nothing(configuration: Configuration):
    for switch in switches_of(configuration):
        declared = switch.gathered()
        cannot = set()
        _read, findings = read(**declared)
        for finding in findings:
            kind, name = finding.where.split(".", 1)
            declared[kind].pop(name, None)
            cannot.add(name)
        before = switch.shown()
        made = switch.apply({"state": "replaced", **declared})
        assert (made.commands, switch.shown() == before) == ([], True)
        assert cannot == set(configuration.cannot)


@EACH
def test_what_takes_effect_is_gathered(configuration: Configuration):
    for switch in switches_of(configuration):
        found, effective = switch.gathered(), switch.effective()
        words = [line.split() for line in effective if line.startswith("interfaces ")]
        members: dict[str, set[str]] = {
            name: set() for _interfaces, name, *_rest in words if re.fullmatch(r"ae\d+", name)
        }
        for _interfaces, port, *rest in words:
            if rest[:2] == ["ether-options", "802.3ad"] and rest[2].startswith("ae"):
                members.setdefault(rest[2], set()).add(port)
        assert {name: set(bundle["members"]) for name, bundle in found["bundles"].items()} == members
        switched = {name for _interfaces, name, *rest in words if rest[2:4] == ["family", "ethernet-switching"]}
        assert set(found["ports"]) == {name for name in switched if not name.startswith("ae")}
        for name, port in {**found["ports"], **found["bundles"]}.items():
            start = f"interfaces {name} unit 0 family ethernet-switching vlan members "
            assert set(_vlans(port)) >= {line.removeprefix(start) for line in effective if line.startswith(start)}


def _vlans(port: dict[str, Any]) -> list[str]:
    return [str(name) for name in (port.get("untagged"), *port.get("tagged", ())) if name]
