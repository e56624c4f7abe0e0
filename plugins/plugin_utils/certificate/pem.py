# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM text into blocks: CRLF, bag attributes, comments and blocks glued without a newline are all read (RFC 7468)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.pem import LARGEST, spans

__all__ = ["DER_SEQUENCE", "Block", "blocks", "encode", "looks_like"]

_HEADER = re.compile(rb"^[A-Za-z0-9-]+:.*$", re.MULTILINE)
DER_SEQUENCE = b"\x30"


@dataclass(frozen=True)
class Block:
    """One PEM block: its label, and its text in canonical form (``\\n`` line ends, 64 columns)."""

    label: str
    text: bytes = field(repr=False)

    @property
    def is_certificate(self) -> bool:
        """Tell whether this is an X.509 certificate."""
        return self.label in ("CERTIFICATE", "X509 CERTIFICATE")

    @property
    def is_key(self) -> bool:
        """Tell whether this is a private key."""
        return self.label.endswith("PRIVATE KEY")

    @property
    def der(self) -> bytes:
        """Return the content; empty where headers (RFC 1421) stand before it."""
        try:
            return base64.b64decode(b"".join(self.text.split(b"\n")[1:-2]), validate=True)
        except binascii.Error:
            return b""


def blocks(data: bytes) -> list[Block]:
    """Return all PEM blocks of ``data``; what stands between them is comment.

    Raises ValueError where a block is not base64, or where there is more than any certificate needs.
    """
    if len(data) > LARGEST:
        raise ValueError(f"it has {len(data)} octets, more than {LARGEST}")
    return [_block(label, body.encode("latin-1")) for label, body in spans(data.decode("latin-1"))]


def _block(label: str, written: bytes) -> Block:
    body = written.replace(b"\r", b"")
    headers = _HEADER.findall(body)  # RFC 1421 headers of an encrypted key: Proc-Type, DEK-Info
    if headers:
        return Block(label, b"-----BEGIN %b-----%b-----END %b-----\n" % (label.encode(), body, label.encode()))
    try:
        der = base64.b64decode(re.sub(rb"\s", b"", body), validate=True)
    except binascii.Error:
        raise ValueError(f"a {label} block is not valid base64") from None
    return Block(label, encode(label, der))


def encode(label: str, der: bytes) -> bytes:
    """Return ``der`` as a PEM block with a final newline."""
    text = base64.b64encode(der)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    name = label.encode()
    return b"\n".join([b"-----BEGIN %b-----" % name, *lines, b"-----END %b-----\n" % name])


def looks_like(data: bytes) -> str:
    """Return what data without any PEM block seems to be, in words for a message."""
    if not data.strip():
        return "it is empty"
    if data.startswith(DER_SEQUENCE):
        return "it is binary (DER or PKCS#12)"
    if b"-----BEGIN" in data:
        return "its block has no matching END line"
    return "it holds no -----BEGIN line"
