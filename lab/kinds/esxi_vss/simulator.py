#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated ESXi hosts and vCenters over TLS and SSH, many in one process.

    simulator.py run --host esx1=4 --host esx2=4@127.0.0.2 --vcenter vc1=300 [--control PORT] [--keys DIR]
        Starts; prints one line of JSON: {"control": PORT, "ca_file": FILE, "endpoints": {NAME: {"kind", "address",
        "port", "ssh_port", "host_key"}}}. `--host NAME=NICS[@ADDRESS[:PORT]]` is a host of its own, `--vcenter
        NAME=HOSTS[xNICS][@ADDRESS[:PORT]]` a vCenter with that many hosts (NAME-esx001 and so on, without addresses
        of their own); HOSTS can also be names of --host, joined by `+`. Users root (may all) and reader (may read),
        password lab123, unless --user, --password or --password-file say otherwise; by SSH also --authorized-keys.
    simulator.py control PORT OPERATION [JSON]
        Sends one operation to the control port (README.md lists them), prints the answer.

In Python, `client.Simulator` beside this file starts it as a process of its own:

    with Simulator({"esx1": 4}, {"vc1": 300}) as lab:
        lab.port("esx1"), lab.ca_file, lab.control("state", host="esx1")
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from kinds.esxi_vss import certificates, control, factory, ssh, web
from kinds.esxi_vss.client import ask
from kinds.esxi_vss.endpoint import Endpoint, Lab
from kinds.esxi_vss.host import Host

NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<what>[\w.+-]+)(@(?P<address>[\d.]+)(:(?P<port>\d+))?)?")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("--host", action="append", default=[], help="NAME=NICS[@ADDRESS[:PORT]]")
    run.add_argument("--vcenter", action="append", default=[], help="NAME=HOSTS[xNICS][@ADDRESS[:PORT]]")
    run.add_argument("--control", type=int, default=0)
    run.add_argument("--user", default="root")
    run.add_argument("--password", default="lab123")
    run.add_argument("--password-file", type=Path, help="file with the password, which is then in no process list")
    run.add_argument("--authorized-keys", type=Path)
    run.add_argument("--keys", type=Path, help="folder in which the CA, the certificates and the host keys are kept")
    run.add_argument("--ca-file", type=Path, help="where the CA's certificate is written as well")
    run.add_argument("--known-hosts", type=Path)
    send = commands.add_parser("control")
    send.add_argument("port", type=int)
    send.add_argument("operation")
    send.add_argument("json", nargs="?", default="{}")
    return parser.parse_args(argv)


def split(word: str, text: str) -> dict[str, str]:
    """Take one `--host` or `--vcenter` apart.

    Raises:
        SystemExit: it is not in that form.
    """
    match = NAMED.fullmatch(text)
    if match is None:
        raise SystemExit(f"{word} {text}: not NAME=...[@ADDRESS[:PORT]]")
    return {key: value or "" for key, value in match.groupdict().items()}


def add_host(lab: Lab, name: str, nics: str) -> Host:
    """Make a host as delivered.

    Raises:
        SystemExit: the number of NICs is wrong, or the name is taken.
    """
    if name in lab.hosts or name in lab.endpoints:
        raise SystemExit(f"{name} stands twice")
    try:
        lab.hosts[name] = factory.make(name, len(lab.hosts) + 1, int(nics))
    except ValueError as failure:
        raise SystemExit(f"{name}={nics}: {failure}") from failure
    return lab.hosts[name]


def members(lab: Lab, name: str, what: str) -> list[Host]:
    """Give the hosts of a vCenter: made for it, or named."""
    counted = re.fullmatch(r"(\d+)(?:x(\d+))?", what)
    if counted is not None:
        numbers = range(1, int(counted[1]) + 1)
        return [add_host(lab, f"{name}-esx{number:03d}", counted[2] or "2") for number in numbers]
    unknown = [each for each in what.split("+") if each not in lab.hosts]
    if unknown:
        raise SystemExit(f"--vcenter {name}={what}: no host {', '.join(unknown)}")
    return [lab.hosts[each] for each in what.split("+")]


def build(options: argparse.Namespace) -> Lab:
    """Make all hosts and endpoints."""
    lab = Lab()
    if options.password_file:
        options.password = options.password_file.read_text(encoding="utf-8").strip()
    users = {options.user: (options.password, "administrator"), "reader": (options.password, "reader")}
    for word, kind, texts in (("--host", "esxi", options.host), ("--vcenter", "vcenter", options.vcenter)):
        for text in texts:
            parts = split(word, text)
            name = parts["name"]
            hosts = [add_host(lab, name, parts["what"])] if kind == "esxi" else members(lab, name, parts["what"])
            address, port = parts["address"] or "127.0.0.1", int(parts["port"] or 0)
            lab.endpoints[name] = Endpoint(name, kind, hosts, users, address=address, port=port)
    if not lab.endpoints:
        raise SystemExit("there is nothing to simulate: give --host or --vcenter")
    return lab


async def start(options: argparse.Namespace, lab: Lab, folder: Path) -> dict[str, Any]:
    """Let all endpoints and the control port listen; give what is printed."""
    authority = certificates.authority(folder)
    access = ssh.Access(options.user, options.password)
    if options.authorized_keys:
        access.read_keys(options.authorized_keys)
    about: dict[str, dict[str, Any]] = {}
    for endpoint in lab.endpoints.values():
        context = authority.context(endpoint.name, endpoint.address)
        endpoint.renew = functools.partial(authority.renew, context, endpoint.name, endpoint.address)
        lab.servers.append(await web.listen(lab, endpoint, context))
        about[endpoint.name] = {"kind": endpoint.kind, "address": endpoint.address, "port": endpoint.port}
        if endpoint.kind == "esxi":
            key = await ssh.listen(lab, endpoint, access, ssh.host_key(folder / f"{endpoint.name}.key"))
            about[endpoint.name] |= {"ssh_port": endpoint.ssh_port, "host_key": key}
    opened = await control.serve(lab, options.control)
    lab.servers.append(opened)
    if options.known_hosts:
        hosts = [each for each in about.values() if "host_key" in each]
        lines = [f"[{each['address']}]:{each['ssh_port']} {each['host_key']}\n" for each in hosts]
        options.known_hosts.write_text("".join(lines), encoding="utf-8")
    if options.ca_file:
        options.ca_file.write_bytes(authority.file.read_bytes())
    return {"control": opened.sockets[0].getsockname()[1], "ca_file": str(authority.file), "endpoints": about}


async def run(options: argparse.Namespace, folder: Path) -> None:
    """Serve until a signal ends it."""
    print(json.dumps(await start(options, build(options), folder)), flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


def main(argv: list[str] | None = None) -> int:
    """Run one command."""
    options = arguments(argv)
    if options.command == "control":
        print(json.dumps(ask(options.port, options.operation, **json.loads(options.json)), indent=1))
        return 0
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as made:
        folder = options.keys or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(options, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
