# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA of our own for one pair of load balancers: made once, kept in the vault, and what it signs."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import material, pem
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import (
    ExtendedKeyUsageOID,
    NameOID,
    ec,
    hashes,
    rsa,
    serialization,
    x509,
)

__all__ = ["AUTHORITY_DAYS", "LEAF_DAYS", "Authority", "Leaf", "issue", "make", "read", "variable"]

AUTHORITY_DAYS = 3650
LEAF_DAYS = 730
"""A node renews its certificate once half of this is left (RENEWAL of module_utils/haproxy/peers.py)."""
_CLOCK = timedelta(days=1)  # by which the clocks of controller and nodes may differ
_COMMON_NAME = 64  # characters at most (RFC 5280, ub-common-name)


@dataclass(frozen=True)
class Authority:
    """A CA that may sign, its own root: its certificate, also as PEM, and its key."""

    certificate: x509.Certificate
    text: str
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(repr=False)


@dataclass(frozen=True)
class Leaf:
    """A certificate with its key as PEM, and when it ends."""

    text: str = field(repr=False)
    until: datetime


@dataclass(frozen=True)
class Variable:
    """A CA as the text of a file of variables; its name, and one for ``netstack_secrets``."""

    name: str
    secret: str
    text: str = field(repr=False)


def variable(pair: str, now: datetime) -> Variable:
    """Return a new CA of a pair as YAML that the vault takes."""
    secret = re.sub(r"[^A-Za-z0-9_]|^(?=[0-9])", "_", f"{pair}_peers")
    until = (now + timedelta(days=AUTHORITY_DAYS)).date()
    head = f"---\n# The CA of the peers of {pair}, until {until}. Whoever has its key writes their stick tables.\n"
    return Variable(f"{secret}_ca", secret, f"{head}{secret}_ca: |\n{textwrap.indent(make(pair, now), '  ')}")


def make(name: str, now: datetime) -> str:
    """Return a new CA as PEM: certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Peers of {name}"[:_COMMON_NAME])])
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(title, title, public, now, now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _certificate_text(certificate) + _key_text(key)


def read(text: str, where: str, now: datetime) -> Authority:
    """Return the CA in a secret; ``where`` names it. Raises UnusableError."""
    try:
        found = material.from_pem(text.encode(), None, where)
    except UnusableError as error:
        raise _unusable(error.findings[0].what, "A CA is one certificate and its key in PEM.") from None
    keys = [block for block in pem.blocks(text.encode()) if block.is_key]
    if len(found.certificates) != 1 or not keys:
        what = f"{where} holds {len(found.certificates)} certificates and {len(keys)} private keys"
        raise _unusable(what, "A CA is one certificate and its key in PEM.")
    certificate = found.certificates[0]
    key = serialization.load_pem_private_key(keys[0].text, None)
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise _unusable(f"the key of {where} is neither of an elliptic curve nor RSA", "It signs nothing here.")
    if material.public_bytes(certificate.public_key()) != found.public_key:
        raise _unusable(f"the key of {where} is not that of its certificate", "It could sign nothing.")
    if not _may_sign(certificate) or certificate.issuer != certificate.subject:
        raise _unusable(f"the certificate of {where} is not that of a root CA", "Nodes accept nothing it signs.")
    if certificate.not_valid_after_utc <= now + _CLOCK:
        ended = certificate.not_valid_after_utc.date()
        raise _unusable(f"the CA of {where} ends on {ended}", "Nodes accept nothing from it after that day.")
    return Authority(certificate, _certificate_text(certificate), key)


def issue(authority: Authority, node: str, now: datetime) -> Leaf:
    """Return a certificate by which a node shows who it is, as client and as server."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = authority.certificate
    until = min(now + timedelta(days=LEAF_DAYS), signer.not_valid_after_utc)
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node[:_COMMON_NAME])])
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(title, signer.subject, key.public_key(), now, until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(node)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Leaf(_certificate_text(certificate) + _key_text(key), until)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    return made.serial_number(x509.random_serial_number()).not_valid_before(now - _CLOCK).not_valid_after(until)


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def _certificate_text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def _unusable(what: str, why: str) -> UnusableError:
    mend = "Make one with the playbook netstack.datacenter.peers_ca, put it into the vault and change both nodes."
    return UnusableError(Finding("BAD_PEERS_CA", what, why, mend))
