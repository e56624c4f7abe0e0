#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS costs in HAProxy: processor time per request and per connection, against plain HTTP in the same process.

    data_path.py [--rounds 3] [--seconds 4]      needs the lab of the demo, provisioned (script/demo)

A second HAProxy runs on a load balancer of the lab, with the certificate and the TLS settings that the roles put there,
and one backend section behind a plain and a TLS listener. The load client makes requests on kept connections, then one
new connection per request (each with a full handshake: nothing is resumed, which is checked). The four cases are
interleaved, round by round. The figure is utime + stime of that process divided by the requests it answered; it is
steady on a busy machine, which requests per second are not. Prints a table, and JSON with --json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lab"))

from podman import inside, run
from topology import Topology
from topology import load as load_topology
from traffic.remote import load

PLAIN, TLS = 8081, 8444
CONFIGURATION = """
global
    maxconn 2000
    stats socket /run/netstack-bench.sock mode 600 level admin
{settings}
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend plain
    bind {address}:{plain}
    option forwardfor
    default_backend b
frontend tls
    bind {address}:{tls} ssl crt /etc/haproxy/certs/{certificate}.pem alpn h2,http/1.1
    option forwardfor
    default_backend b
backend b
    balance roundrobin
{servers}
"""
FOLDER = "/run/netstack-bench"


@dataclass(frozen=True)
class Case:
    """One way to ask."""

    name: str
    mode: str
    port: int


CASES = [
    Case("keep-alive, plain", "keepalive", PLAIN),
    Case("keep-alive, TLS", "keepalive", TLS),
    Case("new connection, plain", "fresh", PLAIN),
    Case("new connection, TLS", "fresh", TLS),
]


@dataclass
class Bench:
    """The second HAProxy."""

    container: str
    client: str
    address: str
    name: str
    seconds: float
    figures: dict[str, list[float]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    pid: str = ""

    def start(self, servers: list[str], certificate: str) -> None:
        """Start it. Raises PodmanError with HAProxy's words when it does not."""
        ours = inside(self.container, "cat", "/etc/haproxy/haproxy.cfg").splitlines()
        settings = "\n".join(line for line in ours if line.strip().startswith("ssl-default-bind-"))
        lines = "\n".join(f"    server s{number} {address}:80" for number, address in enumerate(servers))
        text = CONFIGURATION.format(
            settings=settings, address=self.address, plain=PLAIN, tls=TLS, certificate=certificate, servers=lines
        )
        write = f"mkdir -p {FOLDER} && cat > {FOLDER}/haproxy.cfg"
        run(["podman", "exec", "-i", self.container, "sh", "-c", write], stdin=text)
        inside(self.container, "haproxy", "-f", f"{FOLDER}/haproxy.cfg", "-D", "-p", f"{FOLDER}/pid")
        self.pid = inside(self.container, "cat", f"{FOLDER}/pid").strip()

    def stop(self) -> None:
        """End it and take its files away."""
        if self.pid:
            inside(self.container, "kill", self.pid, check=False)
        inside(self.container, "rm", "-rf", FOLDER, check=False)

    def cpu(self) -> float:
        """Return the processor time used so far, in seconds."""
        fields = inside(self.container, "cat", f"/proc/{self.pid}/stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / self.ticks

    @property
    def ticks(self) -> int:
        """Clock ticks in a second (100 on Linux)."""
        return int(inside(self.container, "getconf", "CLK_TCK"))

    def measure(self, case: Case) -> None:
        """Ask for some seconds and note microseconds of processor time per request."""
        scheme = "https" if case.port == TLS else "http"
        before = self.cpu()
        result = load(
            self.client,
            case.mode,
            f"{scheme}://{self.name}/whoami",
            connect=f"{self.address}:{case.port}",
            seconds=self.seconds,
            workers=10,
        )
        if result["failed"]:
            raise SystemExit(f"data_path: {case.name}: {result['failed']} requests failed: {result['causes']}")
        used = self.cpu() - before
        self.figures.setdefault(case.name, []).append(used / result["ok"] * 1e6)
        self.requests[case.name] = self.requests.get(case.name, 0) + result["ok"]

    def resumed(self) -> int:
        """Return how many percent of the last second's TLS sessions were resumed; the figures need 0."""
        ask = "import socket;s=socket.socket(socket.AF_UNIX);s.connect('/run/netstack-bench.sock')"
        answer = inside(self.container, "python3", "-c", f"{ask};s.send(b'show info\\n');print(s.recv(65536).decode())")
        return int(
            next(line.split(":")[1] for line in answer.splitlines() if line.startswith("SslFrontendSessionReuse"))
        )


def table(bench: Bench) -> str:
    """Return the figures as a table, and the ratios."""
    lines = ["| case | CPU per request, us (median, least..most) | requests |", "|---|---|---|"]
    middle = {name: statistics.median(values) for name, values in bench.figures.items()}
    for case in CASES:
        values = bench.figures[case.name]
        spread = f"{middle[case.name]:.0f} ({min(values):.0f}..{max(values):.0f})"
        lines.append(f"| {case.name} | {spread} | {bench.requests[case.name]} |")
    kept = middle["keep-alive, TLS"] / middle["keep-alive, plain"]
    new = middle["new connection, TLS"] / middle["new connection, plain"]
    handshake = middle["new connection, TLS"] - middle["new connection, plain"]
    ratios = f"TLS against plain: {kept:.2f} x per request on a kept connection, {new:.2f} x per new connection;"
    return "\n".join([*lines, "", ratios, f"a TLS handshake costs {handshake:.0f} us of one core."])


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each case in each round")
    parser.add_argument("--topology", type=Path, default=ROOT / "lab" / "demo.yml")
    parser.add_argument("--host", default="lb1", help="the load balancer to measure on")
    parser.add_argument("--servers", nargs="+", default=["web1", "web3"], help="the backends; leave out the slow one")
    parser.add_argument("--name", default="shop.lab.test", help="the name in the certificate")
    parser.add_argument("--certificate", default="shop")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    return parser.parse_args()


def address_of(lab: Topology, host: str, network: str) -> str:
    """Return a host's address in a network of the lab."""
    return next(entry.networks[network] for entry in lab.hosts if entry.name == host)


def main() -> None:
    """Measure, print, and end what was started."""
    given = options()
    lab = load_topology(given.topology)
    address = address_of(lab, given.host, "front")
    bench = Bench(lab.container(given.host), lab.container("client"), address, given.name, given.seconds)
    try:
        bench.start([address_of(lab, server, "server") for server in given.servers], given.certificate)
        time.sleep(0.5)
        for number in range(given.rounds):
            for case in CASES:
                bench.measure(case)
                print(f"round {number + 1}: {case.name}: {bench.figures[case.name][-1]:.0f} us", file=sys.stderr)
            if bench.resumed():
                raise SystemExit("data_path: TLS sessions were resumed, so connections were not new ones")
    finally:
        bench.stop()
    print(table(bench))
    if given.json:
        told: dict[str, Any] = {"us_per_request": bench.figures, "requests": bench.requests}
        given.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
