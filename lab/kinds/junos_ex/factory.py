# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch is delivered with: every port switches in the default VLAN, LLDP and spanning tree everywhere."""

from __future__ import annotations

from . import setform
from .device import Commit, Device
from .models import MODELS
from .tree import Node

COMMON = """\
set system host-name {name}
set system time-zone UTC
set system root-authentication encrypted-password "$5$lab$not-a-real-hash"
set system services ssh
set system services netconf ssh
set protocols igmp-snooping vlan {snooped}
set protocols rstp
set protocols lldp interface all
set protocols lldp-med interface all
set poe interface all
"""
NONELS = """\
set ethernet-switching-options storm-control interface all
set interfaces vlan unit 0 family inet address 10.0.0.10/24
"""
ELS = """\
set forwarding-options storm-control-profiles default all
set vlans default vlan-id 1
set vlans default l3-interface irb.0
set interfaces irb unit 0 family inet address 10.0.0.10/24
"""


def commands(device: Device) -> str:
    """Give the delivered configuration as set commands."""
    els = device.model.style == "els"
    text = COMMON.format(name=device.name, snooped="default" if els else "all") + (ELS if els else NONELS)
    for port in device.model.ports(device.fpcs):
        text += f"set interfaces {port} unit 0 family ethernet-switching\n"
        text += f"set interfaces {port} unit 0 family ethernet-switching storm-control default\n" if els else ""
    return text + ("set virtual-chassis preprovisioned\n" if device.fpcs > 1 else "")


def make(name: str, model: str, fpcs: int = 1, text: str | None = None) -> Device:
    """Make a switch that runs the delivered configuration, or `text` (set commands).

    Raises:
        ValueError: the model is not known.
        JunosError: `text` is refused.
    """
    if model not in MODELS:
        raise ValueError(f"unknown model {model}; known: {', '.join(sorted(MODELS))}")
    device = Device(name, MODELS[model], fpcs)
    reset(device, text)
    return device


def reset(device: Device, text: str | None = None) -> None:
    """Let the switch run the delivered configuration or `text`, with no history, no candidate and nothing pending."""
    tree = Node(device.schema)
    setform.load(tree, commands(device) if text is None else text)
    device.commits = [Commit(tree, device.clock.now(), client="other")]
    device.candidate = device.rescue = device.holder = device.editor = device.pending = None
