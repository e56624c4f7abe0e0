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


class Simulator:
    """A running simulator.

    `hosts` is {NAME: "NICS[@ADDRESS[:PORT]]"} or {NAME: NICS}, `vcenters` {NAME: "HOSTS[xNICS][@...]"} or
    {NAME: HOSTS}; `options` are those of the command line.
    """

    def __init__(
        self,
        hosts: dict[str, str | int],
        vcenters: dict[str, str | int] | None = None,
        python: str = sys.executable,
        **options: object,
    ) -> None:
        self.command = [python, str(Path(__file__).with_name("simulator.py")), "run"]
        for word, named in (("--host", hosts), ("--vcenter", vcenters or {})):
            for name, text in named.items():
                self.command += [word, f"{name}={text}"]
        for option, value in options.items():
            self.command += [f"--{option.replace('_', '-')}", *([] if value is True else [str(value)])]

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

    @property
    def ca_file(self) -> str:
        """Give the file with the CA of all certificates."""
        return str(self.about["ca_file"])

    def address(self, endpoint: str) -> str:
        """Give the address of a host or vCenter."""
        return str(self.about["endpoints"][endpoint]["address"])

    def port(self, endpoint: str) -> int:
        """Give the HTTPS port of a host or vCenter."""
        return int(self.about["endpoints"][endpoint]["port"])

    def ssh_port(self, host: str) -> int:
        """Give the SSH port of a host."""
        return int(self.about["endpoints"][host]["ssh_port"])

    def host_key(self, host: str) -> str:
        """Give the SSH host key of a host in OpenSSH's form."""
        return str(self.about["endpoints"][host]["host_key"])

    def control(self, op: str, /, **arguments: Any) -> Any:
        """Send one operation to the control port."""
        return ask(int(self.about["control"]), op, **arguments)
