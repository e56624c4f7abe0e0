# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PEM files on the target, with the standard library alone: blocks, fingerprints, what a path holds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from .pem import LARGEST, spans

__all__ = ["Block", "Served", "blocks", "real", "served", "source_files"]

_SUFFIXES = (".pem", ".crt", ".cer", ".cert", ".key")
_EXPLICIT_VERSION = 0xA0


@dataclass(frozen=True)
class Block:
    """One PEM block with ``\\n`` line ends and no empty line, which would end a payload of HAProxy's socket."""

    label: str
    text: str = field(repr=False)

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
        """Return the block's content; empty where it is not base64."""
        try:
            return base64.b64decode("".join(self.text.split("\n")[1:-2]), validate=True)
        except (binascii.Error, ValueError):
            return b""

    def digest(self, algorithm: str) -> str:
        """Return the fingerprint of the block's content in lower-case hexadecimal."""
        return hashlib.new(algorithm, self.der).hexdigest()


@dataclass(frozen=True)
class Served:
    """What HAProxy serves: SHA-1 fingerprint and serial number of the leaf, and the number of intermediates.

    HAProxy cuts the description of a certificate with hundreds of names off at its buffer's size, before the
    fingerprint; then ``sha1`` is empty and the serial number, which stands before the names, has to do.
    """

    sha1: str
    intermediates: int
    serial: int = -1

    def agrees(self, other: Served | None) -> bool:
        """Tell whether both are the same as far as both are known."""
        if other is None:
            return False
        if self.sha1 and other.sha1:
            return (self.sha1, self.intermediates) == (other.sha1, other.intermediates)
        return self.serial == other.serial

    def __str__(self) -> str:
        """Return it for messages."""
        return f"sha1 {self.sha1 or '(not shown)'}, serial {self.serial:X}, {self.intermediates} intermediate(s)"


def blocks(text: str) -> list[Block]:
    """Return the PEM blocks of ``text``; whatever stands between them is left out."""
    return [_block(label, body) for label, body in spans(text)]


def _block(label: str, body: str) -> Block:
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    return Block(label, "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]))


def served(content: bytes | None) -> Served | None:
    """Return what a combined file serves, or None where it holds no certificate."""
    if content is None:
        return None
    found = [block for block in blocks(content.decode("ascii", "replace")) if block.is_certificate]
    return Served(found[0].digest("sha1"), len(found) - 1, _serial(found[0].der)) if found else None


def _serial(certificate: bytes) -> int:
    """Return the serial number of a certificate (RFC 5280 section 4.1); -1 where it is none."""
    try:
        at = _inside(certificate, _inside(certificate, 0))  # Certificate, then TBSCertificate
        if certificate[at] == _EXPLICIT_VERSION:
            start = _inside(certificate, at)
            at = start + certificate[at + 1]
        start = _inside(certificate, at)
        return int.from_bytes(certificate[start : start + certificate[at + 1]], "big")
    except IndexError:
        return -1


def _inside(der: bytes, at: int) -> int:
    """Return where the content of the DER element at ``at`` begins."""
    length = der[at + 1]
    return at + 2 + (length & 0x7F if length & 0x80 else 0)


def real(path: str) -> str:
    """Return the path without links, the form in which paths are compared."""
    return os.path.realpath(path)


def source_files(path: str) -> list[Path]:
    """Return the files to read for a remote source.

    Of a directory in the manner of certbot and dehydrated, fullchain.pem and privkey.pem; of any other, every file
    with a usual ending. Raises FileNotFoundError where there is nothing at ``path``.
    """
    source = Path(path)
    if not source.is_dir():
        source.stat()
        return [source]
    pair = [source / "fullchain.pem", source / "privkey.pem"]
    if all(item.is_file() for item in pair):
        return pair
    found = [item for item in sorted(source.iterdir()) if item.suffix.lower() in _SUFFIXES and item.is_file()]
    return [item for item in found if item.stat().st_size <= LARGEST]
