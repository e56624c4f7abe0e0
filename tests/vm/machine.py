# SPDX-License-Identifier: GPL-3.0-or-later
"""A small virtual machine with a kernel of its own, for containers share the host's, which may have no bonding.

QEMU emulates its processor (TCG), which is the same everywhere: /dev/kvm may be there and take minutes or end QEMU
where the host is a virtual machine itself. NETSTACK_VM_ACCEL=kvm takes it where it is known to work.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from guest_image import NAME, image

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

    def await_ready(self) -> None:
        """Return when the machine can be logged in to. Raises RuntimeError with what its console said instead."""
        limit = threading.Timer(BOOT_SECONDS, self.process.kill)
        limit.start()
        console: list[str] = []
        for line in self.process.stdout or ():
            console.append(line)
            if READY in line:
                limit.cancel()
                return
        raise RuntimeError(f"the machine did not start:\n{''.join(console)[-3000:]}")

    def shell(self, command: str) -> str:
        """Run a command as root, by the way that no test touches; return what it prints, RuntimeError when it fails."""
        login = ["ssh", "-q", "-p", str(self.ports["aside"]), *self.ssh_options(), "root@127.0.0.1", command]
        done = subprocess.run(login, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{command} (rc {done.returncode}):\n{done.stdout}{done.stderr}")
        return done.stdout

    def ssh_options(self) -> list[str]:
        """Return how to log in: by the image's key, and only where the host shows its own."""
        values = {"IdentityFile": self.folder / "key", "UserKnownHostsFile": self.folder / "known_hosts"}
        values["HostKeyAlias"] = NAME
        return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]

    def stop(self) -> None:
        """Switch it off; what it wrote is gone with it."""
        self.process.kill()
        self.process.wait()


def start() -> Machine:
    """Start a machine; wait for it by :meth:`Machine.await_ready`."""
    folder, ports = image(), {way: _free_port() for way in WAYS}
    command = _command(folder, ports, os.environ.get("NETSTACK_VM_ACCEL", "tcg"))
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return Machine(folder, ports, subprocess.Popen(command, text=True, **pipes))


def _command(folder: Path, ports: dict[str, int], accelerator: str) -> list[str]:
    # An emulated timer that comes late on a busy machine would fail the kernel's check of it, which panics then.
    boot = (
        "rdinit=/sbin/init console=ttyS0 panic=-1 quiet loglevel=3 no_timer_check net.ifnames=0 audit=0 "
        "systemd.show_status=0 mitigations=off"
    )
    # To emulate the wide registers of newer ones costs more than they save. A host that is a virtual machine itself may
    # not let the register of arch-capabilities through.
    processor = "max,arch-capabilities=off" if accelerator == "kvm" else "Nehalem,+rdrand"
    command = ["qemu-system-x86_64", "-accel", accelerator, "-cpu", processor, "-smp", "1", "-m", "640", "-no-reboot"]
    command += ["-nographic", "-nodefaults", "-serial", "stdio"]
    command += ["-kernel", f"{folder}/vmlinuz", "-initrd", f"{folder}/initramfs", "-append", boot]
    for way, net in WAYS.items():
        forward = f"hostfwd=tcp:127.0.0.1:{ports[way]}-{net}.15:22"
        command += ["-netdev", f"user,id={way},net={net}.0/24,restrict=on,{forward}"]
        command += ["-device", f"virtio-net-pci,netdev={way},romfile="]
    return command
