# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a diff may show of Pound's configuration, whoever wrote it: what is known to hold no secret. Pure."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.module_utils.service.masking import HEADERS, HIDDEN, part_shown

from .render import MARKER

__all__ = ["masked"]

#: Directives whose arguments are shown (pound(8), release 4).
_PLAIN = frozenset(
    """
    acl address alive backend backendqueue balancer cafile cert ciphers client clientcert clienttimeout combineheaders
    connto control crllist daemon dead debug disable disabled else emergency end error errorfile family forwardedheader
    geteuid grace group host https ignorecase include includedir keepalive listenhttp listenhttps locale logfacility
    loglevel logsuppress match maxrequest metrics nohttps11 not noSSLv3 path pidfile port priority redirect
    rewritedestination rewritelocation rootjail serverport service session sslallowclientrenegotiation sslengine
    sslhonorcipherorder supervisor threads timeout transparent trustedip ttl type url user verifylist watcherttl
    workeridletimeout workermaxcount workermincount wstimeout xhttp
    """.lower().split()
)
_HEADER = re.compile(r"""(\s*(?:add|set)?header(?:add|set|require)?\s+"?)([\w-]+)(\s*:.*|.*)""", re.IGNORECASE)


def masked(text: str) -> str:
    """Return a configuration as a diff may show it, line by line."""
    return "".join(f"{_line(line)}\n" for line in text.splitlines())


def _line(line: str) -> str:
    found = re.match(r"(\s*)(\S+)(\s*)(.*)", line)
    if found is None or line == MARKER:
        return line
    indent, word, blank, rest = found.groups()
    if word.startswith("#"):
        return f"{indent}# {HIDDEN}"
    header = _HEADER.fullmatch(line)
    if header and header.group(2).lower() in HEADERS:
        return part_shown(line)
    shown = part_shown(rest) if word.lower() in _PLAIN else HIDDEN if rest else ""
    return f"{indent}{word}{blank}{shown}"
