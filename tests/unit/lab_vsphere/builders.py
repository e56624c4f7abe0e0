# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests change at a host."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from kinds.esxi_vss import host as networking
from kinds.esxi_vss.host import Host


def update_switch(host: Host, edit: Callable[[Any], None], name: str = "vSwitch0") -> None:
    """Read a specification, change it, send it back: as the API does."""
    spec = copy.deepcopy(host.net.switches[name])
    edit(spec)
    draft = host.draft()
    networking.update_switch(host, draft, name, spec)
    host.replace(draft)


def update_group(host: Host, edit: Callable[[Any], None], name: str = "Management Network") -> None:
    spec = copy.deepcopy(host.net.groups[name])
    edit(spec)
    draft = host.draft()
    networking.update_group(host, draft, name, spec)
    host.replace(draft)


def two_uplinks(host: Host, policy: str = "loadbalance_srcid") -> None:
    """Give vSwitch0 vmnic0 and vmnic1, both active."""

    def edit(spec: Any) -> None:
        spec.bridge.nicDevice = ["vmnic0", "vmnic1"]
        spec.policy.nicTeaming.policy = policy
        spec.policy.nicTeaming.nicOrder.activeNic = ["vmnic0", "vmnic1"]

    update_switch(host, edit)


def teaming(host: Host, name: str = "Management Network") -> tuple[str, list[str], list[str]]:
    """Give what takes effect in a port group: policy, active and standby uplinks."""
    computed = host.net.computed(name).nicTeaming
    return computed.policy, list(computed.nicOrder.activeNic), list(computed.nicOrder.standbyNic)
