# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control port does at hosts and vCenters; README.md lists the operations."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from device.control import Control, find

from . import factory, plainform, shell
from .command import RefusedError
from .endpoint import ROLES, Endpoint, Lab
from .fabric import End, changed, reach, team
from .faults import Fault, Faults
from .host import Host
from .reach import Reach, State
from .releases import NEWEST, RELEASES
from .vmomi import vmodl

CONTROL: Control[Lab] = Control(RefusedError, vmodl.MethodFault)
operation = CONTROL.operation


def chosen(lab: Lab, host: str) -> Host:
    """Give a host.

    Raises:
        ValueError: there is no such host.
    """
    return find("host", host, lab.hosts)


def _endpoint(lab: Lab, name: str) -> Endpoint:
    return find("endpoint", name, lab.endpoints)


def _faults(lab: Lab, name: str) -> Faults:
    """Give the faults of a host, or of a vCenter."""
    return lab.endpoints[name].faults if name in lab.endpoints else chosen(lab, name).faults


CONTROL.of_faults("host", Fault, _faults)
CONTROL.of_ends(lambda lab, host: End(lab, chosen(lab, host)))


@operation
def endpoints(lab: Lab) -> dict[str, dict[str, Any]]:
    """List the endpoints."""
    return {
        name: {"kind": each.kind, "hosts": [host.name for host in each.hosts]} for name, each in lab.endpoints.items()
    }


@operation
async def state(lab: Lab, host: str) -> dict[str, Any]:
    """Give a host's networking in the plain form (plainform.py)."""
    found = chosen(lab, host)
    reached = await reach(lab, found)
    policy, uplinks = team(found)
    about = {"revision": found.revision, "license": found.license, "reach": reached}
    return {**plainform.write(found), **about, "management": {"policy": policy, "uplinks": uplinks}}


@operation
async def reset(lab: Lab, host: str, state: dict[str, Any] | None = None) -> None:
    """Give a host that networking (without: as delivered), a full licence, no faults and a network that works."""
    found = chosen(lab, host)
    factory.reset(found, state)
    found.license, found.maintenance, found.reach, found.rights = "full", False, Reach(), {}
    found.version = NEWEST
    found.faults.clear()
    for nic in found.nics.values():
        nic.link, nic.hint = True, {}
    await changed(lab, found)


@operation
def trouble(
    lab: Lab, host: str, slow: float | None = None, license: str | None = None, reach: State | None = None
) -> None:
    """Set lasting troubles; what is not named stays as it is."""
    if license is not None and license not in ("full", "free"):
        raise ValueError("a licence is full or free")
    if slow is not None:
        _faults(lab, host).slow = float(slow)
    if license is not None:
        chosen(lab, host).license = license
    if reach is not None:
        chosen(lab, host).reach.state = Reach(reach).state


@operation
def maintenance(lab: Lab, host: str, on: bool) -> None:
    """Put a host into maintenance mode, or take it out."""
    chosen(lab, host).maintenance = on


@operation
def rights(lab: Lab, host: str, user: str, role: str) -> None:
    """Give a user another role at a host than elsewhere (endpoint.ROLES)."""
    if role not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}")
    chosen(lab, host).rights[user] = role


@operation
def far_end(lab: Lab, host: str, bundles: dict[str, str], lost: State = "silent") -> None:
    """Put a simple switch beside a host: {vmnic: bundle's name, or "" for a plain port}; {} takes it away."""
    found = chosen(lab, host)
    unknown = set(bundles) - set(found.nics)
    if unknown:
        raise ValueError(f"{host} has no {', '.join(sorted(unknown))}")
    found.reach = Reach(found.reach.state, dict(bundles), lost)


@operation
async def link(lab: Lab, host: str, nic: str, up: bool) -> None:
    """Give or take the light of a NIC."""
    found = chosen(lab, host)
    if nic not in found.nics:
        raise ValueError(f"{host} has no {nic}")
    found.nics[nic].link = up
    found.revision += 1
    await changed(lab, found)


@operation
def hint(lab: Lab, host: str, nic: str, **fields: Any) -> None:
    """Let a CDP neighbour be heard at a NIC: `devId`, `portId` and the other fields of PhysicalNicCdpInfo."""
    chosen(lab, host).nics[nic].hint = fields


@operation
def advance(lab: Lab, seconds: float) -> float:
    """Move the clock: sessions that nobody uses end."""
    lab.clock.advance(float(seconds))
    return lab.clock.now()


@operation
async def console(lab: Lab, host: str, command: str) -> str:
    """Let another operator run a command at the console; give what it prints.

    Raises:
        ValueError: it failed.
    """
    found = chosen(lab, host)
    output = shell.run(found, command)
    await changed(lab, found)
    if output.status:
        raise ValueError(output.text + output.error)
    return output.text


@operation
def sessions(lab: Lab, endpoint: str) -> list[dict[str, Any]]:
    """List the sessions of an endpoint."""
    return [{"user": each.user, "calls": each.calls} for each in _endpoint(lab, endpoint).sessions.values()]


@operation
def expire(lab: Lab, endpoint: str) -> int:
    """End all sessions of an endpoint; give how many there were."""
    found = _endpoint(lab, endpoint)
    count = len(found.sessions)
    found.sessions.clear()
    return count


@operation
def connections(lab: Lab, endpoint: str) -> int:
    """Count the connections of an endpoint."""
    return len(_endpoint(lab, endpoint).lines)


@operation
async def drop(lab: Lab, endpoint: str) -> int:
    """Reset all connections of an endpoint; give how many there were."""
    lines = list(_endpoint(lab, endpoint).lines)
    for line in lines:
        line.transport.abort()
    return len(lines)


@operation
def rollback(lab: Lab, endpoint: str, enabled: bool) -> None:
    """Let a vCenter take back what cuts a host off, or not."""
    _endpoint(lab, endpoint).rollback = enabled


@operation
def certificate(lab: Lab, endpoint: str, form: str = "valid") -> str:
    """Give an endpoint another certificate (certificates.FORMS); give its SHA-256."""
    return _endpoint(lab, endpoint).renew(form)


@operation
def services(lab: Lab, endpoint: str, starting: bool = False, lockdown: bool = False) -> None:
    """Let an endpoint's management services start, or let nobody in (lockdown mode)."""
    found = _endpoint(lab, endpoint)
    found.starting, found.lockdown = starting, lockdown


@operation
def version(lab: Lab, host: str, version: str = NEWEST) -> None:
    """Make a host one of that release."""
    if version not in RELEASES:
        raise ValueError(f"the releases are {', '.join(RELEASES)}")
    chosen(lab, host).version = version


@operation
async def use_fabric(lab: Lab, device: str, port: int) -> None:
    """Let a host ask the fabric at `port` from now on (0: none)."""
    await End(lab, chosen(lab, device)).use_fabric(port)


@operation
def log(lab: Lab, endpoint: str = "", since: int = 0) -> list[dict[str, Any]]:
    """Give the log of all calls, of one endpoint or of all, from entry `since` on."""
    return [asdict(each) for each in lab.log if each.number > since and endpoint in ("", each.endpoint)]


@operation
def calls(lab: Lab, endpoint: str = "") -> dict[str, int]:
    """Count the calls in the log by method."""
    return dict(Counter(each.method for each in lab.log if endpoint in ("", each.endpoint)))


@operation
def clear_log(lab: Lab, endpoint: str = "") -> None:
    """Forget the log, of one endpoint or of all."""
    lab.log = [each for each in lab.log if endpoint and each.endpoint != endpoint]
