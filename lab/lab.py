#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends a lab: systemd containers on podman networks and simulated devices, with checked host keys.

    lab.py up TOPOLOGY.yml      make images, networks, hosts and devices; nothing is done that is done already
    lab.py down TOPOLOGY.yml    remove them
    lab.py status TOPOLOGY.yml  list the hosts and devices and their addresses
    lab.py run TOPOLOGY.yml HOST -- COMMAND...   run a command inside a host
    lab.py hold TOPOLOGY.yml COMMAND...          run a command that uses the lab; nobody else does meanwhile
    lab.py inventory FOLDER     print where this inventory lies with the addresses of this checkout's labs

What a lab needs on the controller lies in .cache/lab/NAME: known_hosts, and the key pair shared by all labs beside it.
Labs of several checkouts run side by side, each with a number of its own in its addresses (lab/checkout.py).
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import checkout
import image
import simulated
from podman import HERE, PodmanError, as_root, inside, run, succeeds
from topology import Host, Topology, address6, load, mac

CACHE = checkout.LABS
KEY = CACHE / "id_ed25519"
LABEL = "netstack.lab"
CHECKOUT = "netstack.checkout"  # the label with the folder of the checkout that a lab belongs to
TOPOLOGY = "netstack.topology"
CAPABILITIES = "NET_ADMIN,NET_RAW,SYS_ADMIN"  # VRRP and addresses; the sandbox of Debian's haproxy.service
BOOT_SECONDS = 180  # on a machine that starts two labs at once
RETRIES = 5
PREPARE = """set -e
cd /etc/ssh
if [ ! -e lab ]; then
  rm -f ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key
  systemctl restart ssh
  touch lab
fi
install -d -m 700 /root/.ssh
printf %s "$0" > /root/.ssh/authorized_keys
if [ -n "$1" ]; then
  unit='[Service]\\nExecStart=%s\\nRestart=always\\n[Install]\\nWantedBy=multi-user.target\\n'
  printf "$unit" "$1" > /etc/systemd/system/lab.service
  systemctl daemon-reload
  systemctl enable --quiet --now lab.service
fi
cat ssh_host_ed25519_key.pub
"""
"""What a host needs once it has booted: a host key of its own (that of the image is the same everywhere), who may log
in, and its command as the unit lab.service. One process in the container does it all, for each costs time."""


def up(lab: Topology) -> None:
    """Bring a lab up.

    Raises:
        PodmanError: something could not be made or a host did not boot, or another lab has its networks.
        SimulatorError: the devices did not start.
        CheckoutError: another process uses this lab.
    """
    _key()
    folder = CACHE / lab.name
    with checkout.used(lab.name), ThreadPoolExecutor(5) as pool:
        for clash in _clashes(lab, _networks()):
            raise PodmanError(clash)
        devices = pool.submit(simulated.up, lab, folder, KEY)
        names = {kind: image.ensure(kind) for kind in sorted({host.image for host in lab.hosts})}
        for network in lab.networks:
            _network(lab, network.name, network.subnet, network.subnet6)
        keys = list(pool.map(lambda host: _host(lab, host, names[host.image]), lab.hosts))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "known_hosts").write_text("".join([*keys, devices.result()]))


def down(lab: Topology) -> None:
    """Remove the lab's containers, networks and devices; those of other labs and of other checkouts stay.

    Raises:
        PodmanError: something could not be removed.
        CheckoutError: another process uses this lab.
    """
    with checkout.used(lab.name):
        simulated.down(CACHE / lab.name)
        if not lab.hosts:
            return
        labels = ["--filter", f"label={LABEL}={lab.name}", "--filter", f"label={CHECKOUT}={checkout.TOP}"]
        mine = run(["podman", "ps", "-aq", *labels]).split()
        for attempt in range(RETRIES):  # podman 4.3 on a busy machine: "container state improper"
            if not mine or succeeds(["podman", "rm", "--force", "--ignore", "--time", "1", *mine]):
                break
            time.sleep(attempt)
        for name in run(["podman", "network", "ls", "-q", *labels]).split():
            run(["podman", "network", "rm", "--force", name])


def _networks() -> list[dict[str, Any]]:
    """Return the networks of the machine's containers, as podman describes them."""
    found: list[dict[str, Any]] = json.loads(run(["podman", "network", "ls", "--format", "json"]) or "[]")
    return found


def _clashes(lab: Topology, networks: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what other network has addresses or the name of one of the lab's, and how it is ended."""
    for network in networks:
        labels = network.get("labels") or {}
        if (labels.get(LABEL), labels.get(CHECKOUT)) == (lab.name, str(checkout.TOP)):
            continue
        theirs = [entry["subnet"] for entry in network.get("subnets") or []]
        for own in lab.networks:
            met = [
                subnet for subnet in (own.subnet, own.subnet6) if subnet and any(_overlap(subnet, t) for t in theirs)
            ]
            if met or network["name"] == lab.segment(own.name):
                what = f"{own.name} ({', '.join(met or [own.subnet])})"
                yield f"the lab {lab.name} cannot have its network {what}: {_owner(network)}"


def _overlap(one: str, other: str) -> bool:
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


def _owner(network: dict[str, Any]) -> str:
    """Return to whom a network belongs, and how it is ended."""
    labels, name = network.get("labels") or {}, network["name"]
    if CHECKOUT not in labels:
        return f"podman has {name} there; end what uses it, then: podman network rm {name}"
    top = Path(labels[CHECKOUT])
    whose = "this checkout" if top == checkout.TOP else str(top)
    return f"the lab {labels[LABEL]} of {whose} runs; end it with: {checkout.ending(labels[TOPOLOGY], top)}"


def status(lab: Topology) -> str:
    """Return a line for each host and device: its state and its addresses."""
    shown = simulated.status(lab, CACHE / lab.name)
    for host in lab.hosts:
        query = ["podman", "inspect", "--format", "{{.State.Status}}", lab.container(host.name)]
        state = run(query, check=False).strip() or "absent"
        addresses = ", ".join(f"{network} {address}" for network, address in host.networks.items())
        shown.append(f"{host.name:10} {state:10} {addresses}")
    return "\n".join(shown)


def enter(lab: Topology, host: str, command: list[str]) -> int:
    """Run a command inside a host with this terminal as its own; return its exit status."""
    terminal = ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    return subprocess.run(
        as_root(["podman", "exec", "-i", *terminal, lab.container(host), *command]), check=False
    ).returncode


def hold(lab: Topology, command: list[str]) -> None:
    """Become a command that uses the lab, with the lock that keeps others from it.

    Raises:
        CheckoutError: another process uses this lab.
    """
    with checkout.used(lab.name) as lock:
        if lock is not None:
            os.set_inheritable(lock, True)
        os.execvp(command[0], command)


def _key() -> None:
    """Make the key pair by which the controller logs in to every lab."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not KEY.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(KEY)], check=True)


def _labels(lab: Topology) -> list[str]:
    labels = {LABEL: lab.name, CHECKOUT: checkout.TOP, TOPOLOGY: lab.path}
    return [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]


def _network(lab: Topology, name: str, subnet: str, subnet6: str) -> None:
    segment = lab.segment(name)
    second = ["--ipv6", "--subnet", subnet6] if subnet6 else []
    with checkout.machine_wide("netstack-networks"):  # podman gives two that are made at once the same bridge
        if not succeeds(["podman", "network", "exists", segment]):
            run(["podman", "network", "create", *_labels(lab), "--subnet", subnet, *second, segment])


def _host(lab: Topology, host: Host, image_name: str) -> str:
    """Start a host, wait until it has booted, and return its lines of known_hosts."""
    container = lab.container(host.name)
    state = run(["podman", "inspect", "--format", "{{.State.Running}}", container], check=False).strip()
    if not state:
        run(_run_command(lab, host, image_name))
    elif state != "true":
        run(["podman", "start", container])
    _booted(container)
    public = inside(container, "sh", "-c", PREPARE, KEY.with_suffix(".pub").read_text(), host.run).split()
    print(f"lab: {host.name} is up at {lab.management(host)}", file=sys.stderr)
    return f"{lab.management(host)} {public[0]} {public[1]}\n"


def _run_command(lab: Topology, host: Host, image_name: str) -> list[str]:
    networks: list[str] = []
    segments = {network.name: network for network in lab.networks}
    for number, (name, address) in enumerate(host.networks.items()):
        options = [f"ip={address}", f"mac={mac(address)}", f"interface_name=eth{number}"]
        if segments[name].subnet6:
            options.append(f"ip6={address6(segments[name], address)}")
        networks += ["--network", f"{lab.segment(name)}:{','.join(options)}"]
    public = CACHE / lab.name / "public"
    public.mkdir(parents=True, exist_ok=True)
    mounts = ["--volume", f"{HERE}:/opt/lab:ro", "--volume", f"{public}:/opt/public:ro"]
    identity = ["--name", lab.container(host.name), "--hostname", host.name, *_labels(lab)]
    system = ["--systemd=always", f"--cap-add={CAPABILITIES}"]
    system += [f"--sysctl={name}={value}" for name, value in host.sysctl.items()]
    return ["podman", "run", "--detach", *identity, *system, *mounts, *networks, image_name, "/sbin/init"]


def _booted(container: str) -> None:
    """Wait until systemd has finished booting."""
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end:
        if inside(container, "systemctl", "is-system-running", "--wait", check=False).strip() in {
            "running",
            "degraded",
        }:
            return
        time.sleep(0.3)
    limit = "where many labs run, fs.inotify.max_user_instances may be too low (a host takes 5)"
    raise PodmanError(f"{container} has not booted in {BOOT_SECONDS} s; {limit}")


def main() -> int:
    """Run the command line; exit 1 with a message when something could not be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["up", "down", "status", "run", "hold", "inventory"])
    parser.add_argument("topology", type=Path, help="with inventory: its folder")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="with run: the host and the command; hold: the command")
    options = parser.parse_args()
    try:
        return _act(options.action, options.topology, options.words)
    except (PodmanError, simulated.SimulatorError, checkout.CheckoutError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _act(action: str, topology: Path, words: list[str]) -> int:
    if action == "inventory":
        print(os.path.relpath(checkout.inventory(topology)))
        return 0
    lab = load(topology)
    if action == "run":
        return enter(lab, words[0], [word for word in words[1:] if word != "--"])
    if action == "hold":
        hold(lab, words)
    elif action == "status":
        print(status(lab))
    else:
        (up if action == "up" else down)(lab)
    return 0


if __name__ == "__main__":
    sys.exit(main())
