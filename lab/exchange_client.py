#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of an Exchange service: which server does each protocol of each client reach? Told as JSON on stdout.

    exchange_client.py protocols ADDRESS --name NAME [--sources A-B] [--ports 25,143,...] [--times N]
        for each source address and port the servers that were met, or why none was
    exchange_client.py logon ADDRESS --name NAME [--path PATH]
        the status of a request that is bound to the certificate that is seen (lab/exchange.py)
    exchange_client.py idle ADDRESS --seconds N
        whether an IMAP session that was silent for so long is still there

--name is what the certificate must bear; it is verified by /opt/public/ca.pem unless --ca says otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import socket
import ssl
import time

from mail import bind, named_in
from traffic.sources import addresses

HTTPS, IMAP = 443, 143
TLS_PORTS = {HTTPS, 993, 995}
RPC_PORTS = {135, 60000, 60001}
NAME_AT = {25: 1, 110: 1, 995: 1, IMAP: 2, 993: 2}  # which word of the greeting is the server's name
TIMEOUT = 5.0  # seconds for each step
ENOUGH = 65536


def connect(options: argparse.Namespace, port: int, source: str = "") -> socket.socket:
    """Open a connection, with TLS where the port wants it. Raises OSError."""
    raw = socket.create_connection((options.address, port), TIMEOUT, (source, 0) if source else None)
    if port not in TLS_PORTS:
        return raw
    return ssl.create_default_context(cafile=options.ca).wrap_socket(raw, server_hostname=options.name)


def server_of(options: argparse.Namespace, port: int, source: str) -> str:
    """Return the name of the server that a client meets at a port. Raises OSError, ValueError."""
    with connect(options, port, source) as connection:
        if port == HTTPS:
            return header(request(connection, options.name, options.path), "x-backend")
        if port in RPC_PORTS:
            connection.sendall(bind())
            return named_in(connection.recv(ENOUGH))
        greeting = connection.recv(ENOUGH).decode()
        if greeting.startswith(("421", "-ERR", "* BYE")):
            raise ValueError(f"refused: {greeting.strip()}")
        return greeting.split()[NAME_AT[port]]


def request(connection: socket.socket, name: str, path: str, more: str = "") -> str:
    """Send a request and return the whole answer. Raises OSError."""
    head = f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n{more}\r\n"
    connection.sendall(head.encode())
    answer = b""
    while data := connection.recv(ENOUGH):
        answer += data
    return answer.decode("latin-1")


def header(answer: str, name: str) -> str:
    """Return a header of an answer. Raises ValueError when it is not there."""
    for line in answer.partition("\r\n\r\n")[0].split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    raise ValueError(f"{answer.partition(chr(13))[0]} without {name}")


def protocols(options: argparse.Namespace) -> dict[str, dict[str, list[str]]]:
    """Return for each source and port what was met, in turn over the ports and that as often as is wanted.

    The sources come to each port in another order: in the same one, ports that know nothing of one another would spread
    them alike, and each client would seem to stick.
    """
    sources = addresses(options.sources) if options.sources else [""]
    found: dict[str, dict[str, list[str]]] = {source: {} for source in sources}
    for port in [int(text) for text in options.ports.split(",")] * options.times:
        for source in random.sample(sources, len(sources)):
            found[source].setdefault(str(port), []).append(met(options, port, source))
    return found


def met(options: argparse.Namespace, port: int, source: str) -> str:
    """Return the name of the server that a client meets at a port, or why it meets none."""
    try:
        return server_of(options, port, source)
    except (OSError, ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error}"


def logon(options: argparse.Namespace) -> int:
    """Return the status of a request that names the certificate that this client sees. Raises OSError."""
    with connect(options, HTTPS) as connection:
        assert isinstance(connection, ssl.SSLSocket)  # for that port it is
        seen = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
        return int(request(connection, options.name, options.path, f"Authorization: Bound {seen}\r\n").split()[1])


def idle(options: argparse.Namespace) -> bool:
    """Tell whether an IMAP session outlives its silence. Raises OSError when there is none to begin with."""
    with connect(options, IMAP) as connection:
        connection.recv(ENOUGH)
        time.sleep(options.seconds)
        try:
            connection.sendall(b"a NOOP\r\n")
            return b"a OK" in connection.recv(ENOUGH)
        except OSError:
            return False


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["protocols", "logon", "idle"])
    parser.add_argument("address")
    parser.add_argument("--name", default="")
    parser.add_argument("--ca", default="/opt/public/ca.pem")
    parser.add_argument("--path", default="/owa/")
    parser.add_argument("--sources", default="", metavar="A-B,C")
    parser.add_argument("--ports", default="25,110,143,993,995,135,60000,60001,443")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.0)
    options = parser.parse_args()
    print(json.dumps({"protocols": protocols, "logon": logon, "idle": idle}[options.what](options)))


if __name__ == "__main__":
    main()
