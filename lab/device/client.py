# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator as a process of its own, and its control port, as tests and labs have them; standard library only."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

Self = TypeVar("Self", bound="Controlled")  # typing.Self is not in Python 3.10, which the matrix may use


class ControlError(Exception):
    """The control port refused."""


def ask(port: int, op: str, /, **arguments: Any) -> Any:
    """Send one operation to the control port and give its result.

    Raises:
        ControlError: with what the simulator says.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line, line.makefile("rwb") as stream:
        stream.write(json.dumps({"op": op, **arguments}).encode() + b"\n")
        stream.flush()
        answer = json.loads(stream.readline())
    if not answer["ok"]:
        raise ControlError(answer["error"])
    return answer["result"]


def words(options: dict[str, object]) -> list[str]:
    """Give options as a command line has them; True stands for an option without a value."""
    found: list[str] = []
    for name, value in options.items():
        found += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return found


def run(
    folder: Path, python: str, devices: Mapping[str, Mapping[str, object]], options: dict[str, object]
) -> list[str]:
    """Give the command that starts the simulator of a folder, with {OPTION: {DEVICE: WHAT IT IS}} and more options."""
    named = [(word, f"{name}={what}") for word, each in devices.items() for name, what in each.items()]
    found = [part for word, text in named for part in (f"--{word}", text)]
    return [python, str(folder / "simulator.py"), "run", *found, *words(options)]


class Controlled:
    """A process that prints one line of JSON when it is ready (`about`) and runs until it is ended."""

    command: list[str]
    about: dict[str, Any]

    def __enter__(self: Self) -> Self:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.command[1]} did not start: exit status {self.process.wait()}")
        self.about = json.loads(line)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def control(self, op: str, /, **arguments: Any) -> Any:
        """Send one operation to the control port."""
        return ask(int(self.about["control"]), op, **arguments)


class Simulator(Controlled):
    """A running simulator, whose devices can be asked for by name."""

    def of(self, device: str) -> dict[str, Any]:
        """Give what the simulator has printed of a device."""
        return dict(self.about["devices"][device])

    def address(self, device: str) -> str:
        """Give the address at which a device listens."""
        return str(self.of(device)["address"])

    def port(self, device: str) -> int:
        """Give the port of a device's API."""
        return int(self.of(device)["port"])

    def host_key(self, device: str) -> str:
        """Give the SSH host key of a device in OpenSSH's form."""
        return str(self.of(device)["host_key"])
