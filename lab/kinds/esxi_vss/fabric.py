# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's management network reaches anybody: by hand, by a simple switch beside it, or by a fabric outside.

A fabric outside is asked at the moment when it matters, so that nothing depends on who is faster: JSON lines over TCP,
`{"op": "reach", "host": NAME, "state": the plain form}` answered by `{"ok": true, "result": {"state": "up", "dark":
[vmnic, ...]}}`; `dark` are uplinks whose switch port is disabled.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from . import plainform
from .endpoint import Lab
from .host import Host
from .reach import STATES, State, agrees

MANAGEMENT = "vmk0"


async def reach(lab: Lab, host: Host) -> State:
    """Tell how the host's management network is now."""
    host.reach.seen = await _reach(lab, host)
    return host.reach.seen


async def _reach(lab: Lab, host: Host) -> State:
    if host.reach.state != "up":
        return host.reach.state
    if lab.fabric and host.name in lab.cabled:
        return await _outside(lab, host)
    if host.reach.far and not agrees(*team(host), host.reach.far):
        return host.reach.lost
    return "up"


async def _outside(lab: Lab, host: Host) -> State:
    """Ask the fabric outside, and take over which uplinks are dark; without an answer all is as it was."""
    answer = await ask(lab, {"op": "reach", "host": host.name, "state": plainform.write(host)})
    if answer is None:
        return host.reach.seen
    for name, nic in host.nics.items():
        if nic.dark is not (name in answer["dark"]):
            nic.dark = not nic.dark
            host.revision += 1
    return next(each for each in STATES if each == answer["state"])


async def changed(lab: Lab, host: Host) -> None:
    """Let the fabric outside take note of a change."""
    await reach(lab, host)


async def ask(lab: Lab, request: dict[str, Any]) -> Any:
    """Ask the fabric; nothing where it is gone."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", lab.fabric)
        writer.write(json.dumps(request).encode() + b"\n")
        answer = json.loads(await reader.readline() or b"{}")
        writer.close()
    except OSError:
        return None
    return answer.get("result")


def team(host: Host) -> tuple[str, list[str]]:
    """Give the teaming policy of the management port group, and the uplinks with light that it uses."""
    vmk = host.net.vmks.get(MANAGEMENT)
    if vmk is None or vmk.port_group not in host.net.groups:
        return "loadbalance_srcid", []
    teaming = host.net.computed(vmk.port_group).nicTeaming
    order = teaming.nicOrder
    lit = [nic for nic in order.activeNic if host.nics[nic].lit]
    lit = lit or [nic for nic in order.standbyNic if host.nics[nic].lit][:1]
    return teaming.policy, lit[:1] if teaming.policy == "failover_explicit" else lit
