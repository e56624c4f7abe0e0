# SPDX-License-Identifier: GPL-3.0-or-later
"""Cures for what the stock client does in a roundabout way for each request, with a way back to the stock client.

- ncclient's `Session.send` only queues a message; its thread looks at the queue after `select(timeout=0.1)`
  (ncclient/transport/session.py, TICK). Here the frame is written by the calling thread.
- ncclient encodes a whole reply, and parses 32 KiB of it, to know the attributes of its first tag (xml_.parse_root).
  Here the first tag alone is parsed.
- PyEZ compiles a style sheet for each reply and copies the whole reply with it, though what the large replies need is
  read here in any namespace and with any white space.
- paramiko reads a private key anew for each session, an RSA key for 0.1 s (PKey.from_path).
- ncclient asks a switch with a known RSA key for what paramiko 5 does not know (Transport.preferred_keys).

This leans on private names, so each is looked for first, and whatever is missing means: the stock way.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

_CERTIFICATE = "-cert.pub"
END_1_0 = b"]]>]]>"
END_1_1 = b"\n##\n"
_NEEDED = (
    *("_channel", "_base", "_q", "_closing", "_lock", "_listeners", "_dispatch_message"),
    *("send", "is_alive", "connected", "logger"),
)
_FIRST = re.compile(r"\s*(?:<\?xml[^<>]*\?>\s*)?(<([\w.:-]+)[^<>]*>)")
AS_THEY_ARE = frozenset({"configuration", "interface-information", "lacp-interface-information-list"})
"""Replies that are read in any namespace and with any white space (statements.py, verify.py)."""


def frame(message: str, chunked: bool) -> bytes:
    """Return a message framed for NETCONF 1.1 (RFC 6242, 4.2; lengths in octets) or 1.0."""
    data = message.encode()
    return b"\n#%d\n%b%b" % (len(data), data, END_1_1) if chunked else data + END_1_0


def hasten(session: Any) -> bool:
    """Make a connected ncclient session send at once and parse first tags alone; return whether it does."""
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
    session._dispatch_message = _dispatcher(session, session._dispatch_message)
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


def _dispatcher(session: Any, stock: Any) -> Any:
    def dispatch(raw: str) -> None:
        root = first_tag(raw)
        if root is None or session.logger.isEnabledFor(logging.DEBUG):
            stock(raw)
            return
        with session._lock:
            listeners = list(session._listeners)
        for listener in listeners:
            listener.callback(root, raw)

    return dispatch


def first_tag(raw: str) -> tuple[str, dict[str, str]] | None:
    """Return name and attributes of the first tag of a document; None where it is not at its beginning."""
    from lxml import etree

    found = _FIRST.match(raw)
    if found is None:
        return None
    end = "" if found[1].endswith("/>") else f"</{found[2]}>"
    with suppress(etree.XMLSyntaxError):
        element = etree.fromstring(f"{found[1]}{end}".encode())
        return str(element.tag), {str(name): str(value) for name, value in element.attrib.items()}
    return None


def _raise_closed(error: OSError) -> None:
    """Raise what ncclient's own thread would have reported."""
    from ncclient.transport.errors import TransportError  # type: ignore[import-untyped]  # no type information

    raise TransportError(f"the session is closed: {error}") from error


def normalize_at_once(device: Any) -> bool:
    """Make an open PyEZ device normalize replies with little effort; return whether it does."""
    try:
        normalize = normalizer()
    except (ImportError, AttributeError):
        return False
    if not hasattr(device, "_norm_transform") or not hasattr(device, "transform"):
        return False
    # PyEZ compares the two, and takes the one for the other where a request asks for it.
    device._norm_transform = device.transform = lambda: normalize
    return True


@contextmanager
def as_written(device: Any) -> Iterator[None]:
    """Keep the white space of replies, in which a text for people has its lines, as PyEZ does without `normalize`."""
    normalizing, plain = device.transform, getattr(device, "_nc_transform", None)
    if plain is not None:
        device.transform = plain
    try:
        yield
    finally:
        device.transform = normalizing


@cache
def normalizer() -> Any:
    """Return the function; ncclient calls it with a reply's root, if it is a function and nothing else callable."""
    from jnpr.junos.jxml import normalize_xslt
    from lxml import etree

    sheet = etree.XSLT(etree.fromstring(normalize_xslt.encode()))

    def normalize(root: Any) -> Any:
        if len(root) == 1 and _local(root[0]) in AS_THEY_ARE and next(root.iter("{*}rpc-error"), None) is None:
            return root
        return sheet(root).getroot()

    return normalize


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def ask_for_signatures() -> bool:
    """Make paramiko ask for the signatures of an RSA key where ncclient names the key's kind; return whether it does.

    For a host whose known key is of RSA, ncclient asks for `ssh-rsa` alone, which is no signature any more from
    paramiko 5 on: the negotiation of every switch with such a key ended in a KeyError.
    """
    try:
        from paramiko import Transport  # type: ignore[import-untyped]  # no type information
    except ImportError:
        return False
    stock = getattr(Transport, "preferred_keys", None)
    if not isinstance(stock, property) or not hasattr(Transport, "_key_info"):
        return False
    if "ssh-rsa" not in Transport._key_info and not hasattr(stock.fget, "asks"):
        Transport.preferred_keys = property(_asking(stock.fget))
    return True


def _asking(stock: Any) -> Any:
    def preferred_keys(transport: Any) -> tuple[str, ...]:
        kinds = stock(transport)
        names = (("rsa-sha2-512", "rsa-sha2-256") if name == "ssh-rsa" else (name,) for name in kinds)
        return tuple(dict.fromkeys(name for each in names for name in each if name in transport._key_info))

    preferred_keys.asks = True  # type: ignore[attr-defined]  # marks the function as ours
    return preferred_keys


def load_keys_once() -> bool:
    """Make paramiko keep the private keys that it read until their files change; return whether it does."""
    try:
        from paramiko import PKey
    except ImportError:
        return False
    stock = getattr(PKey, "from_path", None)
    if stock is None:
        return False
    if not hasattr(stock, "kept"):
        PKey.from_path = staticmethod(_keeping(stock))
    return True


def _keeping(stock: Any) -> Any:
    kept: dict[tuple[Any, ...], Any] = {}

    def from_path(path: Any, password: Any = None) -> Any:
        text = os.path.expanduser(os.fsdecode(path))
        plain = text.removesuffix(_CERTIFICATE)
        which = (text, password, _seen(plain), _seen(f"{plain}{_CERTIFICATE}"))
        if which not in kept:
            kept[which] = stock(path, password)
        return kept[which]

    from_path.kept = kept  # type: ignore[attr-defined]  # marks the function as ours
    return from_path


def _seen(path: str) -> tuple[int, int, int] | None:
    """Return what changes with a file's content; None where there is none."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_ino, found.st_mtime_ns, found.st_size
    return None


def without_delay(host: str, port: int, timeout: float) -> socket.socket:
    """Return a connected TCP socket that sends small segments at once (kex and auth take 90 ms less).

    Raises:
        OSError: as `socket.create_connection` does.

    """
    found = socket.create_connection((host, port), timeout)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found
