# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What HAProxy's sockets answer, as data. Pure."""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from typing import NamedTuple

__all__ = [
    "SECTIONS",
    "ServerState",
    "first_complaint",
    "keep_state_of",
    "parse_environment",
    "parse_information",
    "parse_servers_state",
    "parse_stat",
    "proxies_in",
    "servers_in",
]

_NUMBER = re.compile("[0-9]{1,18}")
_FORCED_MAINTENANCE = 0x01 | 0x04  # by the CLI, by the configuration
_CONFIGURED_MAINTENANCE = 0x04
_FORCED_DRAIN = 0x08
SECTIONS = frozenset(
    [
        "frontend",
        "backend",
        "listen",
        "defaults",
        "global",
        "peers",
        "userlist",
        "resolvers",
        "mailers",
        "cache",
        "ring",
        "program",
        "http-errors",
        "fcgi-app",
        "log-forward",
        "log-profile",
        "crt-store",
        "traces",
    ]
)


class ServerState(NamedTuple):
    """One server of ``show servers state``; weights as HAProxy counts them, 0 to 256."""

    backend: str
    name: str
    address: str
    port: int
    admin: int
    operational: int
    weight: int
    initial_weight: int

    @property
    def state(self) -> str:
        """Return the administrative state: ready, drain or maint."""
        if self.admin & _FORCED_MAINTENANCE:
            return "maint"
        return "drain" if self.admin & _FORCED_DRAIN else "ready"


def parse_environment(text: str) -> dict[str, str]:
    """Parse ``show env``."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name: value for name, _equals, value in pairs}


def parse_information(text: str) -> dict[str, int]:
    """Parse what is a whole number in ``show info``."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name: int(value) for name, _colon, value in pairs if _NUMBER.fullmatch(value.strip())}


def parse_servers_state(text: str) -> list[ServerState]:
    """Parse ``show servers state`` by the names in its header, which later releases extend.

    Raises ValueError where a server's line says no state.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    header = next((line[2:].split() for line in lines if line.startswith("# be_id")), None)
    if header is None:
        return []
    rows = [dict(zip(header, line.split())) for line in lines if line[0].isdigit() and len(line.split()) >= len(header)]
    return [_server_state(row) for row in rows]


def _server_state(row: dict[str, str]) -> ServerState:
    numbers = ("srv_port", "srv_admin_state", "srv_op_state", "srv_uweight", "srv_iweight")
    try:
        return ServerState(row["be_name"], row["srv_name"], row["srv_addr"], *(int(row[name]) for name in numbers))
    except (KeyError, ValueError) as error:
        raise ValueError(f"an answer to 'show servers state' cannot be read ({error}): {row}"[:400]) from None


def parse_stat(text: str) -> list[dict[str, str]]:
    """Parse ``show stat``: one dict per frontend, backend and server. Raises ValueError where it is no table."""
    body = text.lstrip("# ").strip()
    try:
        return [dict(row) for row in csv.DictReader(io.StringIO(body)) if row.get("pxname")]
    except csv.Error as error:
        raise ValueError(f"the answer to 'show stat' cannot be read ({error}): {body[:200]!r}") from None


def servers_in(configuration: str) -> dict[tuple[str, str], str]:
    """Return the servers of a configuration text: (section, name) -> the address and port as written."""
    found: dict[tuple[str, str], str] = {}
    section = ""
    for line in configuration.splitlines():
        words = line.split()
        if words and words[0] in SECTIONS and not line[0].isspace():
            section = words[1] if len(words) > 1 else ""
        if len(words) > 2 and words[0] == "server":
            found[section, words[1]] = words[2]
        elif len(words) > 3 and words[0] == "server-template":
            found.update({(section, f"{words[1]}{number}"): words[3] for number in _numbers(words[2])})
    return found


def _numbers(text: str) -> range:
    """Return the numbers of the servers that a template makes: ``3`` is 1 to 3, ``4-6`` is 4 to 6."""
    found = re.fullmatch(r"(?:([0-9]+)-)?([0-9]+)", text)
    return range(int(found.group(1) or 1), int(found.group(2)) + 1) if found else range(0)


def keep_state_of(state: str, before: str, after: str, edited: bool = False) -> str:
    """Return the saved server state without the servers whose address or port changes between two configurations.

    HAProxy takes a server's port from the state file in place of the configured one, so a changed server must start
    afresh. Servers that only one of the two knows are dropped too. So are those whose line names another port or
    address than ``after``: after a run that was killed before its reload, ``before`` is the new text already, and the
    line still is the running worker's.

    ``edited`` says that a hand has changed ``before``. Of a proxy that it has changed only what an operator said over
    the socket is kept, maintenance and drain: a weight, or a server that is down for its check, may be the hand's.
    """
    old, new = servers_in(before), servers_in(after)
    same = {key: address for key, address in new.items() if old.get(key) == address}
    proxies, former = proxies_in(after), proxies_in(before)
    touched = {name for name, lines in proxies.items() if edited and former.get(name) != lines}
    disabling = {name for name, lines in proxies.items() if any("disabled" in line.split() for line in lines)}
    header = next((line[2:].split() for line in state.splitlines() if line.startswith("# be_id")), [])
    lines = [line for line in state.splitlines() if line.strip() and _kept(line, header, same)]
    kept = [_said_by_operator(line, header, touched, disabling) for line in lines]
    return "".join(f"{line}\n" for line in kept if line)


def proxies_in(configuration: str) -> dict[str, list[str]]:
    """Return the lines that make up each section with servers, those of all defaults before its own."""
    defaults: list[str] = []
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in configuration.splitlines():
        words = line.split()
        if words and words[0] in SECTIONS and not line[0].isspace():
            lines = defaults if words[0] == "defaults" else []
            if words[0] in ("backend", "listen") and len(words) > 1:
                lines = found.setdefault(words[1], [])
        if words and not words[0].startswith("#"):
            lines.append(" ".join(words))
    return {name: [*defaults, *own] for name, own in found.items()}


def _said_by_operator(line: str, header: list[str], touched: set[str], disabling: set[str]) -> str:
    """Return what is kept of a server's line: nothing of what a hand wrote into the configuration.

    HAProxy itself takes the weight of the configuration where the initial weight differs, but leaves a server down
    that only a former configuration had disabled.
    """
    words = line.split()
    row = dict(zip(header, words))
    admin = row.get("srv_admin_state", "")
    if not line[:1].isdigit() or not _NUMBER.fullmatch(admin) or not {"srv_uweight", "srv_iweight"} <= row.keys():
        return line
    if int(admin) & _CONFIGURED_MAINTENANCE and words[1] not in disabling:
        return ""
    if words[1] not in touched:
        return line
    words[header.index("srv_uweight")] = row["srv_iweight"]
    return " ".join(words) if int(admin) & (_FORCED_MAINTENANCE | _FORCED_DRAIN) else ""


def _kept(line: str, header: list[str], same: dict[tuple[str, str], str]) -> bool:
    """Tell whether a line of the state holds for the new configuration; the header and the version always do."""
    words = line.split()
    if not line[:1].isdigit() or len(words) < 4:
        return True
    written = same.get((words[1], words[3]))
    if written is None:
        return False
    row = dict(zip(header, words))
    return _agrees(row.get("srv_addr", ""), row.get("srv_port", ""), written)


def _agrees(address: str, port: str, written: str) -> bool:
    """Tell whether a server's address and port are what is written, as far as that is written as numbers."""
    host, _colon, wanted = re.sub(r"^[a-z0-9]+@", "", written).rpartition(":")
    if _NUMBER.fullmatch(wanted) and _NUMBER.fullmatch(port) and int(wanted) != int(port):
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")) == ipaddress.ip_address(address)
    except ValueError:  # a name, a socket, a variable, or an address without a port
        return True


def first_complaint(text: str) -> str:
    """Return HAProxy's first alert, or its first warning, without the prefix that counts and numbers it.

    The first, because after a refused section every line that follows is refused too.
    """
    lines = [line.strip() for line in text.splitlines()]
    for level in ("ALERT", "WARNING"):
        for line in lines:
            found = re.match(rf"(?:.*?haproxy\[[0-9]+\]: )?\[{level}\]\s*(?:[0-9/]+\s*)?\([0-9]+\) : (.*)", line)
            if found and not found.group(1).startswith("Loading failure"):
                return re.sub(r"^config : ", "", found.group(1))
    return next((line for line in reversed(lines) if line), "")
