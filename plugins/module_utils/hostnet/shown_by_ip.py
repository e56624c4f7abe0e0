# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What `ip -json address show` prints, with nothing in it but what those who read it may rely on."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

__all__ = ["links", "shown"]


def shown(run: Run, failure: type[Exception], *options: str) -> list[dict[str, Any]]:
    """Return the interfaces as :func:`links` does, as they are now. Raises ``failure`` where `ip` does not tell."""
    rc, out, err = run(["ip", "-json", *options, "address", "show"])
    try:
        if rc != 0:
            raise ValueError(err.strip())
        return links(out)
    except ValueError as error:
        raise failure(f"ip address show: {error}") from None


def links(text: str) -> list[dict[str, Any]]:
    """Return the interfaces, each with a name (``ifname``) and the usable ones of its addresses (``addr_info``).

    Raises ValueError where the text is no list in JSON.
    """
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(found, list):
        raise ValueError("it is no list of interfaces")
    named = [each for each in found if isinstance(each, dict) and isinstance(each.get("ifname"), str)]
    return [{**each, "addr_info": _usable(each.get("addr_info"))} for each in named]


def _usable(entries: Any) -> list[dict[str, Any]]:
    found = [_address(each) for each in (entries if isinstance(entries, list) else []) if isinstance(each, dict)]
    return [each for each in found if each]


def _address(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an address with its family and its prefix; nothing for what has none of its own, as a tunnel's far end."""
    local, prefix = entry.get("local"), entry.get("prefixlen")
    if not isinstance(local, str) or not isinstance(entry.get("label", ""), str):
        return {}
    try:
        address = ipaddress.ip_interface(local if prefix is None else f"{local}/{prefix}")
    except ValueError:
        return {}
    family = "inet" if address.version == 4 else "inet6"
    return {**entry, "family": family, "prefixlen": address.network.prefixlen}
