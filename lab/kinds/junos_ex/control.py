# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control port does at switches; README.md lists the operations."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lxml import etree

from device.control import Control, find

from . import factory, setform, textform, xmlform
from .clock import stamp
from .device import Device, Options, Session
from .errors import JunosError
from .faults import Fault
from .inherited import shown
from .netconf import Lab
from .ports import End
from .state import State
from .tree import Node

CONTROL: Control[Lab] = Control(JunosError)
operation = CONTROL.operation


def chosen(lab: Lab, switch: str) -> Device:
    """Give a switch, its timers run up to now.

    Raises:
        ValueError: there is no such switch.
    """
    device = find("switch", switch, lab.devices)
    device.tick()
    return device


CONTROL.of_faults("switch", Fault, lambda lab, switch: chosen(lab, switch).faults)
CONTROL.of_ends(lambda lab, switch: End(chosen(lab, switch)))


@operation
def switches(lab: Lab) -> dict[str, dict[str, str]]:
    """List the switches."""
    return {name: {"model": device.model.name, "style": device.model.style} for name, device in lab.devices.items()}


@operation
def advance(lab: Lab, seconds: float, switch: str = "") -> dict[str, str]:
    """Move the clock of one switch, or of all, by `seconds`."""
    devices = [chosen(lab, name) for name in ([switch] if switch else lab.devices)]
    for device in devices:
        device.clock.advance(float(seconds))
        device.tick()
    return {device.name: stamp(device.clock.now()) for device in devices}


@operation
def log(lab: Lab, switch: str = "", since: int = 0) -> list[dict[str, object]]:
    """Give the log of all RPCs, of one switch or of all, from entry `since` on."""
    return lab.entries(switch, since)


@operation
def clear_log(lab: Lab, switch: str = "") -> None:
    """Forget the log, of one switch or of all."""
    lab.log = [entry for entry in lab.log if switch and entry.switch != switch]


@operation
async def far_end(lab: Lab, switch: str, ports: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    """Set what stands at the other end of `ports`: {PORT: {...} or null for no cable}; give all that is set."""
    device = chosen(lab, switch)
    await End(device).hear(ports)
    return {port: asdict(far) for port, far in device.far.items()}


@operation
def member(lab: Lab, switch: str, number: int, present: bool) -> None:
    """Take a member of a virtual chassis away, or bring it back; the chassis goes on knowing it."""
    device = chosen(lab, switch)
    if not 0 < number < device.fpcs:
        raise ValueError(f"{device.name} has no member {number}, or it is the master")
    (device.absent.discard if present else device.absent.add)(number)
    device.ports = None


@operation
def trouble(
    lab: Lab,
    switch: str,
    slow_commit: float | None = None,
    settle: float | None = None,
    disk_full: bool | None = None,
    locked_by: str | None = None,
) -> None:
    """Set lasting troubles; what is not named stays as it is. `locked_by` is a user's name, empty for nobody."""
    device = chosen(lab, switch)
    faults, now = device.faults, device.clock.now()
    faults.slow_commit = faults.slow_commit if slow_commit is None else float(slow_commit)
    faults.settle = faults.settle if settle is None else float(settle)
    faults.disk_full = faults.disk_full if disk_full is None else disk_full
    if locked_by is not None:
        faults.foreign = Session(900, locked_by, now - 600, now - 60) if locked_by else None


@operation
def held(lab: Lab) -> dict[str, list[str]]:
    """Tell of each switch at which moments a fault held an RPC."""
    return {name: list(device.faults.held) for name, device in lab.devices.items()}


@operation
def status(lab: Lab, switch: str) -> dict[str, Any]:
    """Tell of lock, candidate, pending commit (seconds left), sessions and commits."""
    device = chosen(lab, switch)
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
def configuration(
    lab: Lab, switch: str, database: str = "committed", format: str = "set", inherit: bool = False
) -> str:
    """Give a configuration: `database` committed, candidate, rescue or a rollback number; `format` set, text or xml.

    With `inherit` the inherited view of it.
    """
    device = chosen(lab, switch)
    tree = _tree(device, database)
    if inherit:
        tree = shown(tree, device.model, device.fpcs).root
    if format == "xml":
        root = etree.Element("configuration")
        xmlform.write(root, tree)
        return str(etree.tostring(root, encoding="unicode"))
    if format not in ("set", "text"):
        raise ValueError(f"unknown format {format}")
    return textform.write(tree) if format == "text" else "".join(line + "\n" for line in setform.lines(tree))


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
def reset(lab: Lab, switch: str, set: str | None = None) -> None:
    """Let a switch run `set` commands (without: as delivered): no history, far ends or faults, all members there."""
    device = chosen(lab, switch)
    factory.reset(device, set)
    device.far.clear()
    device.absent.clear()
    device.faults.clear()


@operation
def commit(
    lab: Lab,
    switch: str,
    set: str = "",
    user: str = "operator",
    log: str = "",
    confirmed: float = 0,
    check_only: bool = False,
    edit_only: bool = False,
) -> None:
    """Change and commit as another operator at the console; `confirmed` in minutes, `edit_only` without commit."""
    device = chosen(lab, switch)
    now = device.clock.now()
    session = Session(800, user, now, now)
    if set:
        setform.load(device.edit(session), set)
    if not edit_only:
        device.commit(session, Options(check_only, confirmed * 60, log, client="cli"))


@operation
def state(lab: Lab, switch: str) -> dict[str, dict[str, Any]]:
    """Give the state of all bundles: up, members, those that carry traffic."""
    now = State(chosen(lab, switch))
    return {
        name: {"up": now.up(name), "members": now.members(name), "active": now.active_members(name)}
        for name in now.bundles
    }


@operation
def drop(lab: Lab, switch: str) -> int:
    """End all sessions of a switch, as a dead line does; give how many there were."""
    device = chosen(lab, switch)
    victims = [each for each in list(lab.connections.values()) if each.device is device]
    for victim in victims:
        victim.hang_up()
    return len(victims)
