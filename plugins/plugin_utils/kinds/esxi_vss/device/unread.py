# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that cannot be read as a whole is none that has nothing: why it cannot, and what mends that.

RetrievePropertiesEx leaves out what the user may not see, and names it with a fault in `missingSet` (a user with rights
on virtual machines alone sees the host, and nothing of its configuration). It also leaves out what is unset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import errors
from .faults import words
from .third_party import vmodl

CONNECTION = "runtime.connectionState"
_CONNECTED = "connected"
_EVERYWHERE = ("config.network.pnic", "config.network.vnic")
"""Every host that answers has NICs and VMkernel interfaces; virtual switches it may have none."""
_READ = "System.Read"
_MANAGEMENT = "management"
"""HostVirtualNicManagerNicType."""


def check(host: str, found: Mapping[str, Any], needed: tuple[str, ...]) -> None:
    """Refuse what was found of a host where it is not all that is `needed`; a fault stands in place of a value.

    Raises:
        errors.AwayError: vCenter does not reach it.
        errors.DeniedError: the user may not read it.
        errors.RefusedError: something else keeps it back.

    """
    state = found.get(CONNECTION, _CONNECTED)
    if not _is_fault(state) and str(state) != _CONNECTED:
        raise errors.AwayError(f"vCenter says of {host}: {state}.", "Bring it back, or connect to it directly.")
    kept_back = {path: found[path] for path in needed if _is_fault(found.get(path))}
    if kept_back:
        raise _kept_back(host, kept_back)
    if not any(path in found for path in _EVERYWHERE):
        what = f"{host} does not tell its networking: {', '.join(_EVERYWHERE)} are not in the answer."
        raise errors.RefusedError(what, f"Look whether the user has the privilege {_READ} on the host.")


def _is_fault(value: Any) -> bool:
    return isinstance(value, vmodl.MethodFault)


def _kept_back(host: str, faults: Mapping[str, Any]) -> errors.HostError:
    what = f"{host} does not tell {', '.join(faults)}."
    needed = {each.privilegeId or _READ: each.object for each in faults.values() if hasattr(each, "privilegeId")}
    said = "; ".join(dict.fromkeys(words(each) for each in faults.values()))
    if not needed:
        return errors.RefusedError(what, "", said)
    lacking = ", ".join(f"{name} on {_named(ref)}" for name, ref in sorted(needed.items()))
    mend = "Give the user a role with it on the host, or on the cluster or folder above it with propagation."
    return errors.DeniedError(f"{what} The user lacks the privilege {lacking}.", mend, said)


def _named(ref: Any) -> str:
    """Return an object as vCenter's own messages write it, such as HostSystem:host-21."""
    return f"{type(ref).__name__.rpartition('.')[2]}:{ref._GetMoId()}" if ref is not None else "the host"


def managed(services: Any) -> tuple[str, ...] | None:
    """Return the VMkernel interfaces that are selected for management, from HostVirtualNicManagerInfo.netConfig.

    None where the host does not tell. A selected one is named by its key, as one of the candidates has it.
    """
    if services is None or _is_fault(services):
        return None
    for each in services:
        if each.nicType == _MANAGEMENT:
            devices = {nic.key: nic.device for nic in each.candidateVnic or ()}
            selected = [str(key) for key in each.selectedVnic or ()]
            return tuple(devices.get(key) or key.rpartition("-")[2] for key in selected)
    return ()
