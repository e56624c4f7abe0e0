#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated Juniper EX switches over SSH and NETCONF, many in one process.

    simulator.py run --switch ex1=ex4200-48t --switch ex2=ex4300-48t:2 [--control PORT] [--keys DIR]
        Starts; prints one line of JSON: {"control": PORT, "switches": {NAME: {"port", "host_key", "model", "style"}}}.
        `MODEL:N` is a virtual chassis of N members, `@PORT` behind it the port (without: any). User lab, password
        lab123, unless --user, --password, --authorized-keys say otherwise. --known-hosts FILE writes the host keys.
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
import asyncio
import contextlib
import json
import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from kinds.junos_ex import control, factory, server
from kinds.junos_ex.client import ask
from kinds.junos_ex.device import Device
from kinds.junos_ex.errors import JunosError
from kinds.junos_ex.models import MODELS
from kinds.junos_ex.netconf import Lab

SWITCH = re.compile(r"(?P<name>[\w.-]+)=(?P<model>[\w-]+)(:(?P<fpcs>\d+))?(@(?P<port>\d+))?")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("--switch", action="append", required=True, help="NAME=MODEL[:MEMBERS][@PORT]")
    run.add_argument(
        "--config", action="append", default=[], help="NAME=FILE with set commands instead of the factory's"
    )
    run.add_argument("--bare", action="store_true", help="start all switches with an empty configuration")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--control", type=int, default=0)
    run.add_argument("--user", default="lab")
    run.add_argument("--password", default="lab123", help="empty: keys only")
    run.add_argument("--authorized-keys", type=Path)
    run.add_argument("--keys", type=Path, help="folder in which host keys are kept")
    run.add_argument("--known-hosts", type=Path)
    send = commands.add_parser("control")
    send.add_argument("port", type=int)
    send.add_argument("operation")
    send.add_argument("json", nargs="?", default="{}")
    commands.add_parser("models")
    return parser.parse_args(argv)


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


async def start(options: argparse.Namespace, lab: Lab) -> dict[str, object]:
    """Let all switches and the control port listen; give what is printed."""
    access = server.Access(options.user, options.password)
    if options.authorized_keys:
        access.read_keys(options.authorized_keys)
    named = [each.partition("=") for each in options.config]
    texts = {name: Path(path).read_text(encoding="utf-8") for name, _, path in named}
    switches: dict[str, dict[str, object]] = {}
    for text in options.switch:
        device, port = make(text, texts, options.bare)
        key = server.host_key(options.keys / f"{device.name}.key" if options.keys else None)
        listener = await server.listen(lab, device, access, port, key, options.host)
        about = {"port": listener.port, "host_key": listener.host_key}
        switches[device.name] = about | {"model": device.model.name, "style": device.model.style}
    opened = await control.serve(lab, options.control)
    return {"control": opened.sockets[0].getsockname()[1], "switches": switches}


async def run(options: argparse.Namespace) -> None:
    """Serve until a signal ends it."""
    if options.keys:
        options.keys.mkdir(parents=True, exist_ok=True)
    about = await start(options, Lab())
    if options.known_hosts:
        switches = about["switches"]
        assert isinstance(switches, dict)
        lines = [f"[{options.host}]:{each['port']} {each['host_key']}\n" for each in switches.values()]
        options.known_hosts.write_text("".join(lines), encoding="utf-8")
    print(json.dumps(about), flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


def main(argv: list[str] | None = None) -> int:
    """Run one command."""
    options = arguments(argv)
    if options.command == "models":
        for model in MODELS.values():
            print(f"{model.name:16} {model.style:7} Junos {model.release}")
        return 0
    if options.command == "control":
        print(json.dumps(ask(options.port, options.operation, **json.loads(options.json)), indent=1))
        return 0
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
