#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS costs at HAProxy, at Pound and at hitch in front of it: processor time, against plain HTTP at HAProxy.

    data_path.py [--rounds 3] [--seconds 4] [--json FILE]

It ends the demo's lab, starts its containers anew, on Debian 13, and ends them. The load balancers are provisioned by
playbooks/site.yml: a plain service, one with TLS at HAProxy, one of the profile https_offload (Pound), alike but for
their TLS, all held by the same node. hitch, which no role configures, hands on to the plain service, by PROXY v2. The
client makes requests on 10 kept connections, then each on a new connection with a full handshake; all of this in turn,
round by round. All ends of TLS have the same certificate, and the client offers one protocol, cipher and group alone.

The figure is utime + stime of HAProxy and of the offloader, by the requests that were answered: steady on a busy
machine, which requests a second are not. What the kernel does for packets on its own account is not in it. Checked are
what was agreed on in the handshake, that no connection resumed a session, that the server is told the client's address,
and that no offloader but the chain's own worked.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import metering
import tier

from checkout import localised as here
from podman import inside, run
from topology import Topology
from traffic.remote import CA_FILE, load
from traffic.site_copy import SiteCopy

NODE, RELEASE, NAME = "lb1", "debian13", "shop.lab.test"
PLAIN, INNER = here("10.231.10.101"), "127.0.0.101:8443"  # the plain service, and where it takes hitch's connections
SETTLE = 12.0  # seconds: two good health checks of the profile
WORKERS = 10
OFFLOADERS = ("pound", "hitch")
WORKS = 0.1  # share of the processor time above which a program is part of the chain
MODES = {"keepalive": "request on a kept connection", "fresh": "new connection with one request"}
AGREED = (  # what openssl s_client tells of each end of TLS, when it offers what the load client does
    "New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256",
    "Peer Temp Key: X25519, 253 bits",
    "Peer signature type: rsa_pss_rsae_sha256",
    "Server public key is 2048 bit",
    "Verification: OK",
)
ALIKE: dict[str, Any] = {
    "lb": "edge",
    "prefers": NODE,
    "backends": ["web1", "web3"],  # web2 is the slow one
    "backend_port": 80,
    "stickiness": "source",
    "health_check": {"type": "http", "uri": "/health", "expect_status": 200, "interval": "5s"},
    "timeouts": {"connect": "4s", "client": "1h", "server": "1h"},
}
OFFERED = """openssl_conf = program
[program]
ssl_conf = tls
[tls]
system_default = offered
[offered]
MaxProtocol = TLSv1.3
MinProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
Groups = X25519
"""
HITCH = """frontend = "[{address}]:443"
backend = "[{inner[0]}]:{inner[1]}"
pem-file = "/etc/haproxy/certs/shop.pem"
workers = {workers}
write-proxy-v2 = on
alpn-protos = "http/1.1"
tls-protos = TLSv1.2 TLSv1.3
daemon = on
user = "_hitch"
group = "_hitch"
"""


@dataclass(frozen=True)
class Chain:
    """A way from the client to the servers."""

    name: str
    vip: str
    scheme: str = "https"
    offloader: str = ""

    @property
    def where(self) -> str:
        """Give where to connect to."""
        return f"{self.vip}:{443 if self.scheme == 'https' else 80}"


CHAINS = (
    Chain("HAProxy, plain", PLAIN, "http"),
    Chain("HAProxy, TLS", here("10.231.10.100")),
    Chain("hitch -> HAProxy", PLAIN, offloader="hitch"),
    Chain("Pound -> HAProxy", here("10.231.10.102"), offloader="pound"),
)
Figures = dict[str, list[float]]


def services(site: dict[str, Any]) -> None:
    """Declare the services: alike but for where TLS ends."""
    tier.lean(site)
    site["certificates"] = {"shop": site["certificates"]["shop"]}
    tls = {"ports": [443], "server_names": [NAME], **ALIKE}
    raw = {"frontend": [f"bind {INNER} accept-proxy"]}
    site["services"] = {
        "plain": {"vip": PLAIN, "ports": [80], "tls": {"at": "none"}, "raw": raw, **ALIKE},
        "tls": {"vip": CHAINS[1].vip, "tls": {"at": "haproxy", "certificate": "shop"}, **tls},
        "offload": {"vip": CHAINS[3].vip, "profile": "https_offload", "tls": {"certificate": "shop"}, **tls},
    }


def start_hitch(container: str) -> None:
    """Install hitch as a role would, and start it. Raises PodmanError with its words."""
    install = (
        "export DEBIAN_FRONTEND=noninteractive; apt-get update && apt-get install -y --no-install-recommends hitch"
    )
    inside(container, "sh", "-c", f"{install} && systemctl disable --now hitch")
    text = HITCH.format(address=PLAIN, inner=INNER.split(":"), workers=os.cpu_count())
    run(["podman", "exec", "-i", container, "sh", "-c", "cat > /run/hitch.conf"], stdin=text)
    inside(container, "hitch", "--config=/run/hitch.conf")


@dataclass
class Bench:
    """What is asked, and what came of it: microseconds for each request, by chain and mode."""

    node: str
    client: str
    source: str
    seconds: float
    figures: dict[str, Figures] = field(default_factory=lambda: {mode: {} for mode in MODES})
    requests: dict[str, int] = field(default_factory=dict)

    def used(self) -> dict[str, float]:
        """Return the processor time so far, in seconds, of each program of the chains."""
        found = dict.fromkeys(("haproxy", *OFFLOADERS), 0.0)
        for line in inside(self.node, "sh", "-c", "cat /proc/[0-9]*/stat", check=False).splitlines():
            name, seconds = metering.named(line)
            if name in found:
                found[name] += seconds
        return found

    def measure(self, chain: Chain, mode: str) -> float:
        """Ask for some seconds; note and return the microseconds. Raises SystemExit when it went another way."""
        before, url = self.used(), f"{chain.scheme}://{NAME}/whoami"
        got = load(self.client, mode, url, connect=chain.where, seconds=self.seconds, workers=WORKERS)
        cost = {name: seconds - before[name] for name, seconds in self.used().items()}
        worked = [name for name in OFFLOADERS if cost[name] > WORKS * sum(cost.values())]
        if got["failed"] or worked != [chain.offloader] * bool(chain.offloader):
            raise SystemExit(f"data_path: {chain.name}, {mode}: worked: {worked}, failed: {got['causes']}")
        each: float = (cost["haproxy"] + cost.get(chain.offloader, 0.0)) / got["ok"] * 1e6
        self.figures[mode].setdefault(chain.name, []).append(each)
        self.requests[mode] = self.requests.get(mode, 0) + got["ok"]
        return each

    def source_told(self, chain: Chain) -> str:
        """Return the client's address as the server is told it."""
        port = chain.where.rpartition(":")[2]
        ask = ["curl", "-sS", "--fail", "--cacert", CA_FILE, "--resolve", f"{NAME}:{port}:{chain.vip}"]
        answer = json.loads(inside(self.client, *ask, f"{chain.scheme}://{NAME}/"))
        return str(answer["headers"].get("x-forwarded-for"))

    def handshake(self, chain: Chain) -> set[str]:
        """Return what openssl tells of a handshake. Raises PodmanError when there is none."""
        ask = ["openssl", "s_client", "-connect", chain.where, "-servername", NAME, "-CAfile", CA_FILE]
        return {line.strip() for line in inside(self.client, *ask).splitlines()}

    def prove(self) -> None:
        """Raise SystemExit where a chain is not what it is said to be."""
        for chain in CHAINS:
            if (told := self.source_told(chain)) != self.source:
                raise SystemExit(f"data_path: {chain.name}: the server is told {told}, not {self.source}")
            if chain.scheme == "https" and (missing := set(AGREED) - self.handshake(chain)):
                raise SystemExit(f"data_path: {chain.name}: this was not agreed on: {missing}")


def table(figures: dict[str, Figures]) -> str:
    """Return the figures: the median of the rounds, the least and the most, and the ratio to plain."""
    titles = [f"{title}, us: median (least..most) | x plain" for title in MODES.values()]
    lines = ["| chain | " + " | ".join(titles) + " |", "|" + "---|" * (1 + 2 * len(MODES))]
    for chain in CHAINS:
        cells = [cell for mode in MODES for cell in _cells(figures[mode], chain.name)]
        lines.append("| " + " | ".join([chain.name, *cells]) + " |")
    return "\n".join(lines)


def _cells(figures: Figures, name: str) -> Sequence[str]:
    values, plain = figures[name], statistics.median(figures[CHAINS[0].name])
    middle = statistics.median(values)
    return f"{middle:.0f} ({min(values):.0f}..{max(values):.0f})", f"{middle / plain:.1f}"


def prepare(lab: Topology, site: SiteCopy, seconds: float) -> Bench:
    """Bring the load balancer to serve all chains."""
    tier.provision(site)
    node, client = lab.container(NODE), lab.container("client")
    start_hitch(node)
    run(["podman", "exec", "-i", client, "sh", "-c", "cat > /etc/ssl/openssl.cnf"], stdin=OFFERED)
    source = next(host.networks["front"] for host in lab.hosts if host.name == "client")
    time.sleep(SETTLE)
    return Bench(node, client, source, seconds)


def main() -> None:
    """Measure, print, and end what was started."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each chain, in each of both ways, in each round")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    given = parser.parse_args()
    site = SiteCopy(tier.INVENTORY, "data_path")
    site.change(services)
    with tier.started(tier.TOPOLOGY, site.site, RELEASE) as lab:
        bench = prepare(lab, site, given.seconds)
        bench.prove()
        for number in range(given.rounds):
            for mode in MODES:
                for chain in CHAINS:
                    each = bench.measure(chain, mode)
                    print(f"round {number + 1}: {chain.name}, {mode}: {each:.0f} us", file=sys.stderr)
        versions = tier.versions(bench.node)
    print(table(bench.figures))
    print(f"\n{tier.told(versions)}\nEvery end of TLS: {'; '.join(AGREED)}\nRequests: {bench.requests}")
    if given.json:
        found = {"us": bench.figures, "requests": bench.requests, "versions": versions, "tls": AGREED}
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
