# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's management network reaches anybody: by hand, by a simple switch beside it, or by a fabric outside.

A fabric outside is asked at the moment when it matters, so that nothing depends on who is faster: JSON lines over TCP,
`{"op": "reach", "host": NAME, "view": device.ends.View}` answered by `{"ok": true, "result": {"state": "up", "far":
{NIC: device.ends.Far}}}`; a far end that is dead is a disabled port of a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from device.client import ControlError
from device.control import ask
from device.ends import Far, Interface, Port, View

from .endpoint import Lab
from .host import Host, Network, Vmk
from .reach import STATES, State, agrees

MANAGEMENT = "vmk0"


async def reach(lab: Lab, host: Host) -> State:
    """Tell how the host's management network is now."""
    host.reach.seen = await _reach(lab, host)
    return host.reach.seen


async def _reach(lab: Lab, host: Host) -> State:
    if host.reach.state != "up":
        return host.reach.state
    if lab.cabled.get(host.name):
        return await _outside(lab, host)
    if host.reach.far and not agrees(*team(host), host.reach.far):
        return host.reach.lost
    return "up"


async def _outside(lab: Lab, host: Host) -> State:
    """Ask the fabric outside; without an answer all is as it was."""
    end = End(lab, host)
    try:
        answer = await ask(lab.cabled[host.name], "reach", host=host.name, view=asdict(await end.view()))
    except (ControlError, OSError):
        return host.reach.seen
    await end.hear(answer["far"])
    return next(each for each in STATES if each == answer["state"])


@dataclass(frozen=True)
class End:
    """A host as lab/fabric.py has it (device.ends.Asking)."""

    lab: Lab
    host: Host

    async def view(self) -> View:
        """Give its NICs, and its VMkernel interfaces with the teaming of their port groups."""
        net = self.host.net
        ports = {name: Port(self.host.name, name, nic.link) for name, nic in self.host.nics.items()}
        found = {name: _interface(net, vmk) for name, vmk in net.vmks.items() if vmk.port_group in net.groups}
        return View(ports, found)

    async def hear(self, far: Mapping[str, Far | None]) -> None:
        """See which uplinks are dark. LACP is nothing to a standard vSwitch."""
        for name, end in far.items():
            nic = self.host.nics[name]
            if nic.dark is not (end is not None and end["cable"] == "dead"):
                nic.dark = not nic.dark
                self.host.revision += 1

    async def use_fabric(self, port: int) -> None:
        """Ask there from now on; without a fabric no uplink is dark."""
        self.lab.cabled[self.host.name] = port
        for nic in self.host.nics.values():
            nic.dark = nic.dark and bool(port)


def _interface(net: Network, vmk: Vmk) -> Interface:
    teaming = net.computed(vmk.port_group).nicTeaming
    order = list(teaming.nicOrder.activeNic), list(teaming.nicOrder.standbyNic)
    numbers = int(vmk.address.rpartition(".")[2] or 0), int(vmk.device.removeprefix("vmk"))
    vlan = net.groups[vmk.port_group].vlanId
    return Interface(vmk.mac, vlan, teaming.policy, *order, *numbers, management=vmk.device == MANAGEMENT)


async def changed(lab: Lab, host: Host) -> None:
    """Let the fabric outside take note of a change."""
    await reach(lab, host)


def team(host: Host) -> tuple[str, list[str]]:
    """Give the teaming policy of the management port group, and the uplinks with light that it uses."""
    vmk = host.net.vmks.get(MANAGEMENT)
    if vmk is None or vmk.port_group not in host.net.groups:
        return "loadbalance_srcid", []
    interface = _interface(host.net, vmk)
    return interface.policy, interface.used({name for name, nic in host.nics.items() if nic.lit})
