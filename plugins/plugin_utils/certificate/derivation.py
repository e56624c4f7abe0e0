# SPDX-License-Identifier: GPL-3.0-or-later
"""How much work a PKCS#12 file or an encrypted key asks for, before any password is tried (RFC 7292, 8018 and 7914).

Whoever made a file chose how often its password is hashed, and 979 octets can ask for hours. The numbers stand in
AlgorithmIdentifiers and in the MacData, which are plain; read here in BER, as OpenSSL does, for older exports have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["MOST", "iterations"]

MOST = 5_000_000
"""Iterations of a whole file: seconds. Exports have 2000 (Windows) to 600,000 (recommended for people's passwords)."""
_INTEGER, _OCTETS, _OID, _SEQUENCE, _CONSTRUCTED = 0x02, 0x04, 0x06, 0x30, 0x20
_PBE = (
    bytes.fromhex("2a864886f70d010c01"),  # 1.2.840.113549.1.12.1: of PKCS#12
    bytes.fromhex("2a864886f70d0105"),  # 1.2.840.113549.1.5: PBES1 and PBKDF2 of PKCS#5
)
_SCRYPT = bytes.fromhex("2b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11
_SCRYPT_UNIT = 4
"""A unit of N times r times p takes about as long as so many iterations."""
_DEEPEST = 40
"""OpenSSL nests 30 (ASN1_MAX_CONSTRUCTED_NEST); a PFX has octet strings within two octet strings."""


class _BrokenError(Exception):
    """It is no BER."""


@dataclass(frozen=True)
class _Element:
    tag: int
    content: bytes
    children: tuple[_Element, ...]

    @property
    def octets(self) -> bytes:
        """Return the content of an octet string, of the parts of a constructed one."""
        return b"".join(child.octets for child in self.children) if self.tag & _CONSTRUCTED else self.content

    @property
    def number(self) -> int:
        return abs(int.from_bytes(self.content, "big", signed=True))


def iterations(der: bytes) -> int:
    """Return how many iterations all key derivations that can be seen ask for; those inside of an encryption cannot."""
    try:
        whole, _end = _element(der, 0, 0)
    except _BrokenError:
        return 0  # OpenSSL does not read it either
    return _mac(whole) + sum(map(_work, _all(whole, 0)))


def _mac(pfx: _Element) -> int:
    """Return the iterations of the MacData, the third element of a PFX."""
    return sum(each.number for each in pfx.children[2].children if each.tag == _INTEGER) if len(pfx.children) > 2 else 0


def _all(element: _Element, depth: int) -> Iterator[_Element]:
    """Yield all elements, those that octet strings hold included; each octet is looked at once for each depth."""
    yield element
    if depth > 2 * _DEEPEST:
        return
    if element.tag & ~_CONSTRUCTED != _OCTETS:
        for child in element.children:
            yield from _all(child, depth + 1)
    elif element.octets[:1] == bytes([_SEQUENCE]):
        try:
            inner, _end = _element(element.octets, 0, 0)
        except _BrokenError:
            return  # salts and what is encrypted
        yield from _all(inner, depth + 1)


def _work(element: _Element) -> int:
    if element.tag != _SEQUENCE or len(element.children) < 2 or element.children[0].tag != _OID:
        return 0
    name, parameters = element.children[0].content, element.children[1]
    numbers = [each.number for each in parameters.children if each.tag == _INTEGER]
    if name == _SCRYPT:
        product = _SCRYPT_UNIT
        for number in numbers[:3]:
            product *= number
        return product
    return numbers[0] if numbers and name.startswith(_PBE) else 0


def _element(data: bytes, at: int, depth: int) -> tuple[_Element, int]:
    """Return the element at an offset, and where the next one begins."""
    if depth > _DEEPEST:
        raise _BrokenError
    tag, start, size = _head(data, at)
    if size is None and not tag & _CONSTRUCTED:
        raise _BrokenError
    end = len(data) if size is None else start + size
    if end > len(data):
        raise _BrokenError
    if not tag & _CONSTRUCTED:
        return _Element(tag, data[start:end], ()), end
    children: list[_Element] = []
    place = start
    while place < end:
        if size is None and data[place : place + 2] == b"\0\0":
            return _Element(tag, b"", tuple(children)), place + 2
        child, place = _element(data, place, depth + 1)
        children.append(child)
    if size is None or place != end:
        raise _BrokenError
    return _Element(tag, b"", tuple(children)), end


def _head(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Return tag, start of the content and its length; None where it ends by itself (X.690, 8.1.2 and 8.1.3)."""
    try:
        tag, place = data[at], at + 1
        if tag & 0x1F == 0x1F:
            while data[place] & 0x80:
                place += 1
            place += 1
        first, place = data[place], place + 1
    except IndexError:
        raise _BrokenError from None
    if first == 0x80:
        return tag, place, None
    count = first & 0x7F if first & 0x80 else 0
    return tag, place + count, int.from_bytes(data[place : place + count], "big") if count else first
