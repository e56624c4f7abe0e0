# SPDX-License-Identifier: GPL-3.0-or-later
"""Models and a configuration for the tests of the simulated switches."""

from __future__ import annotations

MODELS = {"nonels": "ex4200-48t", "els": "ex4300-48t:2"}
MODE = {"nonels": "port-mode", "els": "interface-mode"}
# Two members in a bundle that carries one VLAN: right for both styles, `MODE` is put in.
BUNDLE = """\
delete interfaces ge-0/0/1
delete interfaces ge-0/0/2
set chassis aggregated-devices ethernet device-count 1
set interfaces ge-0/0/1 ether-options 802.3ad ae0
set interfaces ge-0/0/2 ether-options 802.3ad ae0
set interfaces ae0 aggregated-ether-options lacp active
set interfaces ae0 unit 0 family ethernet-switching MODE trunk
set interfaces ae0 unit 0 family ethernet-switching vlan members v10
set vlans v10 vlan-id 10
"""
