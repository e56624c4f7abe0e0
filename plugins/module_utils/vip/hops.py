# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the TTL of a peer's adverts can be asked for yet: no router in between, and a peer that sends 255.

keepalived sends IPv4 adverts with TTL 255 at all times, but IPv6 ones with the kernel's hop limit (64) until its file
says `unicast_ttl`. A node that asked for 255 before its peer is changed would drop all that the peer says, and both
would hold the addresses. So an IPv6 instance asks for it once that is certain.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from dataclasses import replace
from typing import Callable, Collection, Dict

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

from .model import Instance, Site, VipError

Listen = Callable[[Collection[str], float], Dict[str, int]]

VRRP = 112
INTERVALS = 3.5  # adverts that may fail before a backup takes over (RFC 9568, 6.1), and some time for the last one


def settle(site: Site, current: str, listen: Listen) -> Site:
    """Return the site whose IPv6 instances ask for the hop limit where ``current``, the file on disk, or a peer allows.

    ``listen`` is asked only while an instance does not ask for it already.
    """
    doubtful = [one for one in site.instances if one.unicast_peers and one.family == 6 and not _asks(one, current)]
    if not doubtful:
        return site
    peers = {peer for one in doubtful for peer in one.unicast_peers}
    heard = listen(peers, INTERVALS * max(one.advert_interval for one in doubtful))
    lenient = [one.name for one in doubtful if not _may_ask(one, current, heard)]
    instances = [replace(one, any_hop_limit=True) if one.name in lenient else one for one in site.instances]
    return replace(site, instances=tuple(instances))


def _asks(instance: Instance, current: str) -> bool:
    return "min_ttl" in _block(instance, current)


def _may_ask(instance: Instance, current: str, heard: dict[str, int]) -> bool:
    """This node sends so since an earlier run, or is new, and no peer that speaks does otherwise.

    An earlier run, for its rollback then leaves two nodes that hear each other, whichever goes first.
    """
    block = _block(instance, current)
    if block and "unicast_ttl" not in block:
        return False
    return all(heard[peer] >= instance.min_ttl for peer in instance.unicast_peers if peer in heard)


def _block(instance: Instance, current: str) -> str:
    found = re.search(rf"^vrrp_instance {re.escape(instance.name)} \{{$(.*?)^\}}$", current, re.M | re.S)
    return found[1] if found else ""


def listen(peers: Collection[str], seconds: float) -> dict[str, int]:
    """Return the hop limit of the adverts that reach this host from IPv6 peers; ends as soon as all have spoken."""
    heard: dict[str, int] = {}
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, VRRP) as wire:
            wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
            end = time.monotonic() + seconds
            while len(heard) < len(peers) and (left := end - time.monotonic()) > 0:
                wire.settimeout(left)
                _packet, ancillary, _flags, sender = wire.recvmsg(2048, 128)
                if sender[0] in peers:
                    heard[sender[0]] = _limit(ancillary)
    except OSError:  # the time is over, or this host has no IPv6
        pass
    return heard


def _limit(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT):
            return int(struct.unpack("i", data[:4])[0])
    return 0


def require_links(site: Site, run: Run) -> None:
    """Raise VipError for peers that this host reaches through a router though `unicast_hops` is 0.

    Such adverts arrive with a TTL below 255, so each node would believe to be alone.
    """
    faults = []
    for instance in site.instances:
        for peer in instance.unicast_peers if not instance.unicast_hops else ():
            router = _router(peer, instance.unicast_source, run)
            if router:
                faults.append(
                    f"vip_instances.{instance.name} has the peer {peer} behind the router {router}. Adverts through it "
                    "arrive with a lower TTL and would be dropped: set `unicast_hops` to the routers in between, on "
                    "each node, or use addresses of one link."
                )
    if faults:
        raise VipError(faults)


def _router(peer: str, source: str, run: Run) -> str:
    """Return the router on the way to a peer, "" where there is none or the kernel knows no way."""
    rc, out, _err = run(["ip", "-json", "route", "get", peer, "from", source])
    if rc != 0:  # the source is not on this host (yet)
        rc, out, _err = run(["ip", "-json", "route", "get", peer])
    try:
        return str(json.loads(out)[0].get("gateway", "")) if rc == 0 else ""
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # it is no list of routes
        return ""
