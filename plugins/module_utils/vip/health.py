# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The check by which keepalived asks HAProxy whether it serves. Pure.

Any local user can listen on a port above 1023 while HAProxy is down, and answer 200. So the check believes an answer
only where the kernel says that the listener was opened by root, as HAProxy's is: it binds before it becomes another
user. That asks nothing of HAProxy, so a node is changed without a look at its configuration or at its peer.
"""

from __future__ import annotations

import ipaddress
import struct

from .model import MARKER, Health

# /proc/net/tcp lists listeners (state 0A) before all connections, of which there may be very many. It is read a
# part at a time: `read` would have the kernel begin anew with each line.
_OWNER = """
opened_by_owner() {
  local table=$1 listener=$2 rows row found=1
  while mapfile -t -n 128 rows && [ "${#rows[@]}" -gt 0 ]; do
    for row in "${rows[@]}"; do
      set -f -- $row
      [ "$2" != local_address ] || continue
      [ "$4" = 0A ] || return "$found"
      [ "$2" = "$listener" ] || continue
      [ "$8" = "$owner" ] || return 2
      found=0
    done
  done <"/proc/net/$table"
  return "$found"
} 2>/dev/null
"""


def render_check(health: Health) -> str:
    """Return the health check: one HTTP request by bash itself, no process more.

    A TCP connection alone would not do, since the kernel accepts it for a HAProxy that hangs. Who has opened the
    listener is looked at after the answer: one who came later cannot have given it.
    """
    lines = [
        "#!/bin/bash",
        MARKER,
        f"owner={health.owner}",
        _OWNER.strip(),
        f"exec 3<>/dev/tcp/{health.address}/{health.port} || exit 1",
        rf"printf 'GET {health.path} HTTP/1.0\r\n\r\n' >&3 || exit 1",
        f'read -r -t {health.timeout} _ status _ <&3 && [ "$status" = 200 ] || exit 1',
        "# The listener that the kernel prefers decides: of this address, then of any.",
    ]
    for listener in _listeners(health):
        lines += [f"opened_by_owner {listener}", "case $? in 0) exit 0 ;; 2) exit 1 ;; esac"]
    return "\n".join([*lines, "exit 1", ""])


def _listeners(health: Health) -> list[str]:
    """Return what may take connections to an address, the narrowest first: table and address as /proc/net has them."""
    address = ipaddress.ip_address(health.address)
    found = [("tcp" if address.version == 4 else "tcp6", address.packed)]
    found += [("tcp", bytes(4))] if address.version == 4 else []
    found += [("tcp6", bytes(16))]
    return [f"{table} {_hexadecimal(packed)}:{health.port:04X}" for table, packed in found]


def _hexadecimal(packed: bytes) -> str:
    """Return an address as /proc/net has it: words in the order of the host's own octets."""
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))
