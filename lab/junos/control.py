# SPDX-License-Identifier: GPL-3.0-or-later
"""The control port: JSON lines over TCP, one request and one answer a line. It alone moves clocks and sets faults.

A request is `{"op": NAME, "switch": NAME, ...}`, the answer `{"ok": true, "result": ...}` or `{"ok": false, "error":
TEXT}`. README.md lists the operations.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lxml import etree

from . import factory, setform, textform, xmlform
from .clock import stamp
from .device import Device, Options, Session
from .errors import JunosError
from .farend import FarEnd
from .faults import Fault
from .netconf import Lab
from .state import State
from .tree import Node

Arguments = dict[str, Any]
Operation = Callable[[Lab, Arguments], Any]
OPERATIONS: dict[str, Operation] = {}


def operation(function: Operation) -> Operation:
    """Register an operation under its function's name."""
    OPERATIONS[function.__name__] = function
    return function


def chosen(lab: Lab, arguments: Arguments) -> Device:
    """Give the switch that a request names, its timers run up to now.

    Raises:
        KeyError: there is no such switch.
    """
    device = lab.devices[arguments["switch"]]
    device.tick()
    return device


@operation
def switches(lab: Lab, arguments: Arguments) -> Any:
    """List the switches."""
    return {name: {"model": device.model.name, "style": device.model.style} for name, device in lab.devices.items()}


@operation
def advance(lab: Lab, arguments: Arguments) -> Any:
    """Move the clock of one switch, or of all, by `seconds`."""
    names = [arguments["switch"]] if "switch" in arguments else list(lab.devices)
    for name in names:
        lab.devices[name].clock.advance(float(arguments["seconds"]))
        lab.devices[name].tick()
    return {name: stamp(lab.devices[name].clock.now()) for name in names}


@operation
def log(lab: Lab, arguments: Arguments) -> Any:
    """Give the log of all RPCs, of one switch or of all, from entry `since` on."""
    return lab.entries(arguments.get("switch", ""), int(arguments.get("since", 0)))


@operation
def clear_log(lab: Lab, arguments: Arguments) -> Any:
    """Forget the log."""
    lab.log.clear()


@operation
def far_end(lab: Lab, arguments: Arguments) -> Any:
    """Set what stands at the other end of `ports`: {PORT: {...} or null for no cable}."""
    device = chosen(lab, arguments)
    known = set(device.model.ports(device.fpcs))
    for port, values in arguments["ports"].items():
        if port not in known:
            raise ValueError(f"{device.name} has no port {port}")
        if values is None:
            device.far.pop(port, None)
        else:
            device.far[port] = FarEnd(**values)
    return {port: asdict(far) for port, far in device.far.items()}


@operation
def fault(lab: Lab, arguments: Arguments) -> Any:
    """Set a fault: the fields of `Fault`, at one switch."""
    chosen(lab, arguments).faults.rules.append(Fault(**arguments["fault"]))


@operation
def trouble(lab: Lab, arguments: Arguments) -> Any:
    """Set lasting troubles: `slow_commit` (seconds), `disk_full`, `locked_by` (a user's name, or null)."""
    device = chosen(lab, arguments)
    if "slow_commit" in arguments:
        device.faults.slow_commit = float(arguments["slow_commit"])
    if "disk_full" in arguments:
        device.faults.disk_full = bool(arguments["disk_full"])
    if "locked_by" in arguments:
        user, now = arguments["locked_by"], device.clock.now()
        device.faults.foreign = Session(900, str(user), now - 600, now - 60) if user else None


@operation
def clear_faults(lab: Lab, arguments: Arguments) -> Any:
    """Take all faults and troubles of a switch away; what is held goes on."""
    chosen(lab, arguments).faults.clear()


@operation
def release(lab: Lab, arguments: Arguments) -> Any:
    """Let go what a fault holds."""
    chosen(lab, arguments).faults.release()


@operation
def status(lab: Lab, arguments: Arguments) -> Any:
    """Tell of lock, candidate, pending commit, sessions and the newest commits."""
    device = chosen(lab, arguments)
    now = device.clock.now()
    return {
        "time": now,
        "locked_by": device.holder.user if device.holder else None,
        "dirty": device.dirty,
        "pending": device.pending.deadline - now if device.pending else None,
        "sessions": [number for number, each in lab.connections.items() if each.device is device],
        "rescue": device.rescue.time if device.rescue else None,
        "commits": [
            {"time": each.time, "user": each.user, "client": each.client, "comment": each.comment, "log": each.log}
            for each in device.commits
        ],
    }


@operation
def configuration(lab: Lab, arguments: Arguments) -> Any:
    """Give a configuration: `database` committed, candidate, rescue or a rollback number; `format` set, text or xml."""
    device = chosen(lab, arguments)
    tree, form = _tree(device, str(arguments.get("database", "committed"))), arguments.get("format", "set")
    if form == "xml":
        root = etree.Element("configuration")
        xmlform.write(root, tree)
        return etree.tostring(root, encoding="unicode")
    return textform.write(tree) if form == "text" else "".join(line + "\n" for line in setform.lines(tree))


def _tree(device: Device, database: str) -> Node:
    """Find a configuration by its name."""
    if database.isdigit():
        return device.commits[int(database)].tree
    if database == "rescue":
        if device.rescue is None:
            raise ValueError("there is no rescue configuration")
        return device.rescue.tree
    if database not in ("committed", "candidate"):
        raise ValueError(f"unknown database {database}")
    return device.committed if database == "committed" else device.edited


@operation
def reset(lab: Lab, arguments: Arguments) -> Any:
    """Let a switch run `set` commands (without: as delivered), with no history, far ends or faults."""
    device = chosen(lab, arguments)
    factory.reset(device, arguments.get("set"))
    device.far.clear()
    device.faults.clear()


@operation
def commit(lab: Lab, arguments: Arguments) -> Any:
    """Change and commit as another operator does on the console: `set` commands, `user`, `check_only`, `edit_only`."""
    device = chosen(lab, arguments)
    now = device.clock.now()
    session = Session(800, str(arguments.get("user", "operator")), now, now)
    if arguments.get("set"):
        setform.load(device.edit(session), arguments["set"])
    if arguments.get("edit_only"):
        return None
    minutes = float(arguments.get("confirmed", 0))
    device.commit(
        session, Options(bool(arguments.get("check_only")), minutes * 60, arguments.get("log", ""), client="cli")
    )
    return None


@operation
def state(lab: Lab, arguments: Arguments) -> Any:
    """Give the state of all bundles: up, members, those that carry traffic."""
    now = State(chosen(lab, arguments))
    return {
        name: {"up": now.up(name), "members": now.members(name), "active": now.active_members(name)}
        for name in now.bundles()
    }


@operation
def drop(lab: Lab, arguments: Arguments) -> Any:
    """End all sessions of a switch, as a dead line does."""
    device = chosen(lab, arguments)
    victims = [each for each in list(lab.connections.values()) if each.device is device]
    for victim in victims:
        victim.hang_up()
    return len(victims)


async def serve(lab: Lab, port: int, host: str = "127.0.0.1") -> asyncio.Server:
    """Open the control port (0: any)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(_answer(lab, line), default=str).encode() + b"\n")
            await writer.drain()
        writer.close()

    return await asyncio.start_server(talk, host, port, limit=16 * 1024 * 1024)


def _answer(lab: Lab, line: bytes) -> Arguments:
    """Carry out one request; what goes wrong is told, not raised."""
    try:
        request: Arguments = json.loads(line)
        return {"ok": True, "result": OPERATIONS[request["op"]](lab, request)}
    except (KeyError, ValueError, TypeError, IndexError, JunosError) as failure:
        return {"ok": False, "error": f"{type(failure).__name__}: {failure}"}
