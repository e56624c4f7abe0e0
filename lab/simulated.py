# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends a lab's simulated devices: a simulator for those of each kind (lab/kinds), and lab/fabric.py between.

Each is one process, on loopback, that outlives its starter. What it says of itself (process, control port, host keys)
is kept in NAME.json in the lab's folder, its log in NAME.log, and what its devices prove themselves with beside them.
They know nothing but their memory: a device that is started anew is as delivered, and then set up as the lab declares.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import checkout
from device.client import ControlError, ask
from device.simulator import Device, Simulator
from kinds import simulators
from topology import Topology

HERE = Path(__file__).resolve().parent
FABRIC = "fabric"
END_SECONDS = 10


class SimulatorError(RuntimeError):
    """The devices could not be started, set up or cabled; the message has the simulator's words."""


def up(lab: Topology, folder: Path, key: Path) -> str:
    """Start the devices unless they run, and set their cables; return their lines of known_hosts.

    Raises:
        SimulatorError: they did not start, or were not set up.
    """
    if not lab.devices:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    if not _runs(lab, folder):
        down(folder)
        for fault in _taken(lab, folder):
            raise SimulatorError(fault)
        _start(lab, folder, key)
        _set_up(lab, folder)
    _cable(lab, folder)
    return "".join(_known_hosts(lab, folder))


def down(folder: Path) -> None:
    """End the lab's devices, if they run; the keys stay."""
    for name in (FABRIC, *reversed(simulators())):
        about = running(folder, name)
        if about is not None:
            _end(about["pid"])
        (folder / f"{name}.json").unlink(missing_ok=True)


def deliver(lab: Topology, folder: Path) -> None:
    """Let the running devices be as they were when the lab was started, whatever was done to them since.

    Raises:
        SimulatorError: one of them refuses.
    """
    for device in lab.devices:
        with _told(device.name):
            _ask(folder, device, "reset")
    _set_up(lab, folder)
    _cable(lab, folder)


def _program(name: str) -> str:
    file = HERE / "fabric.py" if name == FABRIC else HERE / "kinds" / simulators()[name].kind / "simulator.py"
    return str(file)


def running(folder: Path, name: str) -> dict[str, Any] | None:
    """Return what a running simulator, or the fabric, said of itself; nothing where it does not run."""
    try:
        about: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
        command = Path(f"/proc/{about['pid']}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return about if _program(name).encode() in command else None  # the number may be another process's by now


def _runs(lab: Topology, folder: Path) -> bool:
    """Tell whether all that the lab needs runs, and was started for what it declares now."""
    found = [running(folder, name) for name in (*_needed(lab), *([FABRIC] if lab.plugged else []))]
    return all(about is not None and about["declared"] == _declared(lab) for about in found)


def _needed(lab: Topology) -> dict[str, Simulator]:
    return {name: each for name, each in simulators().items() if lab.played_by(name)}


def status(lab: Topology, folder: Path) -> list[str]:
    """Return a line for each device: its state, where it listens, what it is."""
    states = {name: "running" if running(folder, name) else "absent" for name in _needed(lab)}
    head = f"{lab.loopback} port"
    return [f"{each.name:10} {states[each.simulator]:10} {head} {each.port}, {_what(each)}" for each in lab.devices]


def _what(device: Device) -> str:
    return simulators()[device.simulator].what(device)


def _declared(lab: Topology) -> list[Any]:
    """Return what cannot be changed in a running simulator, as it comes back from JSON."""
    devices = [[each.name, each.simulator, each.about, each.port, each.setup] for each in lab.devices]
    return [lab.loopback, *devices, lab.uplinks(), lab.management_vlan]


def _about(lab: Topology) -> dict[str, Any]:
    ports = [device.port for device in lab.devices]
    return {"declared": _declared(lab), "ports": ports, "topology": str(lab.path)}


def _taken(lab: Topology, folder: Path) -> Iterator[str]:
    """Yield which device cannot listen, and why."""
    for device in lab.devices:
        if not _free(lab.loopback, device.port):
            other = _other_lab(folder, device.port) or "another program of this machine listens there"
            yield f"{device.name} cannot have {lab.loopback} port {device.port}: {other}"


def _free(address: str, port: int) -> bool:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that has just ended is no hindrance
        try:
            line.bind((address, port))
        except OSError:
            return False
    return True


def _other_lab(folder: Path, port: int) -> str:
    """Return which other lab of this checkout has a port, and how it is ended; nothing where none has it."""
    for other in sorted(folder.parent.iterdir()):
        for name in simulators():
            about = running(other, name)
            if about is not None and port in about["ports"]:
                return f"the lab {other.name} runs; end it with: {checkout.ending(about['topology'])}"
    return ""


def _start(lab: Topology, folder: Path, key: Path) -> None:
    """Start what the lab needs."""
    for name, simulator in _needed(lab).items():
        arguments = simulator.arguments(lab.played_by(name), lab.loopback, folder, key.with_suffix(".pub"))
        _begin(lab, folder, name, ["run", *arguments])
    if lab.plugged:
        _begin(lab, folder, FABRIC, [str(_cabling(lab, folder))])
    for each in lab.devices:
        where = f"{lab.loopback} port {each.port}"
        print(f"lab: {each.name} ({_what(each)}, simulated) listens at {where}", file=sys.stderr)


def _cabling(lab: Topology, folder: Path) -> Path:
    """Write the fabric's cabling."""
    devices = {each.name: _control(folder, each.simulator) for each in lab.devices}
    file = folder / "cabling.yml"
    file.write_text(json.dumps({"devices": devices, "cables": lab.uplinks(), "management_vlan": lab.management_vlan}))
    return file


def _begin(lab: Topology, folder: Path, name: str, arguments: list[str]) -> None:
    """Start a program in a session of its own, so that neither a signal to the starter nor its end ends it."""
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, _program(name), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline()
    if not line:
        words_of_it = (folder / f"{name}.log").read_text().strip()[-500:]
        raise SimulatorError(f"the simulator {name} did not start (exit {process.wait()}): {words_of_it}")
    (folder / f"{name}.json").write_text(json.dumps({**json.loads(line), "pid": process.pid, **_about(lab)}, indent=1))


def _control(folder: Path, name: str) -> int:
    about = running(folder, name)
    if about is None:
        raise SimulatorError(f"the simulator {name} does not run")
    return int(about["control"])


def _ask(folder: Path, device: Device, op: str, /, **arguments: Any) -> None:
    named = {simulators()[device.simulator].word: device.name}
    ask(_control(folder, device.simulator), op, **named, **arguments)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (ControlError, OSError) as error:
        raise SimulatorError(f"{what}: {error}") from error


def _set_up(lab: Topology, folder: Path) -> None:
    """Do what the owner of each device did."""
    for device in lab.devices:
        with _told(f"setup of {device.name}"):
            for op, arguments in simulators()[device.simulator].setup(device):
                _ask(folder, device, op, **arguments)


def _cable(lab: Topology, folder: Path) -> None:
    """Plug in what the lab declares, and unplug what is cabled beyond that; the fabric has the cables to the hosts."""
    for device in lab.switches:
        control = _control(folder, device.simulator)
        with _told(f"cables of {device.name}"):
            plugged = ask(control, "view", device=device.name)["ports"]
            beyond = [port for port in plugged if port not in lab.cables.get(device.name, {})]
            ask(control, "hear", device=device.name, far={**dict.fromkeys(beyond), **lab.far_ends(device.name)})
    if lab.uplinks():
        with _told("the cables to the hosts"):
            ask(_control(folder, FABRIC), "deliveries")


def _known_hosts(lab: Topology, folder: Path) -> Iterator[str]:
    """Yield a line for each device that speaks SSH."""
    for name in _needed(lab):
        yield from (running(folder, name) or {})["known_hosts"]


def _end(pid: int) -> None:
    """Let a process end, by force when it takes too long; it is seldom a child, so its end is read from a pidfd."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            os.kill(pid, signal.SIGTERM)
            if not select.select([handle], [], [], END_SECONDS)[0]:
                os.kill(pid, signal.SIGKILL)
        finally:
            os.close(handle)
