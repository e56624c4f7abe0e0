# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: starts lab/fabric.py as a process of its own between a running simulator of switches and one of hosts.

    with Fabric(switches.about["control"], hosts.about["control"], cables, management_vlan=10) as fabric:
        fabric.deliveries()["esx1"]["vmk0"]["lost"]

`cables` are those of the cabling file: [{"switch": "ex1", "port": "ge-0/0/0", "host": "esx1", "nic": "vmnic0"}, ...].
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from device.client import Controlled, ask


class Fabric(Controlled):
    """A running fabric."""

    def __init__(
        self,
        switches: int,
        hosts: int,
        cables: list[dict[str, Any]],
        management_vlan: int | None = None,
        management_vlans: dict[str, int] | None = None,
    ) -> None:
        named = [end for cable in cables for end in (cable, cable.get("to", {}))]
        self.hosts = {each["host"]: hosts for each in named if "host" in each}
        devices = {each["switch"]: switches for each in named if "switch" in each} | self.hosts
        where = {"management_vlan": management_vlan, "management_vlans": management_vlans}
        self.cabling = {"devices": devices, "cables": cables, **where}

    def __enter__(self) -> Fabric:
        program = Path(__file__).with_name("fabric.py")
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump(self.cabling, file)
            file.flush()
            self.command = [sys.executable, str(program), file.name]
            super().__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for host, control in self.hosts.items():
            ask(control, "use_fabric", device=host, port=0)
        super().__exit__()

    def deliveries(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Tell what becomes of the flows: {HOST: {INTERFACE: {"lost", "of", "flaps", "reasons"}}}."""
        return dict(self.control("deliveries"))

    def absences(self) -> dict[str, float]:
        """Tell for how long, at most, the hosts were lost without a break since this was asked for the last time."""
        self.deliveries()
        return dict(self.control("absences"))

    def crossings(self) -> dict[str, dict[str, Any]]:
        """Tell what becomes of the flows between switches: {TRUNK: {"lost", "of", "flaps", "reasons"}}."""
        return dict(self.control("crossings"))
