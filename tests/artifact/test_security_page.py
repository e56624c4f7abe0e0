# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md names the ports and the choices that there are."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight import free_text
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves import pound
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Metrics, Peers, Stats
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.rules.pairs import HEALTH_PORT

from .conftest import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def test_the_ports_are_those_that_are_opened():
    table = PAGE.split("## Ports")[1].split("\n## ")[0]
    opened = {HEALTH_PORT, pound.HEALTH_PORT, Peers().port, Stats.model_fields["port"].default, Metrics().port}
    assert {int(port) for port in re.findall(r"TCP (\d+)", table)} - {443, 830} == opened


def test_the_choices_are_those_that_there_are():
    table = PAGE.split("## Free text")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)[1:] == [
        free_text.ALLOW,
        free_text.WARN,
        free_text.REFUSE,
    ]
