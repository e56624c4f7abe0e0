# SPDX-License-Identifier: GPL-3.0-or-later
"""The load-balancing tier of the demo's lab, for a benchmark: started anew with a release, provisioned by site.yml."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lab"))

import checkout
import lab
from image import specification
from podman import inside
from topology import Topology
from topology import load as load_topology
from traffic.site_copy import SiteCopy

TOPOLOGY = ROOT / "lab" / "demo.yml"
INVENTORY = checkout.inventory(ROOT / "inventories" / "lab")
RELEASES = list(specification()["images"])
PROGRAMS = ("haproxy", "pound", "hitch", "keepalived", "openssl")


def balancers(site: dict[str, Any]) -> list[str]:
    """Return the nodes of a declared site's pairs."""
    return [host for pair in site["lb_pairs"].values() for host in pair["hosts"]]


@contextmanager
def started(topology: Path, site: dict[str, Any], release: str) -> Iterator[Topology]:
    """Start a lab anew, with load balancers of a release and the containers of a lean site alone; end it afterwards.

    Raises:
        PodmanError: something could not be made or a host did not boot.
    """
    whole, nodes = load_topology(topology), balancers(site)
    lab.down(whole)
    hosts = [
        replace(host, image=release) if host.name in nodes else host
        for host in whole.hosts
        if host.name in site["devices"]
    ]
    made = replace(whole, hosts=hosts, devices=[], cables={})
    try:
        lab.up(made)
        subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(lab.CACHE / made.name)], check=True)
        yield made
    finally:
        lab.down(made)


def lean(site: dict[str, Any]) -> None:
    """Leave of a declared site what load balancing needs: no switches, hypervisors and links."""
    kinds = ("linux", "external")
    site["devices"] = {name: device for name, device in site["devices"].items() if device["kind"] in kinds}
    for key in ("links", "link_profiles"):
        site.pop(key, None)


def provision(site: SiteCopy, playbook: str = "netstack.datacenter.site") -> None:
    """Provision a site by the collection's own playbook. Raises SystemExit with its last words."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), playbook, "-i", str(site.folder)]
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"), **os.environ}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{playbook} failed\n{done.stdout[-3000:]}{done.stderr[-2000:]}")


def release_of(container: str) -> str:
    """Return the release that a container runs, as images.yml calls it."""
    return inside(container, "sh", "-c", '. /etc/os-release && printf %s "$ID$VERSION_ID" | tr -d .')


def versions(container: str) -> dict[str, str]:
    """Return the versions of the programs that are installed."""
    shown = inside(container, "dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PROGRAMS, check=False)
    return dict(line.split(" ", 1) for line in shown.splitlines() if not line.endswith(" "))


def told(versions: dict[str, str]) -> str:
    """Return versions as a line."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())
