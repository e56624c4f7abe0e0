# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends a lab's simulated devices: one process for all of them, on loopback, that outlives its starter.

What it says of itself (process, control port, host keys) is kept in junos.json in the lab's folder, its log in
junos.log, the host keys in keys/. It knows nothing but its memory: a switch that is started anew is as delivered.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from junos.client import ControlError, ask
from topology import Device, Topology

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "junos" / "simulator.py"
LOOPBACK = "127.0.0.1"
USER = "lab"
END_SECONDS = 10


class SimulatorError(RuntimeError):
    """The devices could not be started, or a cable was refused; the message has the simulator's words."""


def up(lab: Topology, folder: Path, key: Path) -> str:
    """Start the devices unless they run, and set their cables; return their lines of known_hosts.

    Raises:
        SimulatorError: they did not start, or a cable is none.
    """
    if not lab.devices:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    about = running(folder)
    if about is None or about["declared"] != _declared(lab.devices):
        down(folder)
        about = _start(lab.devices, folder, key)
    _cable(lab, about["control"])
    return "".join(f"[{LOOPBACK}]:{each['port']} {each['host_key']}\n" for each in about["switches"].values())


def down(folder: Path) -> None:
    """End the lab's devices, if they run; the host keys stay."""
    about = running(folder)
    if about is not None:
        _end(about["pid"])
    (folder / "junos.json").unlink(missing_ok=True)


def running(folder: Path) -> dict[str, Any] | None:
    """Return what the running simulator said of itself; nothing where none runs."""
    try:
        about: dict[str, Any] = json.loads((folder / "junos.json").read_text())
        command = Path(f"/proc/{about['pid']}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return about if str(PROGRAM).encode() in command else None  # the number may be another process's by now


def status(lab: Topology, folder: Path) -> list[str]:
    """Return a line for each device: its state, where it listens, what it is."""
    state = "running" if running(folder) else "absent"
    return [f"{each.name:10} {state:10} {LOOPBACK} port {each.port}, {each.model}" for each in lab.devices]


def _declared(devices: list[Device]) -> list[str]:
    return [f"{each.name}={each.model}@{each.port}" for each in devices]


def _start(devices: list[Device], folder: Path, key: Path) -> dict[str, Any]:
    """Start the simulator in a session of its own, so that neither a signal to the starter nor its end ends it."""
    words = [word for each in _declared(devices) for word in ("--switch", each)]
    access = ["--host", LOOPBACK, "--user", USER, "--password", "", "--authorized-keys", str(key.with_suffix(".pub"))]
    with (folder / "junos.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), "run", *words, *access, "--keys", str(folder / "keys")],
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
        words_of_it = (folder / "junos.log").read_text().strip()[-500:]
        raise SimulatorError(f"the simulated switches did not start (exit {process.wait()}): {words_of_it}")
    about = {**json.loads(line), "pid": process.pid, "declared": _declared(devices)}
    (folder / "junos.json").write_text(json.dumps(about, indent=1))
    for each in devices:
        print(f"lab: {each.name} ({each.model}, simulated) listens at {LOOPBACK} port {each.port}", file=sys.stderr)
    return about


def _cable(lab: Topology, control: int) -> None:
    """Plug in what the lab declares, and unplug what is cabled beyond that."""
    for device in lab.devices:
        try:
            plugged = ask(control, "far_end", switch=device.name, ports={})
            ports = {**dict.fromkeys(plugged), **lab.cables.get(device.name, {})}
            ask(control, "far_end", switch=device.name, ports=ports)
        except (ControlError, OSError) as error:
            raise SimulatorError(f"cables of {device.name}: {error}") from error


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
