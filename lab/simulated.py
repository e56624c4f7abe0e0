# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends a lab's simulated devices: those of lab/kinds, and lab/fabric.py between.

Each is one process, on loopback, that outlives its starter. What it says of itself (process, control port, host keys)
is kept in NAME.json in the lab's folder, its log in NAME.log; keys/ and certificates/ have what the devices prove
themselves with, esxi_password the password of the ESXi hosts' root. They know nothing but their memory: a device that
is started anew is as delivered, and then set up as the lab declares.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
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
from topology import Device, Topology

HERE = Path(__file__).resolve().parent
PROGRAMS = {
    "junos": HERE / "kinds" / "junos_ex" / "simulator.py",
    "vsphere": HERE / "kinds" / "esxi_vss" / "simulator.py",
    "fabric": HERE / "fabric.py",
}
"""In the order in which they start; the fabric asks the other two."""
USER = "lab"
RESTORE = "restore"
"""The folder beside the devices' records in which runs keep what brings an ESXi host back (inventories/lab)."""
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
    for name in reversed(PROGRAMS):
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
            ask(_control(folder, device.simulator), "reset", **_named(device))
    _set_up(lab, folder)
    _cable(lab, folder)


def running(folder: Path, name: str = "junos") -> dict[str, Any] | None:
    """Return what a running program said of itself; nothing where it does not run."""
    try:
        about: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
        command = Path(f"/proc/{about['pid']}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return about if str(PROGRAMS[name]).encode() in command else None  # the number may be another process's by now


def _runs(lab: Topology, folder: Path) -> bool:
    """Tell whether all that the lab needs runs, and was started for what it declares now."""
    about = running(folder)
    needed = PROGRAMS if lab.played_by("vsphere") else ["junos"]
    return about is not None and about["declared"] == _declared(lab) and all(running(folder, name) for name in needed)


def status(lab: Topology, folder: Path) -> list[str]:
    """Return a line for each device: its state, where it listens, what it is."""
    found = []
    for each in lab.devices:
        state = "running" if running(folder, each.simulator) else "absent"
        found.append(f"{each.name:10} {state:10} {lab.loopback} port {each.port}, {_what(each)}")
    return found


def _what(device: Device) -> str:
    return device.model or f"ESXi with {device.nics} NICs"


def _declared(lab: Topology) -> list[Any]:
    """Return what cannot be changed in a running simulator, as it comes back from JSON."""
    devices = [[each.name, each.simulator, each.model, each.nics, each.port, each.setup] for each in lab.devices]
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
    for file in sorted(folder.parent.glob("*/junos.json")):
        about = running(file.parent)
        if about is not None and port in about.get("ports", ()):
            return f"the lab {file.parent.name} runs; end it with: {checkout.ending(about['topology'])}"
    return ""


def _start(lab: Topology, folder: Path, key: Path) -> None:
    """Start what the lab needs; the switches know what was declared, for they are always there."""
    access = ["--authorized-keys", str(key.with_suffix(".pub"))]
    words = [word for each in lab.played_by("junos") for word in ("--switch", f"{each.name}={each.model}@{each.port}")]
    keys = ["--host", lab.loopback, "--user", USER, "--password", "", "--keys", str(folder / "keys")]
    _begin(folder, "junos", ["run", *words, *access, *keys], _about(lab))
    hosts = lab.played_by("vsphere")
    if hosts:
        words = [word for each in hosts for word in ("--host", f"{each.name}={each.nics}@{lab.loopback}:{each.port}")]
        certificates = folder / "certificates"
        shutil.rmtree(certificates, ignore_errors=True)  # the next ones are valid from now on
        certificates.mkdir(mode=0o700)
        shutil.rmtree(folder / RESTORE, ignore_errors=True)  # of hosts that are no more
        files = ["--keys", str(certificates), "--password-file", str(_password(folder))]
        _begin(folder, "vsphere", ["run", *words, *access, *files], {})
        _begin(folder, "fabric", [str(_cabling(lab, folder))], {})
    for each in lab.devices:
        print(
            f"lab: {each.name} ({_what(each)}, simulated) listens at {lab.loopback} port {each.port}", file=sys.stderr
        )


def _password(folder: Path) -> Path:
    """Return the file with the password of the ESXi hosts' root; it is made on the first call."""
    file = folder / "esxi_password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(16))
    return file


def _cabling(lab: Topology, folder: Path) -> Path:
    """Write the fabric's cabling."""
    devices = {each.name: _control(folder, each.simulator) for each in lab.devices}
    file = folder / "cabling.yml"
    file.write_text(json.dumps({"devices": devices, "cables": lab.uplinks(), "management_vlan": lab.management_vlan}))
    return file


def _begin(folder: Path, name: str, arguments: list[str], more: dict[str, Any]) -> None:
    """Start a program in a session of its own, so that neither a signal to the starter nor its end ends it."""
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAMS[name]), *arguments],
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
    (folder / f"{name}.json").write_text(json.dumps({**json.loads(line), "pid": process.pid, **more}, indent=1))


def _control(folder: Path, name: str) -> int:
    about = running(folder, name)
    if about is None:
        raise SimulatorError(f"the simulator {name} does not run")
    return int(about["port"] if name == "fabric" else about["control"])


def _named(device: Device) -> dict[str, str]:
    return {"switch" if device.simulator == "junos" else "host": device.name}


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (ControlError, OSError) as error:
        raise SimulatorError(f"{what}: {error}") from error


def _set_up(lab: Topology, folder: Path) -> None:
    """Do what the owner of each device did."""
    for device in lab.devices:
        control = _control(folder, device.simulator)
        with _told(f"setup of {device.name}"):
            if device.simulator == "junos" and device.setup:
                ask(control, "commit", switch=device.name, set="\n".join(device.setup))
            for command in device.setup if device.simulator == "vsphere" else ():
                ask(control, "console", host=device.name, command=f"esxcli {command}")


def _cable(lab: Topology, folder: Path) -> None:
    """Plug in what the lab declares, and unplug what is cabled beyond that; the fabric has the cables to the hosts."""
    control = _control(folder, "junos")
    for device in lab.played_by("junos"):
        with _told(f"cables of {device.name}"):
            plugged = ask(control, "far_end", switch=device.name, ports={})
            beyond = [port for port in plugged if port not in lab.cables.get(device.name, {})]
            ask(control, "far_end", switch=device.name, ports={**dict.fromkeys(beyond), **lab.far_ends(device.name)})
    if lab.uplinks():
        with _told("the cables to the hosts"):
            ask(_control(folder, "fabric"), "deliveries")


def _known_hosts(lab: Topology, folder: Path) -> Iterator[str]:
    """Yield a line for each device that speaks SSH."""
    for device in (running(folder) or {})["switches"].values():
        yield f"[{lab.loopback}]:{device['port']} {device['host_key']}\n"
    for host in (running(folder, "vsphere") or {"endpoints": {}})["endpoints"].values():
        yield f"[{lab.loopback}]:{host['ssh_port']} {host['host_key']}\n"


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
