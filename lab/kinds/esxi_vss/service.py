# SPDX-License-Identifier: GPL-3.0-or-later
"""One call from its arrival to its answer: faults, loss of the management network, vCenter's rollback, the log."""

from __future__ import annotations

import asyncio
from typing import Any

from device.faults import LOOK, DroppedError, Gone

from . import api, fabric, reading, soap, vmkernel
from .endpoint import Endpoint, Entry, Lab, Session
from .faults import Faults
from .host import Host
from .vmomi import VmomiSupport, vim, vmodl

assert reading and vmkernel  # they register their methods


PAGE = b"<html><head><title>Gateway</title></head><body><p>Please try again later.<br></body></html>"


class PageError(Exception):
    """The answer is no SOAP."""


async def until_reachable(lab: Lab, host: Host, gone: Gone, entry: Entry | None = None, place: str = "") -> None:
    """Wait while the host's management network is silent; what TCP repeats arrives when it is back.

    Raises:
        DroppedError: the client is gone, or the network resets connections.
    """
    while (state := await fabric.reach(lab, host)) != "up":
        if entry is not None:
            entry.outcome = f"unreachable {place}"
        if state == "dropped" or gone():
            raise DroppedError
        await asyncio.sleep(LOOK)


async def strike(faults: Faults, entry: Entry, when: str, gone: Gone) -> None:
    """Let the faults of this moment strike.

    Raises:
        DroppedError: the connection is to end.
        PageError: a page is to be the answer.
        MethodFault: this is to be the answer.
    """
    for fault in await faults.strike(entry, entry.method, when, gone):
        if fault.what == "page":
            raise PageError
        if fault.what == "fault":
            raise fault.made()


async def answer(
    lab: Lab, endpoint: Endpoint, token: str, action: str, text: bytes, gone: Gone
) -> tuple[int, bytes, str]:
    """Answer one request: status, body, and the cookie's new value (empty: none).

    Raises:
        DroppedError: there is no answer.
    """
    version = soap.version_of(action)
    entry = lab.enter(endpoint.name, "", "?", text.decode(errors="replace")[:20000])
    try:
        return await _answer(lab, endpoint, token, version, text, gone, entry)
    except DroppedError:
        entry.outcome = "dropped" if not entry.outcome.startswith(("held", "unreachable")) else entry.outcome
        raise
    except PageError:
        entry.outcome = "page"
        return 200, PAGE, ""
    except vmodl.MethodFault as failure:
        entry.outcome = VmomiSupport.GetWsdlName(type(failure))
        return 500, soap.fault(failure, version), ""


async def _answer(
    lab: Lab, endpoint: Endpoint, token: str, version: str, text: bytes, gone: Gone, entry: Entry
) -> tuple[int, bytes, str]:
    call = soap.read(text, version)
    entry.method = call.method
    session = endpoint.session(token, lab.clock.now())
    known = set(endpoint.sessions)
    await arrive(lab, endpoint, gone, entry)
    result = await _carry_out(lab, endpoint, session, call, entry)
    body = soap.answer(call, version, result)
    await leave(lab, endpoint, gone, entry)
    entry.outcome = "ok"
    new = [each for each in endpoint.sessions if each not in known] if call.method == "Login" else []
    return 200, body, new[0] if new else ""


async def arrive(lab: Lab, endpoint: Endpoint, gone: Gone, entry: Entry) -> None:
    """Let a call arrive: it does not while the host cannot be reached."""
    if endpoint.kind == "esxi":
        await until_reachable(lab, endpoint.hosts[0], gone, entry, "before")
    if endpoint.faults.slow:
        await asyncio.sleep(endpoint.faults.slow)
    await strike(endpoint.faults, entry, "before", gone)
    entry.outcome = "running"


async def leave(lab: Lab, endpoint: Endpoint, gone: Gone, entry: Entry) -> None:
    """Let an answer go: it does not reach the client while the host cannot be reached."""
    await strike(endpoint.faults, entry, "after", gone)
    if endpoint.kind == "esxi":
        await until_reachable(lab, endpoint.hosts[0], gone, entry, "after")


async def _look(lab: Lab, endpoint: Endpoint) -> None:
    """Let a vCenter see how its cabled hosts are now; a host of its own was looked at when the call arrived."""
    for host in endpoint.hosts if endpoint.kind == "vcenter" else []:
        if lab.cabled.get(host.name) or host.reach.far or host.reach.seen != host.reach.state:
            await fabric.reach(lab, host)


async def _carry_out(lab: Lab, endpoint: Endpoint, session: Session | None, call: soap.Call, entry: Entry) -> Any:
    """Carry out a call; through a vCenter, a change that cuts the host off is taken back."""
    thing = endpoint.things.get(call.target._moId) if call.target is not None else None
    host = thing.host if thing is not None else None
    if host is None or call.method in api.READABLE:
        await _look(lab, endpoint)
        return api.invoke(lab, endpoint, session, call)
    entry.host = host.name
    center = endpoint.kind == "vcenter"
    if center and await fabric.reach(lab, host) != "up":
        raise vmodl.fault.HostNotConnected(msg="Unable to communicate with the remote host, since it is disconnected.")
    before = host.net
    result = api.invoke(lab, endpoint, session, call)
    if host.net is not before:
        await fabric.changed(lab, host)
        if center and endpoint.rollback and await fabric.reach(lab, host) != "up":
            host.replace(before)
            await fabric.changed(lab, host)
            text = f"Network configuration change disconnected the host '{host.name}' from vCenter Server "
            text += "and has been rolled back."
            raise vim.fault.NetworkDisruptedAndConfigRolledBack(msg=text, host=host.name)
    return result
