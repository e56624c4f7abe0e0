# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connection over which nodes share stick tables: its lines, and the certificates that let nobody else in.

In plain text HAProxy knows a peer by the name that it says, so whoever reaches the port writes rows. With a CA of their
own (``ca_secret``) each side shows a certificate that this CA has signed, and takes no other. The CA's key stays on the
controller, which issues a certificate for this node in every run; the node keeps the one that it has for as long as
another node would accept it and enough of its time is left.
"""

from __future__ import annotations

import os
import re
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import (
    RejectedError,
    listed,
    on_disk,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.files import File

from .lines import Line, Origin
from .sections import address_port

__all__ = ["FOLDER", "Issued", "apart", "files", "lines", "on_host", "remaining", "without_keys"]

FOLDER = "/etc/haproxy/peers"
#: A certificate is renewed once less than this is left of it, so that one run a year is enough.
RENEWAL = 365 * 86400
_PASSES = 4  # of both ends; a mutual handshake is over after three


@dataclass(frozen=True)
class Issued:
    """What the controller has issued for one group: its CA's certificate, and this node's own with its key (PEM).

    ``until`` is when the node's certificate ends, in seconds since 1970.
    """

    name: str
    authority: str
    leaf: str = field(repr=False)
    until: int


def lines(name: str, peers: Mapping[str, Any], node: str) -> list[Line]:
    """Return the body of a group's section."""
    origin: Origin = ("peers", name)
    found = [(host, address_port(ip, peers["port"]), (*origin, "hosts", host)) for host, ip in peers["hosts"].items()]
    if not peers["ca_secret"]:
        return [Line(f"peer {host} {address}", way) for host, address, way in found]
    words = f"ssl crt {_leaf(name)} ca-file {_authority(name)} verify required ssl-min-ver TLSv1.3"
    own = [Line(f"bind {address} {words}", way) for host, address, way in found if host == node]
    # The node's own entry has no address, for that is the bind's. Each says all by itself: from a default-server 2.4.0
    # does not take all of its TLS, and then a reload hands no row on.
    return own + [
        Line(f"server {host} {words}" if host == node else f"server {host} {address} {words} verifyhost {host}", way)
        for host, address, way in found
    ]


def files(groups: Mapping[str, Any], node: str, issued: Sequence[Issued], mark: str) -> list[File]:
    """Return the files of the groups that have a CA; ``mark`` is the first line of each. Raises RejectedError."""
    known = {each.name: each for each in issued}
    wanted = [name for name, peers in groups.items() if peers["ca_secret"]]
    without = [
        f"peers.{name}.ca_secret: no certificate was issued for this node" for name in wanted if name not in known
    ]
    if without:
        raise RejectedError(listed(without))
    return [file for name in wanted for file in _files_of(known[name], node, mark)]


def _files_of(issued: Issued, node: str, mark: str) -> list[File]:
    path = _leaf(issued.name)
    title = f"# {node} among the peers {issued.name}, until {_day(issued.until)}"
    renewed = f"{mark}\n{title}\n{issued.leaf}".encode()
    return [
        File(_authority(issued.name), f"{mark}\n{issued.authority}".encode(), 0o600, secret=True),
        File(path, Path(path).read_bytes() if _keeps(path, issued, node) else renewed, 0o600, secret=True),
    ]


def _keeps(path: str, issued: Issued, node: str) -> bool:
    """Tell whether the node keeps its certificate: good, and long enough, or no shorter than a new one would be."""
    left = remaining(path, issued.authority, node)
    return left > 0 and left >= min(RENEWAL, issued.until - time.time() - 86400)


def remaining(path: str, authority: str, node: str) -> float:
    """Return for how many more seconds another node accepts the certificate of a file as this node's; 0 if it does not.

    Judged as a node does it, by a handshake in memory in which both ends show it and know the CA alone.
    """
    try:
        server, client = (_end(path, authority, protocol) for protocol in _PROTOCOLS)
        seen = _handshake(server, client)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return 0
    if not seen or ("DNS", node) not in seen.get("subjectAltName", ()):
        return 0
    return max(0, ssl.cert_time_to_seconds(str(seen["notAfter"])) - time.time())


_PROTOCOLS = (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT)


def _end(path: str, authority: str, protocol: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False  # the name is compared by itself, as it need not be one of the DNS
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority)
    context.load_cert_chain(path, password=_no_password)
    return context


def _no_password() -> str:
    """Return no password: OpenSSL would ask the terminal for that of an encrypted key."""
    return ""


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> Mapping[str, Any]:
    """Return what the server sees of the client's certificate, {} where they do not agree. Raises ssl.SSLError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    one, other = server.wrap_bio(there, back, server_side=True), client.wrap_bio(back, there)
    for end in (other, one) * _PASSES:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return one.getpeercert() or {}


def apart(before: str, groups: Mapping[str, Any], wanted: Sequence[File]) -> list[str]:
    """Return what the user is told of groups whose nodes do not reach each other until each has been changed.

    ``before`` is the configuration that is on disk, ``wanted`` the files of the groups. The process that a reload ends
    hands its rows to the next one over the same connection, so these are lost too.
    """
    contents = {file.path: (file.content or b"").decode() for file in wanted}
    found = []
    for name, peers in groups.items():
        section = re.search(rf"(?m)^peers {re.escape(name)}\n((?:[ \t].*\n)*)", before)
        if section is None:
            continue
        spoke, speaks = " ca-file " in section.group(1), bool(peers["ca_secret"])
        now = "to TLS" if speaks else "to plain text"
        if spoke and speaks and on_disk(_authority(name)) != contents.get(_authority(name)):
            spoke, now = False, "to another CA"
        if spoke != speaks:
            found.append(_told(name, now, sorted(peers["hosts"])))
    return found


def _told(name: str, now: str, hosts: Sequence[str]) -> str:
    return (
        f"peers {name} change {now}: stick tables do not travel until {' and '.join(hosts)} have both changed, and the "
        "reload of each loses the rows that it has, so clients of services with a stick table may change servers once"
    )


def without_keys(text: str) -> str:
    """Return a text without its private keys (PEM), as a diff may show it; one without an end has all the rest."""
    shown, inside = [], False
    for line in text.splitlines(keepends=True):
        if not inside and "-----BEGIN " in line and "PRIVATE KEY-----" in line:
            inside = True
            shown.append("(a private key, not shown)\n")
        elif not inside:
            shown.append(line)
        if "-----END " in line:
            inside = False
    return "".join(shown)


def on_host() -> list[str]:
    """Return the files of all groups that are on disk."""
    return sorted(str(path) for path in Path(FOLDER).glob("*") if os.path.splitext(path)[1] in (".pem", ".ca"))


def _leaf(name: str) -> str:
    return f"{FOLDER}/{name}.pem"


def _authority(name: str) -> str:
    return f"{FOLDER}/{name}.ca"


def _day(moment: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
