# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host's virtual addresses ought to be: instances of VRRP, the health check, the timing profile.

Pure data and its rules. A fault is never raised alone: :func:`parse` collects all of them, so that a user mends them
in one go.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Union

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.netstack.datacenter.plugins.module_utils import mapping

Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]

PROFILES: dict[str, dict[str, float]] = {
    "standard": {"advert_interval": 1.0, "health_interval": 1.0},
    "tuned": {"advert_interval": 0.2, "health_interval": 0.3},
}
MARKER = "# Managed by netstack.datacenter.vip; the role puts local changes aside."
MAX_TTL = 255  # of VRRP's adverts: no router in between can have sent one with it (RFC 9568, 5.1.1.3 and 5.1.2.3)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}\Z")
DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}\Z")  # IFNAMSIZ is 16, its last byte a zero
RAW = re.compile(r"[^\r\n\0]*\Z")
INSTANCE_KEYS = [
    "interface",
    "virtual_router_id",
    "priority",
    "addresses",
    "unicast_source",
    "unicast_peers",
    "unicast_hops",
    "preempt",
    "preferred",
    "advert_interval",
    "authentication_secret",
    "raw",
]
HEALTH_KEYS = ["enabled", "address", "port", "path", "interval", "timeout", "fall", "rise", "owner"]


class VipError(ValueError):
    """The declared virtual addresses cannot be configured; ``faults`` has one sentence for each cause."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Instance:
    """One VRRP instance: the addresses of one family that move together.

    ``advert_interval`` is in seconds. Without ``unicast_peers`` the adverts are multicast. ``unicast_hops`` says
    how many routers lie between the nodes at most. ``any_hop_limit`` is true while a peer may send with another limit
    than 255.
    """

    name: str
    interface: str
    virtual_router_id: int
    priority: int
    addresses: tuple[Interface, ...]
    advert_interval: float
    unicast_source: str = ""
    unicast_peers: tuple[str, ...] = ()
    unicast_hops: int = 0
    any_hop_limit: bool = False
    preempt: bool = False
    password: str = field(default="", repr=False)
    raw: tuple[str, ...] = ()

    @property
    def family(self) -> int:
        """Return 4 or 6."""
        return self.addresses[0].version

    @property
    def min_ttl(self) -> int:
        """Return the least TTL or hop limit that a peer's advert can have on arrival; each router takes one off."""
        return MAX_TTL - self.unicast_hops


@dataclass(frozen=True)
class Health:
    """How the host's own HAProxy is asked whether it serves; times in seconds.

    ``owner`` is the uid that must have opened the listener; HAProxy does so as root, before it becomes another user.
    """

    enabled: bool = True
    address: str = "127.0.0.1"
    port: int = 8405
    path: str = "/healthz"
    interval: float = 1.0
    timeout: int = 1
    fall: int = 2
    rise: int = 2
    owner: int = 0


@dataclass(frozen=True)
class Site:
    """All that one host's keepalived is told."""

    router_id: str
    instances: tuple[Instance, ...]
    health: Health
    profile: str = "standard"
    raw: tuple[str, ...] = ()


class Reader(mapping.Reader):
    """Takes values out of one declared mapping and notes each fault with the place where it stands."""

    def __init__(self, where: str, data: Any, keys: list[str], faults: list[str]) -> None:
        super().__init__(data, keys, lambda text: faults.append(f"{where} {text}" + ("" if text[-1:] == "?" else ".")))

    def needed(self, key: str, low: int, high: int) -> int:
        """Return a whole number that has no default."""
        return int(self.number(key, low, low, high)) if self.required(key) else low

    def flag(self, key: str, default: bool) -> bool:
        """Return a boolean; words for it count, as everywhere in Ansible, since old releases template to strings."""
        value = self.data.get(key, default)
        try:
            return bool(boolean(value))
        except TypeError:
            self.fault(f"`{key}` is {value}, but must be true or false")
            return default

    def lines(self, key: str) -> tuple[str, ...]:
        """Return raw lines of configuration."""
        value = self.data.get(key) or []
        if isinstance(value, list) and all(isinstance(line, str) and RAW.match(line) for line in value):
            return tuple(value)
        self.fault(f"`{key}` must be a list of single lines")
        return ()

    def host(self, key: str, value: Any) -> str:
        """Return an address without a prefix in its canonical form, or "" after a fault."""
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            self.fault(f"`{key}` is {value}, which is not an IP address")
            return ""
