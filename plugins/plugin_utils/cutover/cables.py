# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cable is where it is declared: a port that is disabled takes the link of the NIC at its other end along.

A NIC that keeps its link, or another NIC of the host that loses its own, contradicts the declaration: the port is
somebody else's, or another cable of this host, and is enabled again at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ..contract.end import EndError, HostEnd, NicReader, Proof, nothing

SECONDS = 15.0
"""How long a NIC may take to notice that its link is gone; a driver may look at it only every few seconds."""
PAUSE = 0.3


class Clock(Protocol):
    """A clock in seconds, as the module time is one."""

    def monotonic(self) -> float:
        """Return the time."""

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""


@dataclass
class Cables:
    """The cables of one link, and what was seen of them.

    Attributes:
        name: of the link
        host: whose NICs tell it
        seconds: how long a NIC may take to lose its link
        waived: why nothing can be seen of the cables; empty: it can
        seen: the NICs that lost their link when ports were disabled

    """

    name: str
    host: HostEnd
    seconds: float = SECONDS
    waived: str = ""
    clock: Clock = time
    seen: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)

    @contextmanager
    def watched(self, pairs: Mapping[str, str]) -> Iterator[Proof]:
        """Open a session with the host before ports are disabled, and give what is to be called when they are.

        Args:
            pairs: the declared NIC of each port

        Raises:
            EndError: the host does not answer, or a NIC has no link already.

        """
        if not pairs or self.waived:
            yield nothing
            return
        reader = self.host.nic_reader()
        try:
            before = reader.up()
            down = [nic for nic in pairs.values() if nic not in before]
            if down:
                raise EndError(f"{self.host.name}: {_list(down)} has no light before its port is disabled.")
            yield lambda: self._prove(pairs, before, reader)
        finally:
            reader.close()

    def _prove(self, pairs: Mapping[str, str], before: frozenset[str], reader: NicReader) -> None:
        """Raise EndError unless the declared NICs lose their link, and no other."""
        declared = frozenset(pairs.values())
        lost = self._lost(declared, before, reader)
        if lost is not None:
            self.seen[tuple(pairs)] = lost
        if lost != declared:
            raise EndError(self._message(tuple(pairs), declared, lost))

    def _lost(self, declared: frozenset[str], before: frozenset[str], reader: NicReader) -> frozenset[str] | None:
        """Return which NICs lost their link in time, None where the host does not answer any more."""
        deadline = self.clock.monotonic() + self.seconds
        lost: frozenset[str] | None = None
        once = False
        while True:
            lost = _difference(before, reader)
            if lost is not None and (lost - declared or (once and lost == declared)):
                return lost
            once = lost == declared  # another NIC may notice a moment later than the declared one
            left = deadline - self.clock.monotonic() - (reader.patience if lost is None else 0)
            if left <= 0 and not once:
                return lost
            self.clock.sleep(PAUSE)

    def _message(self, ports: tuple[str, ...], declared: frozenset[str], lost: frozenset[str] | None) -> str:
        off = f"{self.host.name}: {_list(ports)} {'was' if len(ports) == 1 else 'were'} disabled"
        hint = " Where its enclosure hides link loss from a NIC, waive LINK_DOWN at the link."
        if lost is None:
            return f"{off}, and the host does not answer since. The cables are not as declared.{self._so_far()}{hint}"
        said = [f"{nic}, which is declared at the other end, kept its light" for nic in sorted(declared - lost)]
        said += [f"{nic}, which is not, lost its own" for nic in sorted(lost - declared)]
        within = "" if lost - declared else f" within {self.seconds:g} s"
        why = f"{off}, and{within} {' and '.join(said)}. The cables are not as declared.{self._so_far()}"
        return why if lost - declared else f"{why}{hint}"

    def _so_far(self) -> str:
        """Return which ports have which NICs, as far as it was seen."""
        nobody = f"no NIC of {self.host.name}"
        parts = [
            f"{_list(ports)} {'has' if len(ports) == 1 else 'have'} {_list(sorted(nics)) or nobody}"
            for ports, nics in self.seen.items()
        ]
        return f" As far as seen, {'; '.join(parts)}." if parts else ""

    def verified(self) -> list[str]:
        """Return what was proven."""
        return [
            f"{self.host.name}: {_list(sorted(nics))} lost link when {_list(ports)} was disabled, and no other NIC did"
            for ports, nics in self.seen.items()
        ]

    def unproven(self, pairs: Mapping[str, str]) -> list[str]:
        """Return the warning about cables that no step proved."""
        if not pairs:
            return []
        which = ", ".join(f"{port} to {nic}" for port, nic in pairs.items())
        why = f"LINK_DOWN is waived: {self.waived}" if self.waived else "no step disables their ports"
        return [f"{self.name}: cables not proven ({which}), for {why}."]


def _difference(before: frozenset[str], reader: NicReader) -> frozenset[str] | None:
    try:
        return before - reader.up()
    except EndError:
        return None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
