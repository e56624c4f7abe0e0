# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: starts lab/fabric.py as a process of its own between running simulators.

    with Fabric(junos.about["control"], vsphere.about["control"], cables, management_vlan=10) as fabric:
        fabric.deliveries()["esx1"]["vmk0"]["lost"]

`cables` are those of the cabling file: [{"switch": "ex1", "port": "ge-0/0/0", "host": "esx1", "nic": "vmnic0"}, ...].
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from device.client import Controlled, ask


class Fabric(Controlled):
    """A running fabric."""

    def __init__(
        self,
        junos: int,
        vsphere: int,
        cables: list[dict[str, Any]],
        management_vlan: int | None = None,
        management_vlans: dict[str, int] | None = None,
    ) -> None:
        self.vsphere = vsphere
        where = {"management_vlan": management_vlan, "management_vlans": management_vlans}
        self.cabling = {"junos": junos, "vsphere": vsphere, "cables": cables, **where}

    def __enter__(self) -> Fabric:
        program = Path(__file__).with_name("fabric.py")
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump(self.cabling, file)
            file.flush()
            self.command = [sys.executable, str(program), file.name]
            super().__enter__()
        self.port = int(self.about["port"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ask(self.vsphere, "use_fabric", port=0, hosts=[])
        super().__exit__(kind, error, trace)

    def deliveries(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Tell what becomes of the flows: {HOST: {VMK: {"lost", "of", "flaps", "reasons"}}}."""
        found: dict[str, dict[str, dict[str, Any]]] = ask(self.port, "deliveries")
        return found

    def absences(self) -> dict[str, float]:
        """Tell for how long, at most, the hosts were lost without a break since this was asked for the last time."""
        self.deliveries()
        found: dict[str, float] = ask(self.port, "absences")
        return found

    def crossings(self) -> dict[str, dict[str, Any]]:
        """Tell what becomes of the flows between switches: {TRUNK: {"lost", "of", "flaps", "reasons"}}."""
        found: dict[str, dict[str, Any]] = ask(self.port, "crossings")
        return found
