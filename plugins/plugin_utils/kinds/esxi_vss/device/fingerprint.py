# SPDX-License-Identifier: GPL-3.0-or-later
"""The one certificate that a user trusts, named by its SHA-256: instead of an authority, and by nobody's default."""

from __future__ import annotations

import hashlib
import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

_READ = "Read it at the host's console: openssl x509 -noout -fingerprint -sha256 -in /etc/vmware/ssl/rui.crt."
_LABEL = re.compile(r"(?:sha-?\d* )?fingerprint=|sha-?\d*[:=]", re.IGNORECASE)
_SHA256, _SHA1 = 64, 40
"""Hexadecimal digits."""


def read(text: str | None) -> str | None:
    """Return a fingerprint as OpenSSL prints it, from what a user copied: with its label or without, colons or none.

    Raises:
        RefusalError: it is not that of SHA-256. SHA-1, which the console of older hosts shows as their thumbprint, is
            no proof: two certificates with one SHA-1 can be made (https://shattered.io).

    """
    if not text or not text.strip():
        return None
    label = _LABEL.match(text.strip())
    digits = text.strip()[label.end() if label else 0 :].strip()
    plain = digits.replace(":", "")
    if not re.fullmatch("[0-9A-Fa-f]+", plain) or len(plain) != _SHA256 or digits not in (plain, _colons(digits)):
        raise RefusalError([_finding(text, len(plain) == _SHA1)])
    return _colons(plain).upper()


def of(certificate: bytes) -> str:
    """Return the fingerprint of a certificate in DER."""
    return _colons(hashlib.sha256(certificate).hexdigest()).upper()


def _colons(digits: str) -> str:
    plain = digits.replace(":", "")
    return ":".join(plain[at : at + 2] for at in range(0, len(plain), 2))


def _finding(text: str, short: bool) -> Finding:
    what, why = f"{text[:120]!r} is no fingerprint of SHA-256", "It has 32 octets in hexadecimal digits."
    if short:
        what, why = "it has the length of SHA-1", "Two certificates with one SHA-1 can be made, so it proves nothing."
    return Finding("tls_fingerprint", "FINGERPRINT", what, why, _READ)
