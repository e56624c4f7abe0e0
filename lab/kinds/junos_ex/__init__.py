# SPDX-License-Identifier: GPL-3.0-or-later
"""A Juniper EX over SSH and NETCONF, for tests: see README.md beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device.simulator import Device, Simulator


class _Switches(Simulator):
    name = "junos"
    switch = True
    word = "switch"
    fields = ("model",)

    def what(self, device: Device) -> str:
        return str(device.about["model"])

    def arguments(self, devices: list[Device], address: str, folder: Path, keys: Path) -> list[str]:
        words = [word for each in devices for word in ("--switch", f"{each.name}={self.what(each)}@{each.port}")]
        access = ["--user", "lab", "--password", "", "--authorized-keys", str(keys)]
        return [*words, *access, "--host", address, "--keys", str(folder / "keys")]

    def setup(self, device: Device) -> Iterator[tuple[str, dict[str, Any]]]:
        if device.setup:
            yield "commit", {"set": "\n".join(device.setup)}


SIMULATOR = _Switches()
