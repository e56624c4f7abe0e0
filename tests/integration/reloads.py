# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of change that a reload carries, each with what proves that it has come: for test_change_under_load.py."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, inside, play

from traffic.remote import load
from traffic.site_copy import SiteCopy

CONFIG = "/etc/haproxy/haproxy.cfg"
MORE = 8081  # the port of a second service on the same VIP
Change = Callable[[dict[str, Any]], None]


@dataclass
class Shop:
    """The service `shop` of the lab, whose listener stays: its declaration, its load balancers, how it is asked."""

    site: SiteCopy
    client: str
    serial: str = ""  # of the certificate before the last change

    @property
    def name(self):
        return self.site.site["services"]["shop"]["server_names"][0]

    @property
    def vip(self):
        return self.site.site["services"]["shop"]["vip"]

    @property
    def nodes(self):
        return self.site.site["lb_pairs"]["edge"]["hosts"]

    def url(self, path):
        return f"https://{self.name}{path}"

    def run(self, *words, playbook="site"):
        """Run a playbook as its users do; planning the switches would only take time."""
        done = play("--limit", ",".join(self.nodes), *words, playbook=playbook, inventory=self.site.folder)
        assert done.code == 0, done.out[-5000:]
        return done

    def servers(self):
        """Return the backends that new clients meet."""
        return set(
            load(self.client, "fresh", self.url("/whoami"), requests=30, workers=2, connect=self.vip)["backends"]
        )

    def meets(self, names):
        """Tell whether new clients meet these servers alone; `leastconn` may give all of a sample to one."""
        seen = set()
        for _ in range(10):
            seen |= self.servers()
            if seen == names or seen - names:
                break
        return seen == names

    def serial_number(self):
        asked = f"openssl s_client -connect {self.vip}:443 -servername {self.name} </dev/null 2>/dev/null"
        return inside("client", "sh", "-c", f"{asked} | openssl x509 -noout -serial").strip()

    def answers(self, port, address):
        """Return the status that a port of an address gives, 000 where nobody answers."""
        asked = ["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}:{port}/whoami"]
        return inside("client", *asked, check=False)

    def processes(self):
        """Return, for each load balancer, HAProxy's main process and its present worker."""
        show = "p=$(systemctl show -p MainPID --value haproxy); echo $p $(pgrep -n -P $p)"
        return {host: tuple(inside(host, "sh", "-c", show).split()) for host in self.nodes}

    def configured(self, text):
        return all(text in inside(host, "cat", CONFIG) for host in self.nodes)

    def configurations(self):
        return [inside(host, "sha256sum", CONFIG) for host in self.nodes]

    def holder(self):
        """Return the nodes that hold the VIP."""
        held = {host: inside(host, "ip", "-brief", "address", "show", "eth1") for host in self.nodes}
        return [host for host in self.nodes if f" {self.vip}/" in held[host]]


def let_haproxy(node, state):
    """Have HAProxy of a node close its clients' connections, or keep them again; return what the module tells."""
    words = ["ansible", node, "-i", str(INVENTORY), "-m", "netstack.datacenter.haproxy_drain"]
    options = f"state={state} timeout=1 lease=1"
    done = subprocess.run([*words, "-a", options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.partition("=>")[2])


@dataclass(frozen=True)
class Step:
    """A change of the declaration, and whether it has come. `files`: what changes beside the declaration."""

    name: str
    declare: Change
    arrived: Callable[[Shop], bool]
    files: Callable[[], None] = lambda: None
    reloads: bool = True


def renew():
    program = [sys.executable, str(ROOT / "lab" / "pki.py"), str(LAB / TOPOLOGY.stem), "--renew", "shop"]
    subprocess.run(program, check=True)


def _former(data):
    """Return the service as the inventory declares it."""
    return SiteCopy(INVENTORY, "former").site["services"]["shop"] | {"lb": data["services"]["shop"]["lb"]}


def servers(which):
    """Return a change that leaves some of the declared servers, or all."""
    return lambda data: data["services"]["shop"].update(backends=which(_former(data)["backends"]))


def shop(**changed):
    return lambda data: data["services"]["shop"].update(changed)


def added(name, where):
    """Return a change that adds a service like `api` at another VIP."""

    def declare(data):
        data["services"][name] = data["services"]["api"] | {"vip": where(data), "ports": [MORE]}

    return declare


def removed(name):
    return lambda data: data["services"].pop(name)


def _api(how):
    return how.site.site["services"]["api"]["vip"]


def _beside(data):
    """Return an address of its own in the virtual router of the shop's."""
    return str(ipaddress.ip_address(data["services"]["shop"]["vip"]) + 4)


RENEWED = Step("certificate renewed", lambda _data: None, lambda how: how.serial_number() != how.serial, renew, False)
FEWER = Step("server removed", servers(lambda all_: all_[:-1]), lambda how: how.meets({"web1", "web2"}))
BALANCE = Step("balance", shop(balance="leastconn"), lambda how: how.configured("balance leastconn"))
MAXCONN = Step("maxconn", shop(maxconn=777), lambda how: how.configured("maxconn 777"))
PORT = Step(
    "another service's port",
    lambda data: data["services"]["api"].update(ports=[8080]),
    lambda how: (how.answers(8080, _api(how)), how.answers(80, _api(how))) == ("200", "000"),
)
MORE_SERVICE = Step(
    "service added on the VIP",
    added("more", lambda data: data["services"]["shop"]["vip"]),
    lambda how: how.answers(MORE, how.vip) == "200",
)
ALL = [
    RENEWED,
    FEWER,
    Step("server added", servers(list), lambda how: how.meets({"web1", "web2", "web3"})),
    Step(
        "server renamed",
        servers(lambda all_: [*all_[:-1], {"host": all_[-1], "name": "renamed"}]),
        lambda how: how.meets({"web1", "web2", "web3"}) and how.configured("server renamed"),
    ),
    BALANCE,
    MAXCONN,
    PORT,
    MORE_SERVICE,
    Step("service removed from the VIP", removed("more"), lambda how: how.answers(MORE, how.vip) == "000"),
    Step("VIP added", added("own", _beside), lambda how: how.answers(MORE, _beside(how.site.site)) == "200"),
    Step("VIP removed", removed("own"), lambda how: how.answers(MORE, _beside(how.site.site)) == "000"),
]
AT_ONCE = [RENEWED, FEWER, BALANCE, MAXCONN, PORT, MORE_SERVICE]
"""Those of one run that change most; taking the run back is the opposite of each."""
