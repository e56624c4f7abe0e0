# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines of Pound's and keepalived's configurations that can do more than theirs: what is not known is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .suspect import ENVIRONMENT, PROCESS, READS, RUNS, SOCKET, UNKNOWN, Suspect, listed, reasons

_OF_POUND = reasons(
    {
        READS: (
            "acme basicauth calist cert configfile configtext crllist dhparams ecdhcurve error include includedir "
            "sendfile verifylist"
        ),
        RUNS: ("lua luacpath luaload lualoadglobal luapath"),
        PROCESS: ("daemon group pidfile rootjail sslengine supervisor user"),
        SOCKET: ("address backend control listenhttp listenhttps logfacility metrics port socketfrom syslogsocket"),
    }
)
_PLAIN_POUND = listed(
    "addheader checkurl ciphers client connto deleteheader disable disabled forwardedheader grace headdeny header "
    "headeroption headerremove headremove headrequire host id ignorecase loglevel logsuppress maxrequest maxuri "
    "path pathprefix priority query queryparam redirect rewritedestination rewritelocation setheader setpath "
    "setquery setqueryparam seturl sslallowclientrenegotiation sslhonorcipherorder stringmatch timeout ttl type "
    "url wstimeout xhttp"
)
_BLOCKS = ("session", "rewrite", "match", "not", "else")
_OF_KEEPALIVED = reasons(
    {
        READS: ("include includea includeb includem includer includew track_file vrrp_track_file"),
        RUNS: (
            "misc_path notify_down notify_up quorum_down quorum_up script track_process track_script vrrp_script "
            "vrrp_track_process"
        ),
        PROCESS: (
            "enable_script_security global_defs instance interface net_namespace net_namespace_ipvs priority "
            "process_names script_user state static_ipaddress static_routes static_rules use_pid_dir use_vmac "
            "virtual_ipaddress virtual_ipaddress_excluded virtual_routes virtual_rules virtual_server "
            "vrrp_instance vrrp_no_swap vrrp_priority vrrp_rt_priority vrrp_sync_group"
        ),
        SOCKET: (
            "enable_dbus enable_snmp_vrrp lvs_notify_fifo lvs_sync_daemon notify_fifo smtp_alert smtp_server "
            "snmp_socket unicast_peer unicast_src_ip vrrp_mcast_group4 vrrp_mcast_group6 vrrp_notify_fifo"
        ),
    }
)
_PLAIN_KEEPALIVED = listed(
    "advert_int debug dont_track_primary down_timer_adverts garp_lower_prio_delay garp_lower_prio_repeat "
    "garp_master_delay garp_master_refresh garp_master_refresh_repeat garp_master_repeat nopreempt preempt "
    "preempt_delay startup_delay version vrrp_garp_interval vrrp_garp_lower_prio_delay "
    "vrrp_garp_lower_prio_repeat vrrp_garp_master_delay vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat "
    "vrrp_garp_master_repeat vrrp_gna_interval vrrp_higher_prio_send_advert vrrp_lower_prio_no_advert "
    "vrrp_startup_delay vrrp_version"
)


class Pound:
    """Reads the lines of one list: a block that these opened may be ended by them, and no other."""

    def __init__(self) -> None:
        self._open = 0

    def __call__(self, line: str) -> Iterator[Suspect]:
        """Yield what is suspect of a line; Pound tells no small letters from capitals."""
        found = line.split()
        if not found or found[0].startswith("#"):
            return
        first = found[0].lower()
        self._open += (first in _BLOCKS) - (first == "end")
        if first not in (*_PLAIN_POUND, *_BLOCKS) and not (first == "end" and self._open >= 0):
            kind = READS if re.fullmatch(r"err\d+", first) else RUNS if first.startswith("lua") else UNKNOWN
            yield Suspect(found[0], _OF_POUND.get(first, kind))
        if any(word.lower().startswith("-file") for word in found[1:]):
            yield Suspect("-file", READS)


def keepalived(line: str) -> Iterator[Suspect]:
    """Yield what is suspect of a line of keepalived; braces and variables let one line be more than it looks."""
    found = line.split()
    if not found or found[0][0] in "#!":
        return
    first = found[0]
    if first not in _PLAIN_KEEPALIVED:
        why = RUNS if "notify" in first or "script" in first else UNKNOWN
        yield Suspect(first, _OF_KEEPALIVED.get(first, why))
    elif any(char in line for char in "{}"):
        yield Suspect("{" if "{" in line else "}", UNKNOWN)
    if any(char in line for char in "$~@"):
        yield Suspect(next(char for char in "$~@" if char in line), ENVIRONMENT)
