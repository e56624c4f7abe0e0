# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what the control port tells of a port's frames: bundle, traffic, untagged and tagged VLANs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from kinds.junos_ex import setform
from kinds.junos_ex.device import Options, Session
from kinds.junos_ex.farend import FarEnd
from kinds.junos_ex.ports import ports

from .builders import BUNDLE, MODE

VLANS = "set vlans v10 vlan-id 10\nset vlans v20 vlan-id 20\n"
PORT = "set interfaces ge-0/0/1 unit 0 family ethernet-switching"
STYLES = pytest.mark.parametrize("style", ["nonels", "els"])


def shown(make_device: Any, style: str, text: str, port: str = "ge-0/0/1") -> dict[str, Any]:
    device = make_device(style, text.replace("delete interfaces ge-0/0/1\ndelete interfaces ge-0/0/2\n", ""))
    device.far.update({f"ge-0/0/{number}": FarEnd() for number in (1, 2)})
    return asdict(ports(device)[port])


@STYLES
def test_an_access_port_has_one_untagged_vlan(make_device: Any, style: str) -> None:
    text = f"{VLANS}{PORT} {MODE[style]} access\n{PORT} vlan members v20"
    seen = shown(make_device, style, text)
    assert (seen["untagged"], seen["tagged"], seen["names"]) == (20, [], {20: "v20"})
    assert (seen["light"], seen["bundle"], seen["forwards"]) == (True, "", True)


@STYLES
def test_a_trunk_is_tagged_but_for_its_native_vlan(make_device: Any, style: str) -> None:
    trunk = f"{VLANS}{PORT} {MODE[style]} trunk\n{PORT} vlan members v20\n"
    assert (shown(make_device, style, trunk)["untagged"], shown(make_device, style, trunk)["tagged"]) == (None, [20])
    els = f"set interfaces ge-0/0/1 native-vlan-id 10\n{PORT} vlan members v10"
    native = els if style == "els" else f"{PORT} native-vlan-id v10"
    seen = shown(make_device, style, trunk + native)
    assert (seen["untagged"], seen["tagged"]) == (10, [20])


def test_without_els_a_native_vlan_that_is_a_member_as_well_is_tagged(make_device: Any) -> None:
    text = f"{VLANS}{PORT} port-mode trunk\n{PORT} native-vlan-id v10\n{PORT} vlan members v10"
    seen = shown(make_device, "nonels", text)
    assert (seen["untagged"], seen["tagged"]) == (None, [10])


@STYLES
def test_a_member_has_its_bundles_vlans_and_carries_traffic_while_the_bundle_does(make_device: Any, style: str) -> None:
    text = BUNDLE.replace("MODE", MODE[style])
    seen = shown(make_device, style, text)
    assert (seen["bundle"], seen["forwards"], seen["tagged"]) == ("ae0", False, [10])
    static = text.replace("set interfaces ae0 aggregated-ether-options lacp active\n", "")
    assert shown(make_device, style, static)["forwards"] is True
    assert shown(make_device, style, f"{static}set interfaces ge-0/0/1 disable")["light"] is False


def test_a_port_tells_how_its_bundle_speaks_lacp(make_device: Any) -> None:
    text = BUNDLE.replace("MODE", MODE["els"])
    seen = shown(make_device, "els", f"{text}\nset interfaces ae0 aggregated-ether-options lacp periodic slow")
    assert (seen["lacp"], seen["periodic"]) == ("active", "slow")
    passive = text.replace("lacp active", "lacp passive")
    seen = shown(make_device, "els", passive)
    assert (seen["lacp"], seen["periodic"]) == ("passive", "fast")
    assert shown(make_device, "els", VLANS)["lacp"] == "off"


@STYLES
def test_what_is_told_follows_the_configuration_the_far_end_and_the_time_since_the_commit(
    make_device: Any, style: str, session: Session
) -> None:
    """It is worked out once for each of them: the same question again and again costs nothing."""
    device = make_device(style, BUNDLE.partition("\n")[2].partition("\n")[2].replace("MODE", MODE[style]))

    def seen() -> tuple[object, object]:
        shown = ports(device)
        assert ports(device) is shown
        return shown["ge-0/0/1"].light, shown["ge-0/0/1"].forwards

    device.far["ge-0/0/1"] = FarEnd(lacp="active")
    assert seen() == (True, True)
    device.faults.settle = 86400 * 2
    assert seen() == (True, False)
    device.clock.advance(86400 * 2)
    assert seen() == (True, True)
    device.faults.settle = 0
    device.far["ge-0/0/1"] = FarEnd(lacp="off")
    assert seen() == (True, False)
    setform.load(device.edit(session), "set interfaces ge-0/0/1 disable")
    device.commit(session, Options())
    assert seen() == (False, False)
    device.far.pop("ge-0/0/1")
    assert ports(device) == {}
