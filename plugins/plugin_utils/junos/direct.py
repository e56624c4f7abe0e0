# SPDX-License-Identifier: GPL-3.0-or-later
"""Cure for 100 ms per RPC, for Nagle's algorithm and for a style sheet per reply, with a way back to the stock client.

ncclient's `Session.send` only queues a message; its thread looks at the queue after `select(timeout=0.1)`
(ncclient/transport/session.py, TICK). Here the frame is written by the calling thread. This leans on ncclient's private
names, so each is looked for first, and whatever is missing means: the stock way.
"""

from __future__ import annotations

import socket
import threading
from functools import cache
from typing import Any

END_1_0 = b"]]>]]>"
END_1_1 = b"\n##\n"
_NEEDED = ("_channel", "_base", "_q", "_closing", "send", "is_alive", "connected")


def frame(message: str, chunked: bool) -> bytes:
    """Return a message framed for NETCONF 1.1 (RFC 6242, 4.2; lengths in octets) or 1.0."""
    data = message.encode()
    return b"\n#%d\n%b%b" % (len(data), data, END_1_1) if chunked else data + END_1_0


def hasten(session: Any) -> bool:
    """Make a connected ncclient session send at once; return whether it does."""
    try:
        from ncclient.transport.session import NetconfBase  # type: ignore[import-untyped]  # no type information

        chunked = {NetconfBase.BASE_10: False, NetconfBase.BASE_11: True}
    except (ImportError, AttributeError):
        return False
    if not all(hasattr(session, name) for name in _NEEDED) or session._base not in chunked:
        return False
    if not hasattr(session._channel, "sendall"):
        return False
    session.send = _sender(session, session.send, chunked)
    return True


def _sender(session: Any, stock: Any, chunked: dict[int, bool]) -> Any:
    turn = threading.Lock()

    def send(message: str) -> None:
        channel = session._channel
        usable = session.connected and channel is not None and session.is_alive() and not session._closing.is_set()
        with turn:
            if not usable or not session._q.empty():
                stock(message)
                return
            try:
                channel.sendall(frame(message, chunked[session._base]))
            except OSError as error:
                _raise_closed(error)

    return send


def _raise_closed(error: OSError) -> None:
    """Raise what ncclient's own thread would have reported."""
    from ncclient.transport.errors import TransportError  # type: ignore[import-untyped]  # no type information

    raise TransportError(f"the session is closed: {error}") from error


def normalize_at_once(device: Any) -> bool:
    """Make an open PyEZ device normalize replies by a style sheet that is compiled once; return whether it does."""
    try:
        normalize = _normalizer()
    except (ImportError, AttributeError):
        return False
    if not hasattr(device, "_norm_transform") or not hasattr(device, "transform"):
        return False
    # PyEZ compares the two, and takes the one for the other where a request asks for it.
    device._norm_transform = device.transform = lambda: normalize
    return True


@cache
def _normalizer() -> Any:
    """Return the function; ncclient calls it with a reply's root, if it is a function and nothing else callable."""
    from jnpr.junos.jxml import normalize_xslt
    from lxml import etree

    sheet = etree.XSLT(etree.fromstring(normalize_xslt.encode()))

    def normalize(root: Any) -> Any:
        return sheet(root).getroot()

    return normalize


def without_delay(host: str, port: int, timeout: float) -> socket.socket:
    """Return a connected TCP socket that sends small segments at once (kex and auth take 90 ms less).

    Raises:
        OSError: as `socket.create_connection` does.

    """
    found = socket.create_connection((host, port), timeout)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found
