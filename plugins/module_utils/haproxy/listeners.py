# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which addresses a configuration binds, and whether the kernel listens there."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.netstack.datacenter.plugins.module_utils.service.listening import silent

_LAST_PORT = 65535
__all__ = ["bound_in", "not_listening"]


def bound_in(text: str) -> list[tuple[str, int]]:
    """Return address and port of the bind lines, each of a range; "" is any address. Sockets and names are left out."""
    found = []
    for line in re.findall(r"^\s+bind\s+(\S+)", text, re.MULTILINE):
        for item in line.split(","):
            host, _colon, port = item.rpartition(":")
            host = "" if host == "*" else host.strip("[]")
            if _is_address(host):
                found += [(host, each) for each in _ports(port)]
    return found


def _ports(text: str) -> range:
    """Return the ports of ``80`` or of ``8000-8010``; none of anything else."""
    first, _dash, last = text.partition("-")
    if not first.isdigit() or not (last or first).isdigit() or int(last or first) > _LAST_PORT:
        return range(0)
    return range(int(first), int(last or first) + 1)


def _is_address(host: str) -> bool:
    """Tell whether this is any address or a whole one; HAProxy also reads what only its resolver knows, as 10.1."""
    try:
        return not host or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def not_listening(text: str) -> list[str]:
    """Return the addresses that the configuration binds and where nothing listens."""
    return silent(bound_in(text))
