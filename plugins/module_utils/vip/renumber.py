# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds addresses that would pass from one virtual router to another.

Nodes are changed one after the other. In between, the changed node announces such an address in the new virtual router
and its peer in the old one. Neither hears the other, and both hold the address.
"""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^vrrp_instance (\S+) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"^\s+virtual_router_id (\d+)$", re.MULTILINE)
_ADDRESSES = re.compile(r"^\s+virtual_ipaddress(?:_excluded)? \{$(.*?)^\s+\}$", re.MULTILINE | re.DOTALL)


class RenumberError(ValueError):
    """An address would pass to another virtual router; the message names each and says what to do."""


def refuse_renumbering(before: str, after: str) -> None:
    """Compare two texts of keepalived.conf as this collection renders them. Raises RenumberError."""
    old, new = routers(before), routers(after)
    names = [address for address in sorted(old) if new.get(address, old[address]) != old[address]]
    if names:
        moved = [f"{name} (virtual_router_id {old[name]} to {new[name]})" for name in names]
        raise RenumberError(
            f"These addresses would pass to another virtual router: {', '.join(moved)}. While one node is changed and "
            "the other is not, both would hold them. Take their services out of the site, run the playbook, put them "
            "back, and run it again; or pin each VIP to the node that it has preferred so far (prefers)."
        )


def routers(text: str) -> dict[str, int]:
    """Return the virtual router id of each address, which stands without its prefix length."""
    found: dict[str, int] = {}
    for block in _BLOCK.finditer(text):
        number = _NUMBER.search(block[2])
        for addresses in _ADDRESSES.finditer(block[2]):
            for line in addresses[1].split("\n"):
                if line.strip() and number:
                    found[line.split()[0].split("/")[0]] = int(number[1])
    return found
