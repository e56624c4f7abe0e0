# SPDX-License-Identifier: GPL-3.0-or-later
"""A small virtual machine with a kernel of its own, for containers share the host's, which may have no bonding.

It uses /dev/kvm where that is to be had; elsewhere, or where it does not start, QEMU emulates the processor (TCG, many
times slower). NETSTACK_VM_ACCEL=kvm or tcg takes just the one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from guest_image import image

READY = "netstack: ready"
BOOT_SECONDS = 360
"""After which a machine that is not ready is given up."""
WAYS = {"aside": "10.0.2", "through_bond": "10.0.3"}
"""How the controller comes: by a card that no test touches, and through the switch and the host's first bond."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Machine:
    """A running machine; `ports` are where its ways in begin."""

    folder: Path
    ports: dict[str, int]
    process: subprocess.Popen[str]

    def shell(self, command: str) -> str:
        """Run a command as root, by the way that no test touches; return what it prints. Raises CalledProcessError."""
        login = ["ssh", "-q", "-p", str(self.ports["aside"]), *self.ssh_options(), "root@127.0.0.1", command]
        return subprocess.run(login, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout

    def ssh_options(self) -> list[str]:
        """Return how to log in: by the image's key, and only where the host shows its own."""
        files = {"IdentityFile": self.folder / "key", "UserKnownHostsFile": self.known_hosts()}
        return [word for name, path in files.items() for word in ("-o", f"{name}={path}")]

    def known_hosts(self) -> Path:
        """Write the host's key for both ports; return the file."""
        path, key = self.folder / "known_hosts", (self.folder / "host.pub").read_text()
        path.write_text("".join(f"[127.0.0.1]:{port} {key}" for port in self.ports.values()))
        return path

    def stop(self) -> None:
        """Switch it off; what it wrote is gone with it."""
        self.process.kill()
        self.process.wait()


def start() -> Machine:
    """Start a machine and return it when it can be logged in to. Raises RuntimeError with what its console said."""
    said = ""
    for accelerator in _accelerators():
        machine, said = _start(accelerator)
        if machine is not None:
            return machine
    raise RuntimeError(f"the machine did not start:\n{said[-3000:]}")


def _accelerators() -> list[str]:
    wanted = os.environ.get("NETSTACK_VM_ACCEL")
    return [wanted] if wanted else [*(["kvm"] if os.access("/dev/kvm", os.W_OK) else []), "tcg,thread=multi"]


def _start(accelerator: str) -> tuple[Machine | None, str]:
    folder = image()
    ports = {way: _free_port() for way in WAYS}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(_command(folder, ports, accelerator), text=True, **pipes)
    limit = threading.Timer(BOOT_SECONDS, process.kill)
    limit.start()
    console: list[str] = []
    for line in process.stdout or ():
        console.append(line)
        if READY in line:
            limit.cancel()
            return Machine(folder, ports, process), ""
    limit.cancel()
    return None, "".join(console)


def _command(folder: Path, ports: dict[str, int], accelerator: str) -> list[str]:
    # An emulated timer that comes late on a busy machine would fail the kernel's check of it, which panics then.
    boot = (
        "root=/dev/vda rw console=ttyS0 panic=-1 quiet loglevel=3 no_timer_check net.ifnames=0 "
        "systemd.show_status=0 mitigations=off"
    )
    # A host that is a virtual machine itself may not let this register through.
    processor = "max,arch-capabilities=off" if accelerator == "kvm" else "max"
    command = ["qemu-system-x86_64", "-accel", accelerator, "-cpu", processor, "-smp", "2", "-m", "512", "-no-reboot"]
    command += ["-nographic", "-nodefaults", "-serial", "stdio", "-device", "virtio-rng-pci"]
    disk = f"file={folder}/disk.img,format=raw,if=virtio,cache=unsafe,snapshot=on"
    command += ["-drive", disk, "-kernel", f"{folder}/vmlinuz", "-initrd", f"{folder}/initrd", "-append", boot]
    for way, net in WAYS.items():
        forward = f"hostfwd=tcp:127.0.0.1:{ports[way]}-{net}.15:22"
        command += ["-netdev", f"user,id={way},net={net}.0/24,restrict=on,{forward}"]
        command += ["-device", f"virtio-net-pci,netdev={way},romfile="]
    return command
