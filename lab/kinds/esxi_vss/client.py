# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: starts the simulator as a process of its own and talks to its control port; standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

from device import client
from device.client import run


class Simulator(client.Simulator):
    """A running simulator.

    `hosts` is {NAME: "NICS[@ADDRESS[:PORT]]"} or {NAME: NICS}, `vcenters` {NAME: "HOSTS[xNICS][@...]"} or
    {NAME: HOSTS}; `options` are those of the command line.
    """

    kind = Path(__file__).parent.name

    def __init__(
        self,
        hosts: dict[str, str | int],
        vcenters: dict[str, str | int] | None = None,
        python: str = sys.executable,
        **options: object,
    ) -> None:
        self.command = run(Path(__file__).parent, python, {"host": hosts, "vcenter": vcenters or {}}, options)

    @property
    def ca_file(self) -> str:
        """Give the file with the CA of all certificates."""
        return str(self.about["ca_file"])

    def ssh_port(self, host: str) -> int:
        """Give the SSH port of a host."""
        return int(self.of(host)["ssh_port"])
