#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated ESXi hosts and vCenters over TLS and SSH, many in one process.

    simulator.py run --host esx1=4 --host esx2=4@127.0.0.2 --vcenter vc1=300 [--control PORT] [--keys DIR]
        Starts; prints one line of JSON: {"control": PORT, "ca_file": FILE, "devices": {NAME: {"kind", "address",
        "port", "ssh_port", "host_key"}}, "known_hosts": [LINE]}. `--host NAME=NICS[@ADDRESS[:PORT]]` is a host of its
        own, `--vcenter NAME=HOSTS[xNICS][@ADDRESS[:PORT]]` a vCenter with that many hosts (NAME-esx001 and so on,
        without addresses of their own); HOSTS can also be names of --host, joined by `+`. Users root (may all) and
        reader (may read), password lab123, unless --user, --password or --password-file say otherwise; by SSH also
        --authorized-keys.
    simulator.py control PORT OPERATION [JSON]
        Sends one operation to the control port (README.md lists them), prints the answer.

In Python, `client.Simulator` beside this file starts it as a process of its own:

    with Simulator({"esx1": 4}, {"vc1": 300}) as lab:
        lab.port("esx1"), lab.ca_file, lab.control("state", host="esx1")
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from device import certificates
from device.program import Program
from device.ssh import Access, host_key, public
from kinds.esxi_vss import factory, ssh, web
from kinds.esxi_vss.control import CONTROL
from kinds.esxi_vss.endpoint import Endpoint, Lab
from kinds.esxi_vss.host import Host

NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<what>[\w.+-]+)(@(?P<address>[\d.]+)(:(?P<port>\d+))?)?")


class Hosts(Program):
    """This program."""

    doc = __doc__
    control = CONTROL
    user = "root"

    def options(self, run: argparse.ArgumentParser) -> None:
        """Add hosts and vCenters."""
        run.add_argument("--host", action="append", default=[], help="NAME=NICS[@ADDRESS[:PORT]]")
        run.add_argument("--vcenter", action="append", default=[], help="NAME=HOSTS[xNICS][@ADDRESS[:PORT]]")
        run.add_argument("--ca-file", type=Path, help="where the CA's certificate is written as well")

    async def start(self, given: argparse.Namespace, folder: Path, access: Access) -> tuple[Lab, dict[str, Any]]:
        """Let all endpoints listen."""
        lab = build(given)
        authority = certificates.authority(folder, "simulated vSphere CA")
        about = {name: await listen(lab, each, authority, access) for name, each in lab.endpoints.items()}
        if given.ca_file:
            given.ca_file.write_bytes(authority.file.read_bytes())
        return lab, {"ca_file": str(authority.file), "devices": about}


async def listen(lab: Lab, endpoint: Endpoint, authority: certificates.Authority, access: Access) -> dict[str, Any]:
    """Let an endpoint listen; give where."""
    context = authority.context(endpoint.name, endpoint.address)
    endpoint.renew = functools.partial(authority.renew, context, endpoint.name, endpoint.address)
    web.listen(lab, endpoint, context)
    about = {"kind": endpoint.kind, "address": endpoint.address, "port": endpoint.port}
    if endpoint.kind != "esxi":
        return about
    key = host_key(authority.folder / f"{endpoint.name}.key")
    await ssh.listen(lab, endpoint, access, key)
    return about | {"ssh_port": endpoint.ssh_port, "host_key": public(key)}


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


if __name__ == "__main__":
    sys.exit(Hosts().main())
