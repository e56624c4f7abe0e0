# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: starts the simulator as a process of its own and talks to its control port; standard library only."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any


class ControlError(Exception):
    """The control port refused."""


def ask(port: int, op: str, host: str = "127.0.0.1", **arguments: Any) -> Any:
    """Send one operation to the control port and give its result.

    Raises:
        ControlError: with what the simulator says.
    """
    with socket.create_connection((host, port), timeout=30) as line, line.makefile("rwb") as stream:
        stream.write(json.dumps({"op": op, **arguments}).encode() + b"\n")
        stream.flush()
        answer = json.loads(stream.readline())
    if not answer["ok"]:
        raise ControlError(answer["error"])
    return answer["result"]


class Simulator:
    """A running simulator; `switches` is {NAME: MODEL[:MEMBERS]}, `options` are those of the command line."""

    def __init__(self, switches: dict[str, str], python: str = sys.executable, **options: object) -> None:
        self.command = [python, str(Path(__file__).with_name("simulator.py")), "run"]
        for name, model in switches.items():
            self.command += ["--switch", f"{name}={model}"]
        for word, value in options.items():
            self.command += [f"--{word.replace('_', '-')}", *([] if value is True else [str(value)])]

    def __enter__(self) -> Simulator:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulator did not start: exit status {self.process.wait()}")
        self.about: dict[str, Any] = json.loads(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def port(self, switch: str) -> int:
        """Give the SSH port of a switch."""
        return int(self.about["switches"][switch]["port"])

    def host_key(self, switch: str) -> str:
        """Give the host key of a switch in OpenSSH's form."""
        return str(self.about["switches"][switch]["host_key"])

    def control(self, op: str, **arguments: Any) -> Any:
        """Send one operation to the control port."""
        return ask(int(self.about["control"]), op, **arguments)
