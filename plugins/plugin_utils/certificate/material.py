# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as they come (PEM, PKCS#7 chains, PKCS#12) into certificates and at most one key."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.pem import LARGEST, spans
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import derivation, pem
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import whole
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import (
    PrivateKeyTypes,
    pkcs7,
    pkcs12,
    serialization,
    x509,
)

__all__ = [
    "Material",
    "from_pem",
    "from_pkcs12",
    "load_key",
    "merge",
    "parse_certificates",
    "public_bytes",
    "read_blocks",
]

_NOT_STARTED = "HAProxy would not start with it."
_MOST_KEYS = 8
"""Private keys of a file that are opened to see whether they are one; each may take a second."""
_HARMLESS = (
    "DH PARAMETERS",
    "EC PARAMETERS",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "X509 CRL",
    "PUBLIC KEY",
)


@dataclass(frozen=True)
class Material:
    """What the files of one certificate hold.

    ``public_key`` is the SubjectPublicKeyInfo (DER) of the private key; ``key`` is the key itself in unencrypted PEM,
    empty where it stays on the target.
    """

    certificates: tuple[x509.Certificate, ...] = ()
    public_key: bytes = b""
    key: bytes = field(default=b"", repr=False)
    notes: tuple[str, ...] = ()


def public_bytes(key: object) -> bytes:
    """Return the SubjectPublicKeyInfo of a public key, the form in which keys are compared."""
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded


def from_pem(data: bytes, password: str | None, where: str) -> Material:
    """Return what a PEM text holds; ``where`` names it in messages.

    Raises UnusableError where it is not PEM, a certificate is damaged, its keys ask for too much work, or the key
    cannot be opened.
    """
    found = read_blocks(data, where)
    certificates = parse_certificates(found, where)
    private = {block.text: block for block in found if block.is_key}
    if len(private) > _MOST_KEYS:
        raise UnusableError(_several_keys(where, len(private)))
    _refuse_work(sum(derivation.iterations(block.der) for block in private.values()), where)
    keys = {load_key(block, password, where) for block in private.values()}
    if len(keys) > 1:
        raise UnusableError(_several_keys(where, len(keys)))
    notes = [f"{where}: a {block.label} block was left out" for block in found if block.label in _HARMLESS]
    key, public = next(iter(keys), (b"", b""))
    return Material(tuple(certificates), public, key, tuple(notes))


def _several_keys(where: str, count: int) -> Finding:
    return Finding(
        "SEVERAL_KEYS",
        f"{where} holds {count} private keys",
        "Which of them is meant cannot be known.",
        "Keep the key of this certificate only.",
    )


def read_blocks(data: bytes, where: str) -> list[pem.Block]:
    """Return the PEM blocks of a text. Raises UnusableError where it has none, or one that is damaged."""
    try:
        found = pem.blocks(data)
    except ValueError as error:
        raise UnusableError(_damaged(where, str(error))) from None
    if not found:
        mend = "Give PEM text, or use source pkcs12 for a .pfx or .p12 file."
        why = f"A PEM file has lines like -----BEGIN CERTIFICATE-----; {pem.looks_like(data)}."
        raise UnusableError(Finding("NOT_PEM", f"{where} is not a PEM file", why, mend))
    return found


def _damaged(where: str, detail: str) -> Finding:
    mend = "Export or copy it again; a half-copied text or a wrong file is the usual cause."
    return Finding("DAMAGED", f"{where} cannot be read: {detail}", _NOT_STARTED, mend)


def parse_certificates(found: list[pem.Block], where: str) -> list[x509.Certificate]:
    """Return the certificates of the blocks, those inside PKCS#7 (.p7b, as Windows CAs give chains) included.

    Raises UnusableError where one of them is damaged.
    """
    certificates: list[x509.Certificate] = []
    for block in found:
        try:
            if block.is_certificate:
                certificates.append(whole(x509.load_pem_x509_certificate(block.text)))
            elif block.label == "PKCS7":
                certificates += map(whole, pkcs7.load_pem_pkcs7_certificates(block.text))
        except ValueError:
            raise UnusableError(_damaged(where, f"a {block.label} block is no certificate")) from None
    return certificates


def load_key(block: pem.Block, password: str | None, where: str) -> tuple[bytes, bytes]:
    """Return a private key as (unencrypted PKCS#8 PEM, public key).

    Raises UnusableError where the key is encrypted and the password is missing or wrong, or where it is damaged.
    """
    encrypted = block.label.startswith("ENCRYPTED") or b"ENCRYPTED" in block.text.partition(b"\n\n")[0]
    if encrypted and password is None:
        raise UnusableError(_no_password(where))
    try:
        key = serialization.load_pem_private_key(
            block.text, password.encode() if encrypted and password is not None else None
        )
    except (ValueError, TypeError):
        raise UnusableError(
            _wrong_password(where) if encrypted else _damaged(where, "its private key is damaged")
        ) from None
    except Exception as error:  # UnsupportedAlgorithm has moved between releases of cryptography
        raise UnusableError(_damaged(where, f"its private key is of a kind that is not supported ({error})")) from None
    return _plain(key)


def _plain(key: PrivateKeyTypes) -> tuple[bytes, bytes]:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text, public_bytes(key.public_key())


def _no_password(where: str) -> Finding:
    return Finding(
        "KEY_ENCRYPTED",
        f"the private key of {where} is encrypted and password_secret is not given",
        "HAProxy cannot ask for a password.",
        "Put the password into the vaulted dictionary and name it by password_secret.",
    )


def _wrong_password(where: str) -> Finding:
    return Finding(
        "WRONG_PASSWORD",
        f"the password does not open {where}",
        "The private key stays encrypted.",
        "Mend the secret that password_secret names (or the file is damaged, which looks the same).",
    )


def from_pkcs12(data: bytes, password: str | None, where: str) -> Material:
    """Return what a PKCS#12 (PFX) file holds, the old RC2-40 ones of Windows included.

    Raises UnusableError where it is not whole, asks for too much work, cannot be opened, or has no key or certificate.
    """
    fault = _not_whole(data, where)
    if fault:
        raise UnusableError(fault)
    _refuse_work(derivation.iterations(data), where)
    key, leaf, others = _open(data, password, where)
    if key is None or leaf is None:
        lacking = "private key" if key is None else "certificate"
        why = "HAProxy cannot offer TLS without it."
        mend = "Export again with the private key ('Yes, export the private key' in Windows)."
        raise UnusableError(Finding("INCOMPLETE_PKCS12", f"{where} holds no {lacking}", why, mend))
    text, public = _plain(key)
    try:
        return Material(tuple(map(whole, (leaf, *others))), public, text)
    except ValueError as error:
        raise UnusableError(_damaged(where, f"a certificate: {error}")) from None


def _refuse_work(asked: int, where: str) -> None:
    """Refuse what would hash its password for minutes, before any password is tried."""
    if asked > derivation.MOST:
        why = "Opening it would hold up the run, for hours where that is meant."
        mend = "Export it again with a usual number (openssl pkcs12 -iter 100000), and ask who made this one."
        what = f"{where} asks for {asked} iterations to open it, more than {derivation.MOST}"
        raise UnusableError(Finding("TOO_MUCH_WORK", what, why, mend))


def _not_whole(data: bytes, where: str) -> Finding | None:
    """Return what is wrong with a file before any password counts; a wrong password would look the same otherwise."""
    if len(data) > LARGEST:
        return _damaged(where, f"it has {len(data)} octets, more than {LARGEST}")
    if spans(data.decode("latin-1")):
        return Finding("NOT_PKCS12", f"{where} is PEM text, not PKCS#12", "The parser would fail.", "Use source pem.")
    if not data.strip():
        return _damaged(where, "it is empty")
    if not data.startswith(pem.DER_SEQUENCE):
        return _damaged(where, "it does not begin as PKCS#12 does")
    length = der_length(data)
    if length is not None and length > len(data):
        return _damaged(where, f"it is cut off, {len(data)} of {length} bytes are there")
    return None


def der_length(data: bytes) -> int | None:
    """Return how long a DER file says that it is (X.690, 8.1.3); None where it does not say, as in BER it may."""
    if len(data) < 2:
        return 2
    size = data[1] & 0x7F if data[1] & 0x80 else 0
    if data[1] == 0x80:
        return None
    content = int.from_bytes(data[2 : 2 + size], "big") if size else data[1]
    return 2 + size + content


def _open(
    data: bytes, password: str | None, where: str
) -> tuple[PrivateKeyTypes | None, x509.Certificate | None, list[x509.Certificate]]:
    """Open the file; no password may mean the empty one, which Windows writes too."""
    for attempt in (None, b"") if password is None else (password.encode(),):
        try:
            return pkcs12.load_key_and_certificates(data, attempt)
        except ValueError:
            continue
    raise UnusableError(_wrong_password(where) if password is not None else _closed(where))


def _closed(where: str) -> Finding:
    return Finding(
        "NO_PASSWORD",
        f"{where} does not open without a password",
        "A PFX export is encrypted (or the file is damaged, which looks the same).",
        "Put its password into the vaulted dictionary and name it by password_secret.",
    )


def merge(parts: list[Material]) -> Material:
    """Return several files of one certificate as one.

    Raises UnusableError where two of them hold different keys.
    """
    keys = {(part.key, part.public_key) for part in parts if part.public_key}
    if len(keys) > 1:
        raise UnusableError(_several_keys("the files together", len(keys)))
    key, public = next(iter(keys), (b"", b""))
    certificates = tuple(certificate for part in parts for certificate in part.certificates)
    return Material(certificates, public, key, tuple(note for part in parts for note in part.notes))
