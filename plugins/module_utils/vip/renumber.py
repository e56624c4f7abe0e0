# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds addresses whose nodes would not understand one another while one is changed and the other is not.

Nodes are changed one after the other. In between, the changed node announces an address in another virtual router, in
another version, with another password, or to another destination than its peer listens to. Neither hears the other,
and both hold the address. VRRPv2 also discards adverts whose interval is not its own (RFC 2338, 7.1); VRRPv3 takes the
master's interval over.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLOCK = re.compile(r"^vrrp_instance (\S+) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"^\s+virtual_router_id (\d+)$", re.MULTILINE)
_ADDRESSES = re.compile(r"^\s+virtual_ipaddress(?:_excluded)? \{$(.*?)^\s+\}$", re.MULTILINE | re.DOTALL)
_GLOBAL_VERSION = re.compile(r"^\s+vrrp_version ([23])\s*$", re.MULTILINE)
_VERSION = re.compile(r"^\s+version ([23])\s*$", re.MULTILINE)
_AUTHENTICATION = re.compile(r"\b(auth_(?:type|pass))\s+(\S+)")
_ADVERT = re.compile(r"^\s+advert_int\s+(\d+(?:\.\d+)?)\s*$", re.MULTILINE)
_UNICAST = re.compile(r"^\s+unicast_peer\s*\{", re.MULTILINE)


class RenumberError(ValueError):
    """An address would pass to a virtual router that the peer does not hear; the message names each address."""


class Router(NamedTuple):
    """What both nodes of a virtual router must have in common; the interval in seconds, 0 where it need not agree."""

    number: int
    version: int
    authentication: tuple[tuple[str, str], ...]
    advert: float
    unicast: bool


def refuse_renumbering(before: str, after: str) -> None:
    """Compare two texts of keepalived.conf as this collection renders them. Raises RenumberError."""
    old, new = routers(before), routers(after)
    found = {address: _differences(old[address], new[address]) for address in sorted(old) if address in new}
    moved = [f"{address} ({', '.join(words)})" for address, words in found.items() if words]
    if moved:
        raise RenumberError(
            f"These addresses would pass to another virtual router: {', '.join(moved)}. While one node is changed and "
            "the other is not, both would hold them. Take their services out of the site, run the playbook, put them "
            "back, and run it again; or keep what the nodes have now (for a virtual_router_id, pin the VIP to the node "
            "that it has preferred so far: prefers)."
        )


def _differences(old: Router, new: Router) -> list[str]:
    """Return what differs, in words that show no password."""
    words = [f"virtual_router_id {old.number} to {new.number}"] if old.number != new.number else []
    if old.version != new.version:
        words.append(f"VRRP version {old.version} to {new.version}")
    if old.authentication != new.authentication:
        words.append(f"authentication {_fate(bool(old.authentication), bool(new.authentication))}")
    if old.version == new.version and old.advert != new.advert:
        words.append(f"advert_interval {old.advert:g} to {new.advert:g} s, which VRRPv2 must have in common")
    if old.unicast != new.unicast:
        words.append(f"{_transport(old)} to {_transport(new)}")
    return words


def _fate(old: bool, new: bool) -> str:
    return "changed" if old and new else "added" if new else "removed"


def _transport(router: Router) -> str:
    return "unicast" if router.unicast else "multicast"


def routers(text: str) -> dict[str, Router]:
    """Return the virtual router of each address, which stands without its prefix length."""
    default = int(_first(_GLOBAL_VERSION, text, "2"))  # keepalived's own, where nobody says
    found: dict[str, Router] = {}
    for block in _BLOCK.finditer(text):
        router = _router(block[2], default)
        for addresses in _ADDRESSES.finditer(block[2]):
            for line in addresses[1].split("\n"):
                if line.strip() and router:
                    found[line.split()[0].split("/")[0]] = router
    return found


def _router(block: str, default: int) -> Router | None:
    number = _NUMBER.search(block)
    if number is None:
        return None
    version = int(_first(_VERSION, block, str(default)))
    advert = float(_first(_ADVERT, block, "1")) if version == 2 else 0.0
    authentication = tuple(sorted(_AUTHENTICATION.findall(block)))
    return Router(int(number[1]), version, authentication, advert, bool(_UNICAST.search(block)))


def _first(pattern: re.Pattern[str], text: str, default: str) -> str:
    found = pattern.search(text)
    return found[1] if found else default
