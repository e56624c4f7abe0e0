# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what only some models have: names of many bundles, gigether-options, channelised ports, EVPN's statements."""

from __future__ import annotations

from typing import Any

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from kinds.junos_ex import factory, schema, setform, textform, xmlform
from kinds.junos_ex.device import Device, Options
from kinds.junos_ex.errors import CommitError, JunosError
from kinds.junos_ex.models import MODELS
from kinds.junos_ex.state import State
from kinds.junos_ex.tree import Node, equal

# After public configurations of EVPN multihoming, MC-LAG and dual-homed servers.
KEPT = """\
set chassis aggregated-devices ethernet device-count 4
set chassis fpc 0 pic 0 port 48 channel-speed 10g
set interfaces xe-0/0/1 ether-options fec none
set interfaces xe-0/0/1 ether-options 802.3ad lacp force-up
set interfaces xe-0/0/1 ether-options 802.3ad lacp port-priority 10
set interfaces xe-0/0/1 ether-options 802.3ad ae1
set interfaces ae1 esi 00:01:01:01:01:01:01:01:01:01
set interfaces ae1 esi all-active
set interfaces ae1 mtu 9216
set interfaces ae1 aggregated-ether-options bfd-liveness-detection minimum-interval 300
set interfaces ae1 aggregated-ether-options lacp active
set interfaces ae1 aggregated-ether-options lacp system-id 00:00:00:00:00:01
set interfaces ae1 aggregated-ether-options lacp admin-key 1
set interfaces ae1 aggregated-ether-options lacp force-up
set interfaces ae1 unit 0 family ethernet-switching interface-mode trunk
set interfaces ae1 unit 0 family ethernet-switching vlan members all
set interfaces ae2 esi auto-derive type-1-lacp
set interfaces ae2 esi single-active
set interfaces irb unit 10 family inet address 10.1.0.2/24 virtual-gateway-address 10.1.0.1
set interfaces irb unit 10 family inet address 10.1.0.2/24 vrrp-group 1 virtual-address 10.1.0.3
set vlans v10 vlan-id 10
"""


def refused(device: Device, session: Any, text: str) -> str:
    """Give the first error of loading and checking set commands, or nothing."""
    try:
        setform.load(device.edit(session), text)
        device.commit(session, Options(check=True))
    except (JunosError, CommitError) as failure:
        return failure.reports[0].message
    return ""


def test_what_public_configurations_have_beside_lags_is_kept_in_all_forms() -> None:
    made, back = Node(schema.load("els")), [Node(schema.load("els")) for _ in range(2)]
    setform.load(made, KEPT)
    assert "".join(line + "\n" for line in setform.lines(made)) == KEPT
    element = etree.Element("configuration")
    xmlform.write(element, made)
    xmlform.Loader().load(back[0], element)
    textform.load(back[1], textform.write(made))
    assert equal(back[0], made) and equal(back[1], made)
    esi = element.find("interfaces/interface/esi")
    assert [(child.tag, child.text) for child in esi] == [
        ("identifier", "00:01:01:01:01:01:01:01:01:01"),
        ("all-active", None),
    ]


def test_all_active_and_single_active_replace_each_other() -> None:
    made = Node(schema.load("els"))
    setform.load(made, "set interfaces ae1 esi all-active\nset interfaces ae1 esi single-active")
    assert setform.lines(made) == ["set interfaces ae1 esi single-active"]


def test_a_bundle_with_an_esi_is_committed_and_is_there(session: Any) -> None:
    device = factory.make("sw", "ex4650-48y", text="")
    assert refused(device, session, KEPT) == ""
    device.commit(session, Options())
    assert State(device).members("ae1") == ["xe-0/0/1"]


@pytest.mark.parametrize(("model", "highest"), [("ex4300-48t", 127), ("ex4200-48t", 127), ("ex9204", 479)])
def test_a_model_has_names_for_so_many_bundles(session: Any, model: str, highest: int) -> None:
    device = factory.make("sw", model, text="")
    assert refused(device, session, f"set interfaces ae{highest} description x") == ""
    words = f"device value outside range 0..{highest} for '{highest + 1}' in 'ae{highest + 1}'"
    assert refused(device, session, f"set interfaces ae{highest + 1} description x") == words
    assert refused(device, session, f"set groups g interfaces ae{highest + 1} description x") == words


def test_a_bundle_above_127_has_members_and_exists(session: Any) -> None:
    device = factory.make("sw", "ex9204", text="")
    text = "set chassis aggregated-devices ethernet device-count 480\n"
    for port, options in ((0, "gigether-options"), (1, "ether-options")):
        text += f"set interfaces xe-0/2/{port} {options} 802.3ad ae479\n"
    setform.load(device.edit(session), text)
    device.commit(session, Options())
    assert State(device).members("ae479") == ["xe-0/2/0", "xe-0/2/1"]


def test_gigether_options_are_refused_where_the_model_does_not_want_them(session: Any) -> None:
    text = "set interfaces xe-0/1/0 gigether-options 802.3ad ae0"
    assert "gigether-options cannot be configured" in refused(factory.make("sw", "ex2300-48t", text=""), session, text)
    assert refused(factory.make("sw", "ex9204", text=""), session, text) == ""


def test_channelised_ports_stand_beside_the_others() -> None:
    ports = MODELS["ex4650-48y"].ports(2)
    assert {"xe-0/0/47", "xe-0/0/48:0", "xe-0/0/51:3", "xe-1/0/48:3"} <= set(ports)
    assert not {"xe-0/0/48", "xe-0/0/52:0"} & set(ports)
