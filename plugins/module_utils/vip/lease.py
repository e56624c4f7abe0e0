# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lease of a node that was moved away: from when to when it takes nothing over. Pure.

A run that is killed cannot bring its node home, so what holds the node away has an end of its own. Both numbers are
seconds since the boot, as /proc/uptime counts them: no step of the wall clock stretches or shortens a lease, and a
boot, which empties /run, ends it. The start tells a lease of before a boot that /run survived, as in some containers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEASES = "/run/netstack/vip"
CLOCK = "/proc/uptime"
LONGEST = 86400  # seconds; what a file says beyond is not believed
WORDS = re.compile(r"[ \t]*([0-9]+)[ \t]+([0-9]+)[ \t]*\Z")


@dataclass(frozen=True)
class Lease:
    """From ``since`` up to but not including ``until``, in whole seconds since the boot."""

    since: int
    until: int

    def left(self, now: int) -> int:
        """Return for how many seconds more the node is away; 0 when the lease is over."""
        return max(0, self.until - now)

    def over(self, now: int) -> int:
        """Return for how many seconds the lease has been over."""
        return max(0, now - self.until)


def read(text: str, now: int) -> Lease | None:
    """Return the lease that a file holds; None for what is none, began after ``now`` or has no end within a day."""
    line, newline, _rest = text.partition("\n")
    found = WORDS.match(line) if newline else None
    if not found:
        return None
    lease = Lease(int(found.group(1)), int(found.group(2)))
    return lease if lease.since <= now and lease.until <= now + LONGEST else None


def written(lease: Lease) -> str:
    """Return what a file holds."""
    return f"{lease.since} {lease.until}\n"
