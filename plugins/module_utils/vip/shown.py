# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a diff may show of keepalived's configuration, on both of its sides: what is known to hold no secret. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from .model import MARKER

_PLAIN = (
    "accept advert_int auth_type authentication check_unicast_src debug dont_track_primary dynamic_interfaces "
    "enable_script_security fall garp_\\w+ global_defs init_fail interface interval lower_prio_no_advert "
    "max_auto_priority max_ttl mcast_src_ip min_ttl native_ipv6 net_namespace no_accept nopreempt preempt "
    "preempt_delay priority process_names rise router_id script script_user skip_check_adv_addr state strict_mode "
    "timeout track_interface track_process track_script unicast_fault_no_peer unicast_peer unicast_src_ip "
    "unicast_ttl use_vmac user version virtual_\\w+ vmac_xmit_base vrrp_\\w+ weight"
)
#: What stands before a value that is not shown: a password, and what ``raw`` may say beside the words above. A line
#: that is a word, a bracket or an address alone has no value.
_PASSWORD = re.compile(
    rf"(?m)(\bauth_pass[ \t]+|^[ \t]*(?!(?:{'|'.join(_PLAIN.split())})\b)[A-Za-z_]\w*[ \t]+(?!{{))[^\r\n]+".encode()
)
_HIDDEN = rb"\1(not shown)"
_CHANGED = rb"\1(not shown, changed)"


def diff(changes: Sequence[Change], config: str, doubt: str = "") -> list[dict[str, str]]:
    """Return the changes as ``exit_json(diff=...)`` takes them; ``config`` is the path of keepalived's file.

    ``doubt``: why keepalived is reloaded where no file says so.
    """
    entries = Transaction.diff([_masked(change) if change.wanted.path == config else change for change in changes])
    if doubt:
        header = {"before_header": "service", "after_header": "service"}
        entries.append({**header, "before": "", "after": f"reload: {doubt}\n"})
    return entries


def _masked(change: Change) -> Change:
    wanted = _readable(change.wanted, _HIDDEN)
    if change.current is None:
        return Change(wanted, None)
    current = _readable(change.current, _HIDDEN)
    if current.content == wanted.content and change.current.content != change.wanted.content:
        wanted = _readable(change.wanted, _CHANGED)
    return Change(wanted, current)


def _readable(file: File, hidden: bytes) -> File:
    """Return a file of ours without its passwords. One of another hand may hide secrets anywhere: it stays secret."""
    if file.content is None or MARKER.encode() not in file.content:
        return replace(file, secret=True)
    return replace(file, content=_PASSWORD.sub(hidden, file.content), secret=False)
