# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what is written at the nodes that Juniper's published modules do not hold (protocols, poe and others)."""

from __future__ import annotations

import pytest

from .builders import GOLDEN, STYLES, declared, made, settled, switch

HAD = {
    "nonels": """
set interfaces ge-0/0/1 mtu 9216
set interfaces ge-0/0/1 unit 0 family ethernet-switching port-mode access
set interfaces interface-range desks member-range ge-0/0/0 to ge-0/0/5
set interfaces interface-range desks unit 0 family ethernet-switching
set protocols rstp interface ge-0/0/1.0 edge
set protocols rstp interface ge-0/0/9.0 edge
""",
    "els": """
set interfaces ge-0/0/1 native-vlan-id 10
set interfaces ge-0/0/1 unit 0 family ethernet-switching interface-mode trunk
set protocols rstp interface ge-0/0/1 edge
set protocols rstp interface ge-0/0/9 edge
set vlans old vlan-id 9
set vlans old interface ge-0/0/1.0
""",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_used_port_is_cleaned_and_the_bundle_becomes_an_edge_port(style, golden):
    bundle = {"members": ["ge-0/0/1", "ge-0/0/2"], "lacp": "active", "untagged": "server", "peer": "linux"}
    wanted = declared({"server": {"id": 10}}, {"ae0": bundle})
    result = made(switch(HAD[style]), wanted, style)
    golden(GOLDEN / f"cleaned_port.{style}.set", "".join(line + "\n" for line in result.commands))
    golden(GOLDEN / f"cleaned_port.{style}.xml", result.xml)
    assert settled(result, wanted)
