#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends a lab: systemd containers on podman networks and simulated devices, with checked host keys.

    lab.py up TOPOLOGY.yml      make images, networks, hosts and devices; nothing is done that is done already
    lab.py down TOPOLOGY.yml    remove them
    lab.py status TOPOLOGY.yml  list the hosts and devices and their addresses
    lab.py run TOPOLOGY.yml HOST -- COMMAND...   run a command inside a host

What a lab needs on the controller lies in .cache/lab/NAME: known_hosts, and the key pair shared by all labs beside it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import image
import simulated
from podman import HERE, PodmanError, as_root, inside, run, succeeds
from topology import Host, Topology, address6, load, mac

CACHE = HERE.parent / ".cache" / "lab"
KEY = CACHE / "id_ed25519"
LABEL = "netstack-lab"
CAPABILITIES = "NET_ADMIN,NET_RAW,SYS_ADMIN"  # VRRP and addresses; the sandbox of Debian's haproxy.service
BOOT_SECONDS = 60
RETRIES = 5


def up(lab: Topology) -> None:
    """Bring a lab up.

    Raises:
        PodmanError: something could not be made or a host did not boot.
        SimulatorError: the devices did not start.
    """
    _key()
    folder = CACHE / lab.name
    devices = simulated.up(lab, folder, KEY)
    names = {kind: image.ensure(kind) for kind in sorted({host.image for host in lab.hosts})}
    for network in lab.networks:
        _network(lab, network.name, network.subnet, network.subnet6)
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda host: _host(lab, host, names[host.image]), lab.hosts))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "known_hosts").write_text("".join([*keys, devices]))


def down(lab: Topology) -> None:
    """Remove the lab's containers, networks and devices; those of other labs stay."""
    simulated.down(CACHE / lab.name)
    if not lab.hosts:
        return
    mine = run(["podman", "ps", "-aq", "--filter", f"label={LABEL}={lab.name}"]).split()
    for attempt in range(RETRIES):  # podman 4.3 on a busy machine: "container state improper"
        if not mine or succeeds(["podman", "rm", "--force", "--ignore", "--time", "1", *mine]):
            break
        time.sleep(attempt)
    for network in lab.networks:
        if succeeds(["podman", "network", "exists", lab.segment(network.name)]):
            run(["podman", "network", "rm", "--force", lab.segment(network.name)])


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


def _key() -> None:
    """Make the key pair by which the controller logs in to every lab."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not KEY.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", LABEL, "-f", str(KEY)], check=True)


def _network(lab: Topology, name: str, subnet: str, subnet6: str) -> None:
    segment = lab.segment(name)
    if succeeds(["podman", "network", "exists", segment]):
        return
    second = ["--ipv6", "--subnet", subnet6] if subnet6 else []
    run(["podman", "network", "create", "--label", f"{LABEL}={lab.name}", "--subnet", subnet, *second, segment])


def _host(lab: Topology, host: Host, image_name: str) -> str:
    """Start a host, wait until it has booted, and return its lines of known_hosts."""
    container = lab.container(host.name)
    fresh = not succeeds(["podman", "container", "exists", container])
    if fresh:
        run(_run_command(lab, host, image_name))
    elif run(["podman", "inspect", "--format", "{{.State.Running}}", container]).strip() != "true":
        run(["podman", "start", container])
    _booted(container)
    if fresh:
        _own_host_keys(container)
    authorise = "install -d -m 700 /root/.ssh && cat > /root/.ssh/authorized_keys"
    run(["podman", "exec", "-i", container, "sh", "-c", authorise], stdin=KEY.with_suffix(".pub").read_text())
    if host.run:
        _service(container, host.run)
    public = inside(container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()
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
    identity = ["--name", lab.container(host.name), "--hostname", host.name, "--label", f"{LABEL}={lab.name}"]
    system = ["--systemd=always", f"--cap-add={CAPABILITIES}"]
    system += [f"--sysctl={name}={value}" for name, value in host.sysctl.items()]
    return ["podman", "run", "--detach", *identity, *system, *mounts, *networks, image_name, "/sbin/init"]


def _booted(container: str) -> None:
    """Wait until systemd has finished booting and sshd has its keys."""
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end:
        state = inside(container, "systemctl", "is-system-running", "--wait", check=False).strip()
        if state in {"running", "degraded"} and succeeds(["podman", "exec", container, "ssh-keyscan", "localhost"]):
            return
        time.sleep(0.3)
    raise PodmanError(f"{container} has not booted in {BOOT_SECONDS} s")


def _own_host_keys(container: str) -> None:
    """Give the container SSH host keys of its own; those of the image are the same everywhere."""
    inside(container, "sh", "-c", "rm /etc/ssh/ssh_host_* && ssh-keygen -A && systemctl restart ssh")


def _service(container: str, command: str) -> None:
    """Keep ``command`` running inside the container as the unit lab.service."""
    unit = f"[Service]\nExecStart={command}\nRestart=always\n[Install]\nWantedBy=multi-user.target\n"
    write = "cat > /etc/systemd/system/lab.service && systemctl daemon-reload && systemctl enable --now lab.service"
    run(["podman", "exec", "-i", container, "sh", "-c", write], stdin=unit)


def main() -> int:
    """Run the command line; exit 1 with a message when something could not be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["up", "down", "status", "run"])
    parser.add_argument("topology", type=Path)
    parser.add_argument("host", nargs="?", help="with run: the host")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="with run: the command")
    options = parser.parse_args()
    try:
        lab = load(options.topology)
        if options.action == "status":
            print(status(lab))
        elif options.action == "run":
            return enter(lab, options.host, [word for word in options.command if word != "--"])
        else:
            (up if options.action == "up" else down)(lab)
    except (PodmanError, simulated.SimulatorError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
