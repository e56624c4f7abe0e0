# SPDX-License-Identifier: GPL-3.0-or-later
"""Who would answer for whom: hosts that are reached at one address, and names that nobody knows. Contacts no device.

A copied file of host variables is enough for it: the run then makes of one device what is declared of another, and
never sees the other. Names are looked up by the controller's resolver; one that OpenSSH's configuration explains is
looked up as that configuration says, but only where it matters, for each such question is a process.
"""

from __future__ import annotations

import ipaddress
import shlex
import socket
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from .ssh_arguments import shown

_THREADS = 32
"""A resolver that is down makes each name wait; a site has a few thousand of them at most."""
_SHOWN = 10


@dataclass(frozen=True)
class Endpoint:
    """Where one host is reached; `source` set its address, `ssh` are the arguments where OpenSSH's settings hold."""

    name: str
    kind: str
    host: str
    port: int
    source: str = "default"
    via: str = ""
    ssh: str | None = None


@dataclass
class Examined:
    """What was found: `errors` refuse the run, `warnings` say what could not be compared."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


_Key = tuple[str, int, str, str]


def examine(endpoints: Iterable[Endpoint], concerned: Iterable[str]) -> Examined:
    """Compare the hosts that are concerned with all others."""
    every, ours = list(endpoints), set(concerned)
    known = look_up(each.host for each in every if not each.via)
    doubtful = {name for names in _shared(every, known).values() if names & ours for name in names}
    doubtful |= {each.name for each in every if each.name in ours and not _addresses(each, known)}
    every = [_as_openssh_says(each) if each.name in doubtful else each for each in every]
    known |= look_up(each.host for each in every if not each.via and each.host not in known)
    by_name = {each.name: each for each in every}
    shared = {names: key for key, names in _shared(every, known).items() if names & ours}
    nowhere = [each for each in every if each.name in ours and not _addresses(each, known)]
    return Examined(
        [_same(key, [by_name[name] for name in sorted(names)]) for names, key in shared.items()],
        [_unknown(nowhere)] if nowhere else [],
    )


def look_up(hosts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the addresses of each host; none where the name is not known."""
    every = sorted(set(hosts))
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip(every, pool.map(_look_up, every), strict=True))


def _look_up(host: str) -> frozenset[str]:
    if address := _written(host):
        return frozenset({address})
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(_written(str(each[4][0])) or str(each[4][0]) for each in found)


def _written(host: str) -> str:
    """Return an address in the one form of all its spellings; nothing where it is a name.

    An IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2) is that IPv4 address: the kernel opens the same connection.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _addresses(endpoint: Endpoint, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the addresses; behind a jump, where the jump host looks the name up, the name stands for them."""
    return frozenset({_written(endpoint.host) or endpoint.host}) if endpoint.via else known[endpoint.host]


def _shared(endpoints: Iterable[Endpoint], known: Mapping[str, frozenset[str]]) -> dict[_Key, frozenset[str]]:
    """Return the hosts of each address, port, kind and jump that has more than one."""
    found: dict[_Key, set[str]] = {}
    for each in endpoints:
        for address in sorted(_addresses(each, known)):
            found.setdefault((address, each.port, each.kind, each.via), set()).add(each.name)
    return {key: frozenset(names) for key, names in found.items() if len(names) > 1}


def _as_openssh_says(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as OpenSSH's configuration has it; as it is where OpenSSH is not used or not there."""
    if endpoint.ssh is None:
        return endpoint
    command = ["ssh", *shlex.split(endpoint.ssh), "-G", "--", endpoint.host]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return endpoint
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    via = next((said[name] for name in ("proxyjump", "proxycommand") if said.get(name, "none") != "none"), "")
    return replace(endpoint, host=said.get("hostname", endpoint.host), via=endpoint.via or via)


def _same(key: _Key, endpoints: list[Endpoint]) -> str:
    address, port, kind, via = key
    names = " and ".join([", ".join(each.name for each in endpoints[:-1]), endpoints[-1].name])
    given = ", ".join(f"{each.name}: {each.host} ({_origin(each)})" for each in endpoints)
    over = f" over {shown(via)}" if via else ""
    return (
        f"{names} are all reached at {address} port {port}{over} ({kind}), so what is declared of one would be done to "
        f"another [SAME_ADDRESS]. Mend the address of those that are wrong; they have it from: {given}"
    )


def _origin(endpoint: Endpoint) -> str:
    return (
        "its own name, for ansible_host is not set"
        if endpoint.source.endswith("inventory_hostname")
        else (endpoint.source.removeprefix("var: "))
    )


def _unknown(endpoints: list[Endpoint]) -> str:
    shown = ", ".join(f"{each.name}: {each.host} ({_origin(each)})" for each in endpoints[:_SHOWN])
    more = f", and {len(endpoints) - _SHOWN} more" if len(endpoints) > _SHOWN else ""
    return (
        f"The controller's resolver does not know the names of these hosts, so they cannot be reached, and were not "
        f"compared with others [NAME_NOT_KNOWN]. Set ansible_host, or mend the name service: {shown}{more}"
    )
