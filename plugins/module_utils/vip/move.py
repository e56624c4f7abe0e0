# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances moved away from this host and brought home again, by their leases.

The order of things is what keeps the service: somebody else proves healthy, then the lease says away, then the wire
shows that another host holds the addresses. When it does not in time, the lease is taken back.
"""

from __future__ import annotations

import http.client
import math
import socket
import time
from dataclasses import dataclass
from typing import Any, Callable, List

from ansible_collections.netstack.datacenter.plugins.module_utils.deadline import Deadline, Line

from . import away
from .neighbours import Holders, Target
from .render import Paths
from .targets import Targets

Look = Callable[[List[Target]], List[Holders]]
PAUSE = 0.2  # seconds between two looks at the wire
TAKEOVER = 3.0  # seconds; an advert of priority 0 is answered within one advert interval (RFC 9568, 6.4.2: Skew_Time)
LEASE = 600  # seconds that a node stays away when nobody brings it home
MARGIN = 5.0  # seconds by which a lease outlives the longest wait of a move, for what else the module does


class MoveError(RuntimeError):
    """The instances stay where they are, or have been brought back; the text says why."""


@dataclass(frozen=True)
class Peer:
    """Where another node's HAProxy tells its health."""

    address: str
    port: int
    path: str = "/healthz"


def unhealthy(peer: Peer, timeout: float = 3.0) -> str:
    """Return why a peer does not prove healthy, "" when it does. ``timeout``: seconds to connect, and to answer."""
    connection = http.client.HTTPConnection(peer.address, peer.port)
    try:
        line = socket.create_connection((peer.address, peer.port), timeout)
        connection.sock = Line(line, Deadline(timeout))
        connection.request("GET", peer.path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{peer.address} port {peer.port}: {error}"
    finally:
        connection.close()
    return "" if status == http.client.OK else f"{peer.address} port {peer.port}: status {status}"


def require_healthy(peers: list[Peer], probe: Callable[[Peer], str] = unhealthy) -> None:
    """Make sure that somebody can take over. Raises MoveError when no peer proves healthy."""
    reasons = [probe(peer) for peer in peers]
    if not peers:
        raise MoveError("no peer is named in `peer_health`, so nobody is known to take the addresses over")
    if all(reasons):
        raise MoveError("no peer proves healthy, so moving away would end the service: {}".format("; ".join(reasons)))


class Mover:
    """Moves instances; ``look`` asks the wire, ``paths`` says where the leases lie."""

    def __init__(
        self,
        look: Look,
        paths: Paths,
        timeout: float,
        lease: int = LEASE,
        sleep: Callable[[float], Any] = time.sleep,
    ) -> None:
        """``lease`` and ``timeout`` are in seconds; a lease that a move could outlast is made longer."""
        self.look, self.paths, self.timeout, self.sleep = look, paths, timeout, sleep
        self.lease = max(lease, math.ceil(timeout + MARGIN))

    def pending(self, names: list[str], to_away: bool) -> list[str]:
        """Return the instances that are not where they should be. One that this host does not have is nowhere."""
        return [name for name in self.configured(names) if away.is_away(self.paths, name) != to_away]

    def configured(self, names: list[str]) -> list[str]:
        """Return the instances that this host has."""
        here = away.configured(self.paths)
        return [name for name in names if name in here]

    def renew(self, names: list[str]) -> None:
        """Let the leases of instances that are away begin anew."""
        for name in names:
            away.send(self.paths, name, self.lease)

    def release(self, names: list[str]) -> None:
        """Take leases back and wait for nothing."""
        for name in names:
            away.bring_home(self.paths, name)

    def over(self, names: list[str]) -> dict[str, int]:
        """Return the instances whose leases have come to their end, and for how many seconds they have been over."""
        moment = away.now(self.paths)
        found = {name: lease for name in names if (lease := away.lease_of(self.paths, name))}
        return {name: lease.over(moment) for name, lease in found.items() if not lease.left(moment)}

    def move_away(self, names: list[str], targets: Targets, held: list[str]) -> None:
        """Send instances away and wait until another host holds their addresses.

        What this host does not hold ends no service when nobody has it, as an instance that a killed run had not
        loaded yet. Raises MoveError after bringing home those that nobody took in time.
        """
        self.renew(names)
        stranded = self.wait({name: targets[name] for name in names if name in held}, _taken, TAKEOVER)
        if stranded:
            self.release(list(stranded))
            raise MoveError(f"not taken over by another host, so brought home again: {self.describe(stranded)}")

    def misplaced(self, targets: Targets, before: dict[str, Any], preferred: dict[str, Any]) -> list[str]:
        """Return the instances that this host holds and another one should.

        An instance belongs to who held it before. One that nobody held belongs to its preferred node, and where none is
        preferred, to who has it now.
        """
        found = []
        for name, own in self.survey(targets).items():
            was = before.get(name) or {}
            elsewhere = not was.get("local") and (was.get("others", 0) > 0 or preferred.get(name) is False)
            if elsewhere and all(holder.local for holder in own):
                found.append(name)
        return found

    def settle(self, states: Callable[[], dict[str, str]], names: list[str]) -> None:
        """Wait until this host's instances take part, as MASTER or BACKUP.

        Raises MoveError when one does not in time: a node that is in FAULT takes nothing over, so its peer must not be
        changed next.
        """
        end = time.monotonic() + self.timeout
        while True:
            seen = states()
            out = {name: seen.get(name, "not running") for name in names if seen.get(name) not in ("MASTER", "BACKUP")}
            if not out:
                return
            if time.monotonic() >= end:
                said = ", ".join(f"{name} is {state}" for name, state in sorted(out.items()))
                raise MoveError(f"this host takes nothing over: {said} (see the health check and the interface)")
            self.sleep(PAUSE)

    def move_home(self, names: list[str], targets: Targets) -> None:
        """Bring instances home and wait until their addresses are held by exactly one host.

        Raises MoveError when they are not in time; the instances stay at home.
        """
        self.release(names)
        stranded = self.wait({name: targets[name] for name in names}, _single)
        if stranded:
            raise MoveError(
                f"at home, but not held by exactly one host after {self.timeout:g} s: {self.describe(stranded)}"
            )

    def wait(
        self, targets: Targets, settled: Callable[[Holders], bool], orphaned: float = 0
    ) -> dict[str, list[Holders]]:
        """Wait until all addresses have settled; return what has not by the end.

        The end is after the time-out, or as soon as nobody has had an address for ``orphaned`` seconds, 0 for never.
        """
        since = time.monotonic()
        end = since + self.timeout
        while True:
            seen = self.survey(targets)
            open_ones = {name: own for name, own in seen.items() if not all(settled(holder) for holder in own)}
            now = time.monotonic()
            if not orphaned or not any(holder.count == 0 for own in open_ones.values() for holder in own):
                since = now
            if not open_ones or now >= end or (orphaned and now - since >= orphaned):
                return open_ones
            self.sleep(PAUSE)

    def survey(self, targets: Targets) -> dict[str, list[Holders]]:
        """Return who holds the addresses of each instance."""
        rest = iter(self.look([target for own in targets.values() for target in own]))
        return {name: [next(rest) for _target in own] for name, own in targets.items()}

    @staticmethod
    def describe(seen: dict[str, list[Holders]]) -> str:
        """Say who holds what."""
        parts: list[tuple[str, Holders]] = [(name, holder) for name, own in seen.items() for holder in own]
        return ", ".join(f"{name} ({h.target.address}: {_whereabouts(h)})" for name, h in parts)


def _whereabouts(holder: Holders) -> str:
    here = ["this host"] if holder.local else []
    return " and ".join(here + list(holder.others)) or "nobody"


def _taken(holder: Holders) -> bool:
    return not holder.local and len(holder.others) == 1


def _single(holder: Holders) -> bool:
    return holder.count == 1
