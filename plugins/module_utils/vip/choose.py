# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of the programs that manage networks keeps this host's plain addresses."""

from __future__ import annotations

from typing import Callable, Iterable, Union

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.netplan import section
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

from .backends import Netplan, Networkd
from .ifupdown import Ifupdown

Backend = Union[Networkd, Ifupdown]
Has = Callable[[str], Union[str, None]]
PROGRAMS = {"netplan": "netplan", "ifupdown": "ifup"}


def backends(run: Run) -> dict[str, Backend]:
    """Return all backends by name, in the order in which they are asked: netplan writes the files of networkd."""
    return {"netplan": Netplan(run), "networkd": Networkd(run), "ifupdown": Ifupdown(run)}


def present(found: dict[str, Backend], wanted: str, has: Has, interfaces: list[str]) -> Backend:
    """Return the backend that is named, or the one that manages the interfaces. Raises BackendError."""
    if wanted != "auto":
        if wanted in PROGRAMS and not has(PROGRAMS[wanted]):
            raise BackendError(f"{wanted} is not installed")
        return found[wanted]
    managers = {interface: _manager(found, has, interface) for interface in interfaces}
    if len(set(managers.values())) > 1:
        words = ", ".join(f"{interface} is managed by {name}" for interface, name in managers.items())
        raise BackendError(f"{words}; the addresses of one host must be kept by one program")
    return found[next(iter(managers.values()))]


def _manager(found: dict[str, Backend], has: Has, interface: str) -> str:
    netplan, networkd, ifupdown = found["netplan"], found["networkd"], found["ifupdown"]
    if has("netplan") and section(netplan.run, interface):
        return netplan.name
    if networkd.manages(interface):
        return networkd.name
    if has("ifup") and isinstance(ifupdown, Ifupdown) and ifupdown.manages(interface):
        ifupdown.require_at_work(interface)
        return ifupdown.name
    raise BackendError(f"neither netplan nor systemd-networkd nor ifupdown manages {interface}")


def former(found: dict[str, Backend], wanted: str, paths: Iterable[str] = ()) -> Backend:
    """Return the backend that is named, or the one whose files are there, or are those of ``paths``."""
    if wanted != "auto":
        return found[wanted]
    paths = list(paths)
    own = [backend for backend in found.values() if backend.ours() or any(map(backend.owns, paths))]
    return own[0] if own else found["networkd"]
