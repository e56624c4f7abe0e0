# SPDX-License-Identifier: GPL-3.0-or-later
"""VMkernel interfaces: made, changed and removed, and selected for services; what they carry is not simulated."""

from __future__ import annotations

import ipaddress
from typing import Any

from . import views
from .api import Context, method
from .host import Network, Vmk
from .policy import invalid
from .vmomi import vim, vmodl

System, Manager = vim.host.NetworkSystem, vim.host.VirtualNicManager
STACK = "defaultTcpipStack"


@method(System, "AddVirtualNic")
def add_virtual_nic(context: Context, portgroup: str, nic: Any) -> str:
    """Make an interface in a port group that has none yet; give its name."""
    draft = context.host.draft()
    _refuse_unknown(nic)
    number = next(each for each in range(256) if f"vmk{each}" not in draft.vmks)
    mac = nic.mac or f"00:50:56:6{number // 256:x}:{context.host.number % 256:02x}:{number % 256:02x}"
    made = Vmk(f"vmk{number}", "", "", "", mac, services=[])
    _move(draft, made, portgroup)
    _settle(draft, made, nic)
    draft.vmks[made.device] = made
    context.host.replace(draft)
    return made.device


@method(System, "UpdateVirtualNic")
def update_virtual_nic(context: Context, device: str, nic: Any) -> None:
    """Change what the specification sets of an interface."""
    draft = context.host.draft()
    made = _vmk(draft, device)
    _refuse_unknown(nic)
    if nic.portgroup is not None and nic.portgroup != made.port_group:
        _move(draft, made, nic.portgroup)
    _settle(draft, made, nic)
    context.host.replace(draft)


@method(System, "RemoveVirtualNic")
def remove_virtual_nic(context: Context, device: str) -> None:
    """Remove an interface; the one by which the host is reached stays."""
    draft = context.host.draft()
    if _vmk(draft, device).address == context.host.address:
        raise vmodl.fault.NotSupported(msg="SIM TEXT: removing the interface of the management is not simulated")
    del draft.vmks[device]
    context.host.replace(draft)


def _vmk(net: Network, device: str) -> Vmk:
    if device not in net.vmks:
        raise vim.fault.NotFound(msg=f"The object or item referred to could not be found: {device}")
    return net.vmks[device]


def _refuse_unknown(nic: Any) -> None:
    """Refuse what is not simulated, so that nothing is taken and ignored.

    Raises:
        NotSupported: with its name.
    """
    route = nic.ipRouteSpec.ipRouteConfig if nic.ipRouteSpec is not None else None
    given = {
        "DHCP": nic.ip is not None and nic.ip.dhcp,
        "IPv6": nic.ip is not None and nic.ip.ipV6Config is not None,
        "a gateway of its own": route is not None and route.defaultGateway is not None,
        "a port of a distributed switch": nic.distributedVirtualPort is not None,
        f"another TCP/IP stack than {STACK}": nic.netStackInstanceKey not in (None, STACK),
    }
    for name, is_given in given.items():
        if is_given:
            raise vmodl.fault.NotSupported(msg=f"SIM TEXT: a VMkernel interface with {name} is not simulated")


def _move(net: Network, vmk: Vmk, group: str) -> None:
    """Put an interface into a port group: each holds one.

    Raises:
        InvalidArgument: there is no such port group.
        AlreadyExists: another interface has it.
    """
    if group not in net.groups:
        raise invalid("portgroup", f"there is no port group {group}")
    if any(other.port_group == group for other in net.vmks.values()):
        raise vim.fault.AlreadyExists(msg=f"The name '{group}' already exists.", name=group)
    vmk.port_group = group


def _settle(net: Network, vmk: Vmk, nic: Any) -> None:
    """Take address and MTU over.

    Raises:
        InvalidArgument: the address, its mask or the MTU is none.
    """
    if nic.mtu is not None and not 1280 <= nic.mtu <= 9000:
        raise invalid("nic.mtu", "1280 to 9000")
    vmk.mtu = nic.mtu if nic.mtu is not None else vmk.mtu
    if nic.ip is None:
        return
    try:
        ipaddress.IPv4Interface(f"{nic.ip.ipAddress}/{nic.ip.subnetMask}")
    except ValueError as failure:
        raise invalid("nic.ip", f"{failure}") from None
    vmk.address, vmk.mask = nic.ip.ipAddress, nic.ip.subnetMask


@method(Manager, "QueryNetConfig")
def query_net_config(context: Context, nicType: str) -> Any:  # noqa: N803 # WSDL's
    """Tell which interfaces are selected for a service."""
    _known(nicType)
    return views.service(context.host, nicType)


@method(Manager, "SelectVnicForNicType")
def select_for(context: Context, nicType: str, device: str) -> None:  # noqa: N803 # WSDL's
    """Select an interface for a service, beside others."""
    _known(nicType)
    draft = context.host.draft()
    chosen = _candidate(draft, device)
    chosen.services = list(dict.fromkeys([*chosen.services, nicType]))
    context.host.replace(draft)


@method(Manager, "DeselectVnicForNicType")
def deselect_for(context: Context, nicType: str, device: str) -> None:  # noqa: N803 # WSDL's
    """Take an interface out of a service."""
    _known(nicType)
    draft = context.host.draft()
    chosen = _candidate(draft, device)
    chosen.services = [each for each in chosen.services if each != nicType]
    context.host.replace(draft)


def _known(service: str) -> None:
    if service not in views.SERVICES:
        raise invalid("nicType", f"there is no {service}")


def _candidate(net: Network, device: str) -> Vmk:
    if device not in net.vmks:
        raise invalid("device", f"there is no {device}")
    return net.vmks[device]
