#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a service is away when the node that holds its VIP fails, by engine of TLS, release and VRRP profile.

    failover.py [--rounds 5] [--engines haproxy] [--profiles standard tuned] [--events haproxy pound keepalived ...]
    failover.py --releases debian12 debian13 --engines haproxy pound      the whole table

It needs the lab of the demo, and provisions it by playbooks/site.yml with the profile that it measures; with
--releases it ends the lab, starts its containers anew for each release of the load balancers, and ends them. The
engine haproxy is the site's service `shop`, pound is `portal` (Pound in front of HAProxy), left out on a release that
has no Pound 4. In each round the holder of the VIP fails while the client asks 100 times a second, each on a new TLS
connection, 1 s for an answer. Told are the longest time without an answer and the requests that failed. Afterwards
every VIP has exactly one holder, and 40 clients (by cookie, by address over the peers' stick table, and by the address
that Pound passes on) meet the server they met before: if not, the exit status is 1. Then the node is brought back;
nothing preempts, so that the other node is the next one to fail.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import tier

from checkout import localised as here
from podman import inside, run, succeeds
from topology import Topology
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
ENGINES = {"haproxy": "shop", "pound": "portal"}  # the site's services
WITH_POUND = ("debian13",)  # the lab's releases that have Pound 4


@dataclass(frozen=True)
class Settings:
    """What is measured: containers, addresses, URLs."""

    nodes: dict[str, str]  # host -> container
    client: str
    front: dict[str, str]  # host -> its interface where the VIPs are
    units: str  # what has to run on every node
    vips: list[str]
    asked: dict[str, dict[str, str]]  # service -> its url, and the address to connect to
    sources: str

    def stickiness(self) -> dict[str, list[str]]:
        """Return the servers that each client meets: by its cookie, by its address, by the one that Pound tells."""
        return {
            f"{service} {client}": servers
            for service in self.asked
            for client, servers in self._sources(service)["clients"].items()
        }

    def _sources(self, service: str) -> dict[str, Any]:
        jar = {"jar": JAR} if service == "shop" else {}
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
        while not (self.one_holder() and all(self._serves(container) for container in self.nodes.values())):
            if time.monotonic() > end:
                raise SystemExit(f"failover: the pair is not ready after {READY:.0f} s; holders: {self.holders()}")
            time.sleep(0.5)
        time.sleep(SETTLE)

    def _serves(self, container: str) -> bool:
        health = "curl -fsS -o /dev/null http://127.0.0.1:8405/healthz"
        check = f"systemctl is-active --quiet {self.units} && {health}"
        return succeeds(["podman", "exec", container, "sh", "-c", check])


def cable(container: str, interface: str) -> str:
    """Return the host's end of a container's interface: pulling it is what the container sees as a lost link."""
    index = inside(container, "cat", f"/sys/class/net/{interface}/iflink").strip()
    links = run(["ip", "-o", "link", "show"]).splitlines()
    return next(line.split(": ")[1].split("@")[0] for line in links if line.startswith(f"{index}: "))


def kill_for_good(unit: str, settings: Settings, host: str) -> Callable[[], None]:
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
    "haproxy": partial(kill_for_good, "haproxy"),
    "pound": partial(kill_for_good, "pound"),
    "keepalived": kill_keepalived,
    "power": power_off,
    "network": cut_network,
}


@dataclass
class Round:
    """One failure. `gap_ms`: the longest time without an answer; `moved`: clients that met another server later."""

    release: str
    engine: str
    profile: str
    event: str
    victim: str
    gap_ms: float
    lost: int
    holders: dict[str, list[str]]
    one_holder: bool
    one_holder_later: bool
    moved: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every VIP had one holder, and every client its server."""
        return self.one_holder and self.one_holder_later and not self.moved


def play_round(settings: Settings, event: str, about: dict[str, str]) -> Round:
    """Let the VIP's holder fail once, and bring it back; `about` is what the round is noted under."""
    asked = settings.asked[ENGINES[about["engine"]]]
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
        **about,
        event=event,
        victim=victim,
        gap_ms=seen["longest_gap_ms"],
        lost=seen["lost"],
        holders=holders,
        one_holder=all(len(hosts) == 1 for hosts in holders.values()),
        one_holder_later=settings.one_holder(),
        moved=[client for client, servers in before.items() if after.get(client) != servers],
    )


def table(rounds: list[Round]) -> str:
    """Return the figures, a line for each release, engine, profile and event."""
    lines = [
        "| release | engine | profile | event | rounds | longest gap, ms: worst (median) "
        "| requests lost: worst (median) | one holder | clients moved |",
        "|" + "---|" * 9,
    ]
    groups: dict[tuple[str, ...], list[Round]] = {}
    for entry in rounds:
        groups.setdefault((entry.release, entry.engine, entry.profile, entry.event), []).append(entry)
    for named, group in groups.items():
        gaps, lost = [entry.gap_ms for entry in group], [entry.lost for entry in group]
        single = sum(entry.one_holder and entry.one_holder_later for entry in group)
        lines.append(
            f"| {' | '.join(named)} | {len(group)} | {max(gaps):.0f} ({statistics.median(gaps):.0f}) "
            f"| {max(lost)} ({statistics.median(lost):.0f}) | {single} of {len(group)} "
            f"| {sum(len(entry.moved) for entry in group)} |"
        )
    return "\n".join(lines)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of each event with each profile")
    parser.add_argument("--releases", nargs="+", choices=tier.RELEASES, default=[], help="none: the lab as it is")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=["haproxy"])
    parser.add_argument("--profiles", nargs="+", choices=["standard", "tuned"], default=["standard", "tuned"])
    parser.add_argument("--events", nargs="+", choices=list(EVENTS), default=list(EVENTS), help="pound: of that engine")
    parser.add_argument("--topology", type=Path, default=tier.TOPOLOGY)
    parser.add_argument("--inventory", type=Path, default=tier.INVENTORY)
    parser.add_argument("--playbook", default="netstack.datacenter.site", help="what brings the pair to a profile")
    parser.add_argument(
        "--sources", default=here("10.231.10.201-10.231.10.240"), help="the clients' addresses; given to the client"
    )
    parser.add_argument("--json", type=Path, help="write every round here, too")
    return parser.parse_args()


def settings_of(lab: Topology, site: dict[str, Any], sources: str) -> Settings:
    """Read containers and addresses from the topology and the declared site: its services `shop`, `api`, `portal`."""
    pair, services = site["lb_pairs"]["edge"], site["services"]
    return Settings(
        nodes={host: lab.container(host) for host in pair["hosts"]},
        client=lab.container("client"),
        front={host: site["devices"][host]["networks"][pair["vip_vlan"]]["interface"] for host in pair["hosts"]},
        units="haproxy keepalived" + " pound" * (ENGINES["pound"] in services),
        vips=[service[key] for service in services.values() for key in ("vip", "vip6") if key in service],
        asked={name: way_to(service) for name, service in services.items()},
        sources=sources,
    )


def way_to(service: dict[str, Any]) -> dict[str, str]:
    """Return how a client asks for a service: by its first name over TLS, by its address where it has none."""
    names = [f"https://{name}" for name in service.get("server_names", [])]
    return {"url": f"{[*names, 'http://' + service['vip']][0]}/whoami", "connect": service["vip"]}


def give_addresses(client: str, sources: str, interface: str) -> None:
    """Give the client the addresses of all the clients that it plays."""
    commands = "; ".join(f"ip addr replace {address}/32 dev {interface}" for address in addresses(sources))
    inside(client, "sh", "-c", f"{commands}; rm -f {JAR}")


def adapt(site: dict[str, Any], profile: str, release: str) -> None:
    """Choose the VRRP profile, and leave out the service of Pound where the release has none."""
    for pair in site["lb_pairs"].values():
        pair["profile"] = profile
    if release not in WITH_POUND:
        site["services"].pop(ENGINES["pound"], None)


def measure(given: argparse.Namespace, lab: Topology, site: SiteCopy) -> Iterator[Round]:
    """Play all rounds of a lab that is up."""
    node = lab.container(tier.balancers(site.site)[0])
    release = tier.release_of(node)
    engines = [engine for engine in given.engines if engine != "pound" or release in WITH_POUND]
    if engines != given.engines:
        print(f"left out: pound on {release}, which has no Pound 4", file=sys.stderr)
    give_addresses(lab.container("client"), given.sources, "eth1")
    for profile in given.profiles:
        site.change(partial(adapt, profile=profile, release=release))
        tier.provision(site, given.playbook)
        settings = settings_of(lab, site.site, given.sources)
        settings.wait_until_ready()
        for engine in engines:
            about = {"release": release, "engine": engine, "profile": profile}
            for event in [event for event in given.events if event != "pound" or engine == "pound"] * given.rounds:
                yield play_round(settings, event, about)
    print(f"{release}: {tier.told(tier.versions(node))}")


def all_rounds(given: argparse.Namespace) -> Iterator[Round]:
    """Play all rounds, on the lab as it is or on a fresh one for each release."""
    for release in given.releases or [""]:
        site = SiteCopy(given.inventory, "failover")
        place: AbstractContextManager[Topology] = nullcontext(load_topology(given.topology))
        if release:
            site.change(tier.lean)
            place = tier.started(given.topology, site.site, release)
        with place as lab:
            yield from measure(given, lab, site)


def main() -> int:
    """Measure, print the table, and tell whether every round ended as it must."""
    given = options()
    rounds: list[Round] = []
    for last in all_rounds(given):
        rounds.append(last)
        what = f"{last.release}, {last.engine}, {last.profile}, {last.event}: {last.gap_ms:.0f} ms, {last.lost} lost"
        print(f"{what}, holders {last.holders}, {len(last.moved)} moved", file=sys.stderr)
    print(table(rounds))
    if given.json:
        given.json.write_text(json.dumps([asdict(entry) for entry in rounds], indent=2) + "\n")
    return 0 if rounds and all(entry.good for entry in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
