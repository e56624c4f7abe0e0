# SPDX-License-Identifier: GPL-3.0-or-later
"""esxcfg-vswitch, esxcfg-vmknic and esxcfg-nics: the service console's commands, which every release has kept."""

from __future__ import annotations

from typing import Any

from . import host as networking
from .command import RefusedError, change, edit_switch, switch
from .host import Host, Network

SWITCH = "{:<16} {:<11} {:<11} {:<17} {:<7} {:<10}"
GROUP = "  {:<20}  {:<7}  {:<10}  {:<10}"
VMK = "{:<10} {:<19} {:<9} {:<39} {:<15} {:<15} {:<17} {:<7} {:<9} {:<7} {:<6}"
NIC = "{:<7} {:<13} {:<11} {:<4} {:<9} {:<6} {:<17} {:<6} {}"


def vswitch(host: Host, words: list[str]) -> str:
    """Run `esxcfg-vswitch`; give what it prints.

    Raises:
        RefusedError: the option is not simulated, or its arguments are wrong.
    """
    if words == ["-l"]:
        return "\n".join(_switch(host.net, name) for name in host.net.switches)
    option, *given = words or [""]
    if option == "-a" and len(given) == 1:
        spec = networking.Switch.Specification(numPorts=128)
        change(host, lambda net: networking.add_switch(host, net, given[0], spec))
    elif option == "-m" and len(given) == 2 and given[0].isdigit():
        edit_switch(host, given[1], lambda spec: setattr(spec, "mtu", int(given[0])))
    elif option in ("-L", "-U") and len(given) == 2:
        edit_switch(host, given[1], lambda spec: _uplink(spec, given[0], option == "-L"))
    else:
        raise RefusedError(f"SIM TEXT: esxcfg-vswitch {' '.join(words)} is not simulated")
    return ""


def _uplink(spec: Any, nic: str, linked: bool) -> None:
    """Link a NIC, which becomes active, or unlink it."""
    spec.bridge = spec.bridge or networking.Switch.BondBridge(beacon=networking.Switch.BeaconConfig(interval=1))
    order = spec.policy.nicTeaming.nicOrder
    for members in (spec.bridge.nicDevice, order.activeNic, *([] if linked else [order.standbyNic])):
        members[:] = [*members, nic] if linked else [each for each in members if each != nic]
    if not spec.bridge.nicDevice:
        spec.bridge = None


def _switch(net: Network, name: str) -> str:
    uplinks = ",".join(net.uplinks(name))
    spec = switch(net, name)
    rows = [
        SWITCH.format("Switch Name", "Num Ports", "Used Ports", "Configured Ports", "MTU", "Uplinks"),
        SWITCH.format(name, spec.numPorts, 5, spec.numPorts, net.mtu(name), uplinks),
        "",
        GROUP.format("PortGroup Name", "VLAN ID", "Used Ports", "Uplinks"),
    ]
    for group in net.members(name):
        order = net.computed(group).nicTeaming.nicOrder
        used = sum(vmk.port_group == group for vmk in net.vmks.values())
        nics = ",".join([*order.activeNic, *order.standbyNic])
        rows.append(GROUP.format(group, net.groups[group].vlanId, used, nics))
    return "".join(f"{row}\n" for row in rows)


def vmknic(host: Host, words: list[str]) -> str:
    """Run `esxcfg-vmknic -l`; give what it prints."""
    _only_list("esxcfg-vmknic", words)
    names = ("Interface", "Port Group/DVPort", "IP Family", "IP Address", "Netmask", "Broadcast", "MAC Address")
    rows = [VMK.format(*names, "MTU", "TSO MSS", "Enabled", "Type")]
    for vmk in host.net.vmks.values():
        ends = (_broadcast(vmk.address, vmk.mask), vmk.mac, vmk.mtu, 65535, "true", "STATIC")
        rows.append(VMK.format(vmk.device, vmk.port_group, "IPv4", vmk.address, vmk.mask, *ends))
    return "".join(f"{row}\n" for row in rows)


def _broadcast(address: str, mask: str) -> str:
    pairs = zip(address.split("."), mask.split("."), strict=True)
    return ".".join(str(int(octet) | (255 - int(bits))) for octet, bits in pairs)


def nics(host: Host, words: list[str]) -> str:
    """Run `esxcfg-nics -l`; give what it prints."""
    _only_list("esxcfg-nics", words)
    head = "Name    PCI           Driver      Link Speed     Duplex MAC Address       MTU    Description"
    rows = [f"{head:<110}"]
    for nic in host.nics.values():
        pci = f"0000:{int(nic.device[5:]) + 3:02x}:00.00"
        lit = ("Up", f"{nic.speed}Mbps", "Full") if nic.lit else ("Down", "0Mbps", "Half")
        rows.append(NIC.format(nic.device, pci, "igb", *lit, nic.mac, 1500, "simulated"))
    return "".join(f"{row}\n" for row in rows)


def _only_list(name: str, words: list[str]) -> None:
    if words != ["-l"]:
        raise RefusedError(f"SIM TEXT: {name} {' '.join(words)} is not simulated")
