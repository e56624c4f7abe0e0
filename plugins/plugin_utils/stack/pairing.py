# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pairing table: what one word, `bundle`, means at every kind of end. Both halves of a link are read from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.platform import PORT

PROVISIONED = ("junos_ex", "esxi_vss")
"""Kinds whose end of a link this version of the collection always configures; a Linux host has to ask for it."""
SWITCHES = ("junos_ex", "procurve", "external")
"""Kinds that can be the switch of a link."""


@dataclass(frozen=True)
class Impossible:
    """A kind that cannot do it, why (with the source), and what to do instead."""

    why: str
    mend: str


Half = Mapping[str, str] | Impossible
_ALL_ACTIVE = {"failure_detection": "link_status", "uplinks": "all active"}
_NO_LACP = Impossible(
    "a standard vSwitch speaks no LACP, so the bundle would never come up (VMware KB 1001938)",
    "say static, or move the uplinks to a distributed switch",
)
_NO_BUNDLE = Impossible(
    "Switch Embedded Teaming is switch-independent, so a bundle at the other end loses frames (Microsoft, "
    "Convert-LBFO2SET)",
    "say none",
)
_NO_PORTS = Impossible("a vCenter has no ports of its own", "name the ESXi hosts, and at them vcenter")
PAIRING: Mapping[str, Mapping[str, Half]] = {
    "lacp": {
        "junos_ex": {"lacp": "active"},
        "esxi_vss": _NO_LACP,
        "esxi_vds": {"lag_mode": "active", "uplinks": "the LAG active, all others unused"},
        "vcenter": _NO_PORTS,
        "ontap": {"mode": "multimode_lacp", "distribution_policy": "ip"},
        "ontap_7mode": {"ifgrp": "lacp", "load_balancing": "ip"},
        "linux": {"mode": "802.3ad"},
        "windows_lbfo": {"teaming_mode": "LACP"},
        "windows_set": _NO_BUNDLE,
        "procurve": {"trunk": "lacp"},
        "external": {"bundle": "lacp"},
    },
    "static": {
        "junos_ex": {"lacp": "none"},
        "esxi_vss": {"load_balancing": "loadbalance_ip", **_ALL_ACTIVE},
        "esxi_vds": {"load_balancing": "loadbalance_ip", **_ALL_ACTIVE},
        "vcenter": _NO_PORTS,
        "ontap": {"mode": "multimode", "distribution_policy": "ip"},
        "ontap_7mode": {"ifgrp": "multi", "load_balancing": "ip"},
        "linux": {"mode": "balance-xor"},
        "windows_lbfo": {"teaming_mode": "Static"},
        "windows_set": _NO_BUNDLE,
        "procurve": {"trunk": "trunk"},
        "external": {"bundle": "static"},
    },
    "none": {
        "junos_ex": {"bundle": "none"},
        "esxi_vss": {"load_balancing": "loadbalance_srcid", **_ALL_ACTIVE},
        "esxi_vds": {"load_balancing": "loadbalance_srcid", **_ALL_ACTIVE},
        "vcenter": _NO_PORTS,
        "ontap": {"mode": "singlemode"},
        "ontap_7mode": {"ifgrp": "single"},
        "linux": {"mode": "active-backup"},
        "windows_lbfo": {"teaming_mode": "SwitchIndependent"},
        "windows_set": {"teaming_mode": "SwitchIndependent"},
        "procurve": {"trunk": "none"},
        "external": {"bundle": "none"},
    },
}
"""By bundle and kind. Junos without `active` is passive, and two passive ends never come up (`lacp` statement)."""


@dataclass(frozen=True)
class Names:
    """How a kind calls its LAGs and ports: a pattern, and an example of it; `needs_lag` tells for which bundles."""

    lag: re.Pattern[str]
    lag_example: str
    needs_lag: tuple[str, ...]
    port: re.Pattern[str]
    port_example: str
    lag_without_bundle: bool = True


_ANY = re.compile(r"\S(.*\S)?")
_BUNDLED = ("lacp", "static")
_VMNIC = re.compile(r"vmnic\d+")
_LINUX = re.compile(r"[^\s/]{1,15}")  # IFNAMSIZ of the kernel, 16 with the closing zero
_FILER_PORT = re.compile(r"e\d+[a-zM]")
_FREE = Names(_ANY, "a name", (), _ANY, "a name")
_TEAM = Names(_ANY, "team0", _BUNDLED, _ANY, "NIC1")
NAMES: Mapping[str, Names] = {
    "junos_ex": Names(
        re.compile(r"ae(0|[1-9]\d{0,3})"),  # how far the numbers go is the model's: LINK_LAG_BEYOND_MODEL
        "ae0",
        _BUNDLED,
        PORT,
        "ge-0/0/0",
        lag_without_bundle=False,
    ),
    "esxi_vss": Names(re.compile(r"\S(.{0,30}\S)?"), "vSwitch0", ("lacp", "static", "none"), _VMNIC, "vmnic2"),
    "esxi_vds": Names(_ANY, "lag1", ("lacp",), _VMNIC, "vmnic2"),
    "vcenter": _FREE,
    "ontap": Names(re.compile(r"a\d{1,3}[a-z]"), "a0a", (), _FILER_PORT, "e0a"),
    "ontap_7mode": Names(_ANY, "vif1", _BUNDLED, _FILER_PORT, "e0a"),
    "linux": Names(_LINUX, "bond0", _BUNDLED, _LINUX, "eth0"),
    "windows_lbfo": _TEAM,
    "windows_set": _TEAM,
    "procurve": Names(re.compile(r"[Tt]rk\d{1,3}"), "Trk1", _BUNDLED, _ANY, "A1", lag_without_bundle=False),
    "external": _FREE,
}
