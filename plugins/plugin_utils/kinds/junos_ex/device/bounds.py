# SPDX-License-Identifier: GPL-3.0-or-later
"""The longest reply of a switch, and no document type in it: ncclient itself has no limit of either.

ncclient keeps all that comes until a reply ends (transport/parser.py), however much that is; and with PyEZ's
`huge_tree`, which long configurations need, libxml2 expands entities without its own limit, so that a kilobyte may
become all of the memory. RFC 6241, 3, forbids document types in NETCONF.

This leans on private names, so each is looked for first, and whatever is missing means: the stock way.
"""

from __future__ import annotations

from typing import Any

LONGEST = 64 * 1024 * 1024
"""Octets of one reply; the configuration of a switch with 10 members and 4,094 VLANs has some 5 MB."""
_FORBIDDEN = ("<!DOCTYPE", "<!ENTITY")


def bound_replies() -> bool:
    """Make every ncclient session over SSH end at a reply that is too long or holds a document type."""
    try:
        from ncclient.transport.ssh import SSHSession  # type: ignore[import-untyped]  # no type information
    except ImportError:
        return False
    read, dispatch = (getattr(SSHSession, name, None) for name in ("_transport_read", "_dispatch_message"))
    if read is None or dispatch is None:
        return False
    if not hasattr(read, "bounds"):
        SSHSession._transport_read, SSHSession._dispatch_message = _reading(read), _dispatching(dispatch)
    return True


def _reading(stock: Any) -> Any:
    def read(session: Any) -> Any:
        data = stock(session)
        begins = not session._message_list and not session._buffer.getbuffer().nbytes
        session.octets = len(data) + (0 if begins else getattr(session, "octets", 0))
        if session.octets > LONGEST:
            _end(f"a reply is longer than {LONGEST} octets")
        return data

    read.bounds = True  # type: ignore[attr-defined]  # marks the function as ours
    return read


def _dispatching(stock: Any) -> Any:
    def dispatch(session: Any, raw: str) -> None:
        if any(word in raw for word in _FORBIDDEN):
            _end("a reply holds a document type, which NETCONF forbids")
        stock(session, raw)

    return dispatch


def _end(why: str) -> None:
    """End the session: its own thread raises this, and reports it to whoever waits for a reply."""
    from ncclient.transport.errors import TransportError  # type: ignore[import-untyped]  # no type information

    error = TransportError(why)
    error.why = why
    raise error


def reason(error: BaseException) -> str:
    """Return why a session was ended here, of what PyEZ made of it; "" for any other end."""
    cause: BaseException | None = error
    while cause is not None:
        if why := getattr(cause, "why", ""):
            return str(why)
        cause = cause.__cause__ or cause.__context__
    return ""
