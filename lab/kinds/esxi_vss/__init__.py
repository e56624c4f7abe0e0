# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated ESXi hosts for tests, and vCenters that have them: one process serves both, for they are one state."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device.simulator import Device, Simulator

RESTORE = "restore"
"""The folder beside the devices' records in which runs keep what brings an ESXi host back (inventories/lab)."""


class _Hosts(Simulator):
    name = "vsphere"
    switch = False
    word = "host"
    fields = ("nics",)

    def what(self, device: Device) -> str:
        return f"ESXi with {device.about['nics']} NICs"

    def arguments(self, devices: list[Device], address: str, folder: Path, keys: Path) -> list[str]:
        certificates = folder / "certificates"
        shutil.rmtree(certificates, ignore_errors=True)  # the next ones are valid from now on
        certificates.mkdir(mode=0o700)
        shutil.rmtree(folder / RESTORE, ignore_errors=True)  # of hosts that are no more
        hosts = [f"{each.name}={each.about['nics']}@{address}:{each.port}" for each in devices]
        words = [word for host in hosts for word in ("--host", host)]
        files = ["--keys", str(certificates), "--password-file", str(_password(folder))]
        return [*words, *files, "--authorized-keys", str(keys)]

    def setup(self, device: Device) -> Iterator[tuple[str, dict[str, Any]]]:
        for command in device.setup:
            yield "console", {"command": f"esxcli {command}"}


def _password(folder: Path) -> Path:
    """Return the file with the password of the ESXi hosts' root; it is made on the first call."""
    file = folder / "esxi_password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(16))
    return file


SIMULATOR = _Hosts()
