#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated Juniper EX switches over SSH and NETCONF, many in one process.

    simulator.py run --switch ex1=ex4200-48t --switch ex2=ex4300-48t:2 [--control PORT] [--keys DIR]
        Starts; prints one line of JSON: {"control": PORT, "devices": {NAME: {"address", "port", "host_key", "model",
        "style"}}, "known_hosts": [LINE]}. `MODEL:N` is a virtual chassis of N members, `@PORT` behind it the port
        (without: any). User lab, password lab123, unless --user, --password, --authorized-keys say otherwise.
        --known-hosts FILE writes the host keys.
    simulator.py control PORT OPERATION [JSON]
        Sends one operation to the control port (README.md lists them), prints the answer.
    simulator.py models
        Lists the models.

In Python, `client.Simulator` beside this file starts it as a process of its own:

    with Simulator({"ex1": "ex4200-48t", "ex2": "ex4300-48t"}) as lab:
        lab.port("ex1"), lab.host_key("ex1"), lab.control("advance", switch="ex1", seconds=600)
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from device.program import Program
from device.ssh import Access, host_key, public
from kinds.junos_ex import factory, server
from kinds.junos_ex.control import CONTROL
from kinds.junos_ex.device import Device
from kinds.junos_ex.errors import JunosError
from kinds.junos_ex.models import MODELS
from kinds.junos_ex.netconf import Connection, Lab

SWITCH = re.compile(r"(?P<name>[\w.-]+)=(?P<model>[\w-]+)(:(?P<fpcs>\d+))?(@(?P<port>\d+))?")


class Switches(Program):
    """This program."""

    doc = __doc__
    control = CONTROL

    def options(self, run: argparse.ArgumentParser) -> None:
        """Add the switches."""
        run.add_argument("--switch", action="append", required=True, help="NAME=MODEL[:MEMBERS][@PORT]")
        run.add_argument(
            "--config", action="append", default=[], help="NAME=FILE with set commands instead of the factory's"
        )
        run.add_argument("--bare", action="store_true", help="start all switches with an empty configuration")
        run.add_argument("--host", default="127.0.0.1")

    async def start(self, given: argparse.Namespace, folder: Path, access: Access) -> tuple[Lab, dict[str, Any]]:
        """Let all switches listen."""
        lab = Lab()
        named = [each.partition("=") for each in given.config]
        texts = {name: Path(path).read_text(encoding="utf-8") for name, _, path in named}
        switches: dict[str, dict[str, object]] = {}
        for text in given.switch:
            device, port = make(text, texts, given.bare)
            key = host_key(folder / f"{device.name}.key")
            lab.devices[device.name] = device
            acceptor = await server.accept(partial(Connection, lab, device), access, port, key, given.host)
            about = {"address": given.host, "port": acceptor.get_port(), "host_key": public(key)}
            switches[device.name] = about | {"model": device.model.name, "style": device.model.style}
        return lab, {"devices": switches}

    def show(self) -> str:
        """List the models."""
        return "\n".join(f"{model.name:16} {model.style:7} Junos {model.release}" for model in MODELS.values())


def make(text: str, texts: dict[str, str], bare: bool) -> tuple[Device, int]:
    """Make the switch of one `--switch`; give it with its port (0: any).

    Raises:
        SystemExit: the text, the model or the configuration is wrong.
    """
    match = SWITCH.fullmatch(text)
    if match is None:
        raise SystemExit(f"--switch {text}: not NAME=MODEL[:MEMBERS][@PORT]")
    name, given = match["name"], "" if bare else None
    try:
        device = factory.make(name, match["model"], int(match["fpcs"] or 1), texts.get(name, given))
    except (ValueError, JunosError) as failure:
        raise SystemExit(f"--switch {text}: {failure}") from failure
    return device, int(match["port"] or 0)


if __name__ == "__main__":
    sys.exit(Switches().main())
