# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the virtual addresses declare, and the fakes of what a host answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon, DaemonError, Status
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import Site
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Holders, Target
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.parse import parse
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths, router_id


def instance(**more: Any) -> dict[str, Any]:
    """Return a valid IPv4 instance, changed by ``more``; a value of None takes its key away."""
    found = {
        "interface": "eth0",
        "virtual_router_id": 51,
        "priority": 101,
        "addresses": ["192.0.2.100/24"],
        "unicast_source": "192.0.2.11",
        "unicast_peers": ["192.0.2.12"],
        **more,
    }
    return {key: value for key, value in found.items() if value is not None}


def instance6(**more: Any) -> dict[str, Any]:
    """Return a valid IPv6 instance."""
    return instance(
        **{
            "addresses": ["2001:db8::100/64"],
            "unicast_source": "2001:db8::11",
            "unicast_peers": ["2001:db8::12"],
            **more,
        }
    )


def site(instances: Any = None, **more: Any) -> Site:
    """Return a parsed declaration."""
    options = {"health": {}, "profile": "standard", "secrets": {"vrrp": "s3cret"}, "router_id": "lb1", **more}
    return parse(instances if instances is not None else {"web4": instance()}, **options)


@dataclass
class FakeDaemon(Daemon):
    """A keepalived that loads the file that lies there, unless told to refuse or to ignore it."""

    config: str = ""
    loaded: str = ""
    active: bool = False
    enabled: bool = True
    stale: bool = False
    refuses: str = ""
    ignores: str = ""
    binary: str | None = "/usr/sbin/keepalived"
    release: tuple[int, ...] = (2, 3, 3)
    verbs: list[str] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)

    def version(self):
        return self.release

    def check(self, path):
        with open(path) as stream:
            self.judged.append(stream.read())
        if self.refuses and self.refuses in self.judged[-1]:
            raise DaemonError(f"keepalived refuses the configuration (rc 5): {self.refuses}")

    def status(self):
        return Status(True, self.enabled, self.active, 1 if self.active else 0, self.stale)

    def running(self, pid, timeout=0.0):
        return router_id(self.loaded)

    def control(self, verb):
        self.verbs.append(verb)
        self.stale = self.stale and verb != "daemon-reload"
        self.enabled = {"enable": True, "disable": False}.get(verb, self.enabled)
        self.active = {"start": True, "stop": False}.get(verb, self.active)
        if verb in ("start", "reload"):
            with open(self.config) as stream:
                text = stream.read()
            if not (self.ignores and self.ignores in text):
                self.loaded = text

    def confirm(self, identity, timeout=0.0):
        if self.running(1) != identity:
            raise DaemonError("keepalived did not take the configuration")

    def journal(self, lines=12):
        return "the journal's words"


def kernel_run(*links: tuple[str, list[tuple[str, int]]]):
    """Return what runs `ip -json address show` on a host with these interfaces and addresses."""
    answer = [
        {
            "ifname": name,
            "addr_info": [
                {
                    "family": "inet6" if ":" in address else "inet",
                    "local": address,
                    "prefixlen": length,
                    "scope": "link" if address.startswith("fe80") else "global",
                }
                for address, length in addresses
            ],
        }
        for name, addresses in links
    ]
    return lambda command: (0, json.dumps(answer), "")


def holder(address: str, local: bool = False, *others: str) -> Holders:
    """Return who holds an address."""
    return Holders(Target(address, "eth0"), local, others)


class Clock:
    """The seconds since the boot of a host, in a file as /proc/uptime is one."""

    def __init__(self, path: Path, now: int = 5000) -> None:
        self.path = path
        self.set(now)

    def set(self, now: int) -> None:
        """Let it be so many seconds since the boot."""
        self.path.write_text(f"{now}.37 81234.12\n")


def paths_below(root: Path) -> Paths:
    """Return where everything lies of a host below a folder, whose clock is there already."""
    return Paths(
        config=f"{root}/etc/keepalived.conf",
        check=f"{root}/libexec/check",
        state=f"{root}/state",
        drop_in=f"{root}/systemd/netstack.conf",
        lease_check=f"{root}/libexec/lease",
        leases=f"{root}/run/vip",
        clock=f"{root}/uptime",
    )


def configure(paths: Paths, *names: str) -> None:
    """Let the host have a configuration with these instances."""
    Path(paths.config).parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"vrrp_instance {name} {{\n}}\n" for name in names)
    Path(paths.config).write_text(text)


def mark(paths: Paths, name: str, text: str) -> None:
    """Leave the mark of an earlier release."""
    Path(paths.state).mkdir(parents=True, exist_ok=True)
    Path(paths.mark(name)).write_text(text)
