# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders of the domain for the tests of junos_lag, and where its golden files are."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config import setform, views
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import Config
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.model import Declared
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import plan

STYLES = ("nonels", "els")
GOLDEN = Path(__file__).parent / "golden"


def declared(vlans=None, bundles=None, ports=None, **options) -> Declared:
    found, findings = declaration.read(vlans, bundles, ports, **options)
    assert not findings, "\n".join(map(str, findings))
    return found


def switch(text: str = "", style: str = "nonels") -> Config:
    """Return a configuration from set lines; MODE and NATIVE(...) stand for what the style writes."""
    mode = "port-mode" if style == "nonels" else "interface-mode"
    return setform.from_set(text.replace("MODE", mode).splitlines())


def shown(config: Config) -> views.Views:
    """Return a configuration as a switch shows it."""
    return views.offline(config)


def made(current: Config, wanted: Declared, style: str, state: str = "merged", **options) -> plan.Plan:
    return plan.make(shown(current), wanted, state, style, **options)


def settled(result: plan.Plan, wanted: Declared, state: str = "merged") -> bool:
    """Tell whether the same declaration changes nothing once it is applied."""
    return not made(result.written, wanted, result.style, state).changed
