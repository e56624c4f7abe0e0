# SPDX-License-Identifier: GPL-3.0-or-later
"""The library cryptography, imported so that its absence is a message and not a traceback.

Type checkers see the real names; at run time without the library the names are None and `MISSING` says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "MISSING",
    "ExtendedKeyUsageOID",
    "InvalidSignature",
    "NameOID",
    "PrivateKeyTypes",
    "ec",
    "ed448",
    "ed25519",
    "hashes",
    "pkcs7",
    "pkcs12",
    "rsa",
    "serialization",
    "x509",
]

MISSING = ""

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
else:
    try:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
        from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
        from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        if not hasattr(x509.Certificate, "not_valid_after_utc"):
            MISSING = "The controller's Python has cryptography older than 42. Install 42 or newer."
    except ImportError as error:
        MISSING = f"The controller's Python cannot import cryptography ({error}). Install 42 or newer."
        ExtendedKeyUsageOID = InvalidSignature = NameOID = PrivateKeyTypes = ec = ed448 = ed25519 = hashes = None
        pkcs7 = pkcs12 = rsa = serialization = x509 = None
