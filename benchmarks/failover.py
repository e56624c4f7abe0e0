#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a service is away when the node that holds its VIP fails, in five ways, with both VRRP profiles.

    failover.py [--rounds 5] [--profiles standard tuned] [--events haproxy pound keepalived power network]

It needs the lab of the demo; it provisions it by playbooks/site.yml with the profile that it measures. In each round
the holder of the VIP fails while the client asks 100 times a second, each on a new TLS connection, 1 s for an answer.
Told are the longest time without an answer and the requests that failed. Afterwards every VIP has exactly one holder,
and 40 clients (by cookie, by address over the peers' stick table, and by the address that Pound passes on) meet the
server they met before: if not, the exit status is 1. Where Pound is killed, the service behind it is the one that is
asked. Then the node is brought back; nothing preempts, so that the other node is the next one to fail.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lab"))

from podman import inside, run, succeeds
from topology import load as load_topology
from traffic.remote import Load, load
from traffic.site_copy import SiteCopy
from traffic.sources import addresses

RATE = 100  # requests a second
LEAD = 1.5  # seconds of undisturbed requests before the event
OBSERVE = 9.0  # seconds after it
READY = 60.0  # seconds for a node to come back
SETTLE = 4.0  # seconds after that: two good checks, and an advertisement
JAR = "/run/netstack-jar.json"
NO_RESTART = "/run/systemd/system/{unit}.service.d/netstack-bench.conf"
BEHIND = {"pound": "portal"}  # event -> the service that is asked; else `shop`


@dataclass(frozen=True)
class Settings:
    """What is measured: containers, addresses, URLs."""

    nodes: dict[str, str]  # host -> container
    client: str
    front: dict[str, str]  # host -> its interface where the VIPs are
    vips: list[str]
    asked: dict[str, dict[str, str]]  # service -> its url, and the address to connect to
    sources: str

    def stickiness(self) -> dict[str, list[str]]:
        """Return the servers that each client meets: by its cookie, by its address, by the one that Pound tells."""
        jars: dict[str, dict[str, object]] = {"shop": {"jar": JAR}, "api": {}, "portal": {}}
        return {
            f"{service} {client}": servers
            for service, jar in jars.items()
            for client, servers in self._sources(service, **jar)["clients"].items()
        }

    def _sources(self, service: str, **jar: object) -> dict[str, Any]:
        return load(self.client, "sources", **self.asked[service], sources=self.sources, times=1, **jar)

    def holders(self) -> dict[str, list[str]]:
        """Return the nodes that have each VIP on an interface."""
        found: dict[str, list[str]] = {vip: [] for vip in self.vips}
        for host, container in self.nodes.items():
            shown = inside(container, "ip", "-o", "addr", "show", check=False).split()
            for vip in self.vips:
                if any(word.partition("/")[0] == vip for word in shown):
                    found[vip].append(host)
        return found

    def one_holder(self) -> bool:
        """Tell whether every VIP is held exactly once."""
        return all(len(hosts) == 1 for hosts in self.holders().values())

    def wait_until_ready(self) -> None:
        """Wait until both nodes run all they should and every VIP has one holder. Raises SystemExit."""
        end = time.monotonic() + READY
        while not (self.one_holder() and all(_serves(container) for container in self.nodes.values())):
            if time.monotonic() > end:
                raise SystemExit(f"failover: the pair is not ready after {READY:.0f} s; holders: {self.holders()}")
            time.sleep(0.5)
        time.sleep(SETTLE)


def _serves(container: str) -> bool:
    check = "systemctl is-active --quiet haproxy keepalived && curl -fsS -o /dev/null http://127.0.0.1:8405/healthz"
    return succeeds(["podman", "exec", container, "sh", "-c", check])


def cable(container: str, interface: str) -> str:
    """Return the host's end of a container's interface: pulling it is what the container sees as a lost link."""
    index = inside(container, "cat", f"/sys/class/net/{interface}/iflink").strip()
    links = run(["ip", "-o", "link", "show"]).splitlines()
    return next(line.split(": ")[1].split("@")[0] for line in links if line.startswith(f"{index}: "))


def kill_for_good(settings: Settings, host: str, unit: str) -> Callable[[], None]:
    """Kill a program so that systemd does not start it again; returns what mends it."""
    container, setting, reload = settings.nodes[host], NO_RESTART.format(unit=unit), "systemctl daemon-reload"
    stay_dead = f"mkdir -p $(dirname {setting}) && printf '[Service]\\nRestart=no\\n' > {setting}"
    inside(container, "sh", "-c", f"{stay_dead} && {reload} && systemctl kill --signal=KILL {unit}")
    again = f"rm {setting}; {reload}; systemctl reset-failed {unit}; systemctl start {unit}"
    return lambda: void(inside(container, "sh", "-c", again))


def kill_keepalived(settings: Settings, host: str) -> Callable[[], None]:
    """Kill every process of keepalived without a chance to tidy up; systemd does what it is set to do."""
    container = settings.nodes[host]
    inside(container, "systemctl", "kill", "--signal=KILL", "keepalived")
    return lambda: void(inside(container, "systemctl", "start", "keepalived", check=False))


def power_off(settings: Settings, host: str) -> Callable[[], None]:
    """Take the whole node away at once."""
    container = settings.nodes[host]
    run(["podman", "kill", container])
    return lambda: void(run(["podman", "start", container]))


def cut_network(settings: Settings, host: str) -> Callable[[], None]:
    """Pull the cable of the network where the VIPs are."""
    link = cable(settings.nodes[host], settings.front[host])
    run(["ip", "link", "set", link, "down"])
    return lambda: void(run(["ip", "link", "set", link, "up"]))


def void(_output: str) -> None:
    """Forget an output."""


EVENTS: dict[str, Callable[[Settings, str], Callable[[], None]]] = {
    "haproxy": lambda settings, host: kill_for_good(settings, host, "haproxy"),
    "pound": lambda settings, host: kill_for_good(settings, host, "pound"),
    "keepalived": kill_keepalived,
    "power": power_off,
    "network": cut_network,
}


@dataclass
class Round:
    """One failure. `gap_ms`: the longest time without an answer; `moved`: clients that met another server later."""

    profile: str
    event: str
    victim: str
    gap_ms: float
    lost: int
    holders: dict[str, list[str]]
    one_holder: bool
    one_holder_later: bool
    moved: list[str] = field(default_factory=list)


def play_round(settings: Settings, profile: str, event: str) -> Round:
    """Let the VIP's holder fail once, and bring it back."""
    asked = settings.asked[BEHIND.get(event, "shop")]
    victim = settings.holders()[asked["connect"]][0]
    before = settings.stickiness()
    mend: Callable[[], None] = lambda: None  # noqa: E731 - what to undo when the strike itself fails: nothing
    try:
        with Load(settings.client, "gap", **asked, rate=RATE, timeout=1) as meter:
            time.sleep(LEAD)
            mend = EVENTS[event](settings, victim)
            time.sleep(OBSERVE)
            seen = meter.stop()
        holders, after = settings.holders(), settings.stickiness()
    finally:
        mend()
    settings.wait_until_ready()
    return Round(
        profile=profile,
        event=event,
        victim=victim,
        gap_ms=seen["longest_gap_ms"],
        lost=seen["lost"],
        holders=holders,
        one_holder=all(len(hosts) == 1 for hosts in holders.values()),
        one_holder_later=settings.one_holder(),
        moved=[client for client, servers in before.items() if after.get(client) != servers],
    )


def provision(site: SiteCopy, profile: str, playbook: str) -> None:
    """Bring the pair to a VRRP profile by the collection's own playbook. Raises SystemExit with its last words."""

    def choose(data: dict[str, Any]) -> None:
        for pair in data["lb_pairs"].values():
            pair["profile"] = profile

    site.change(choose)
    command = ["ansible-playbook", playbook, "-i", str(site.folder)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"failover: the playbook failed\n{done.stdout[-3000:]}{done.stderr[-2000:]}")


def table(rounds: list[Round]) -> str:
    """Return the figures, a line for each profile and event."""
    lines = [
        "| profile | event | rounds | longest gap, ms: worst (median) | requests lost: worst (median) "
        "| one holder | clients moved |",
        "|---|---|---|---|---|---|---|",
    ]
    for profile, event in dict.fromkeys((entry.profile, entry.event) for entry in rounds):
        group = [entry for entry in rounds if (entry.profile, entry.event) == (profile, event)]
        gaps, lost = [entry.gap_ms for entry in group], [entry.lost for entry in group]
        single = sum(entry.one_holder and entry.one_holder_later for entry in group)
        lines.append(
            f"| {profile} | {event} | {len(group)} | {max(gaps):.0f} ({statistics.median(gaps):.0f}) "
            f"| {max(lost)} ({statistics.median(lost):.0f}) | {single} of {len(group)} "
            f"| {sum(len(entry.moved) for entry in group)} |"
        )
    return "\n".join(lines)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of each event with each profile")
    parser.add_argument("--profiles", nargs="+", choices=["standard", "tuned"], default=["standard", "tuned"])
    parser.add_argument("--events", nargs="+", choices=list(EVENTS), default=list(EVENTS))
    parser.add_argument("--topology", type=Path, default=ROOT / "lab" / "demo.yml")
    parser.add_argument("--inventory", type=Path, default=ROOT / "inventories" / "lab")
    parser.add_argument("--playbook", default="netstack.datacenter.site", help="what brings the pair to a profile")
    parser.add_argument(
        "--sources", default="10.231.10.201-10.231.10.240", help="the clients' addresses; given to the client"
    )
    parser.add_argument("--json", type=Path, help="write every round here, too")
    return parser.parse_args()


def settings_of(given: argparse.Namespace, site: dict[str, Any]) -> Settings:
    """Read containers and addresses from the topology and the declared site: its services `shop`, `api`, `portal`."""
    lab, pair = load_topology(given.topology), site["lb_pairs"]["edge"]
    services = site["services"]
    return Settings(
        nodes={host: lab.container(host) for host in pair["hosts"]},
        client=lab.container("client"),
        front={host: site["devices"][host]["networks"][pair["vip_vlan"]]["interface"] for host in pair["hosts"]},
        vips=[service[key] for service in services.values() for key in ("vip", "vip6") if key in service],
        asked={name: way_to(services[name]) for name in ("shop", "api", "portal")},
        sources=given.sources,
    )


def way_to(service: dict[str, Any]) -> dict[str, str]:
    """Return how a client asks for a service: by its first name over TLS, by its address where it has none."""
    names = [f"https://{name}" for name in service.get("server_names", [])]
    return {"url": f"{[*names, 'http://' + service['vip']][0]}/whoami", "connect": service["vip"]}


def give_addresses(settings: Settings, interface: str) -> None:
    """Give the client the addresses of all the clients that it plays."""
    commands = "; ".join(f"ip addr replace {address}/32 dev {interface}" for address in addresses(settings.sources))
    inside(settings.client, "sh", "-c", f"{commands}; rm -f {JAR}")


def main() -> int:
    """Measure, print the table, and tell whether every round ended as it must."""
    given = options()
    site = SiteCopy(given.inventory, "failover")
    settings = settings_of(given, site.site)
    give_addresses(settings, "eth1")
    rounds: list[Round] = []
    for profile in given.profiles:
        provision(site, profile, given.playbook)
        settings.wait_until_ready()
        for number in range(given.rounds):
            for event in given.events:
                rounds.append(play_round(settings, profile, event))
                last = rounds[-1]
                what = f"{profile}, {event}, round {number + 1}: {last.gap_ms:.0f} ms, {last.lost} lost"
                print(f"{what}, holders {last.holders}, {len(last.moved)} moved", file=sys.stderr)
    print(table(rounds))
    if given.json:
        given.json.write_text(json.dumps([asdict(entry) for entry in rounds], indent=2) + "\n")
    return 0 if all(entry.one_holder and entry.one_holder_later and not entry.moved for entry in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
