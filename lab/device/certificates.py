# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA of the lab's own and a certificate per address, made anew at every start unless a folder keeps them."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAYS = 90
FORMS = ("valid", "expired", "early", "own")
"""What a device's certificate can be: `early` is not valid yet, `own` signed by itself, as devices are delivered."""
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Issuer = tuple[x509.Certificate, Key]


@dataclass
class Authority:
    """The CA, and the folder in which everything lies."""

    folder: Path
    certificate: x509.Certificate
    key: Key

    @property
    def file(self) -> Path:
        """Give the file that clients trust."""
        return self.folder / "ca.pem"

    def context(self, name: str, address: str) -> ssl.SSLContext:
        """Give the TLS context of one endpoint: its certificate names its name and its address."""
        path = self.folder / f"{name}.pem"
        if not path.exists():
            self._make(path, name, address, "valid")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def renew(self, context: ssl.SSLContext, name: str, address: str, form: str) -> str:
        """Give an endpoint another certificate, for its next connections; give its SHA-256 as OpenSSL prints it."""
        if form not in FORMS:
            raise ValueError(f"a certificate is one of {', '.join(FORMS)}")
        path = self.folder / f"{name}.pem"
        made = self._make(path, name, address, form)
        context.load_cert_chain(path)
        return made.fingerprint(hashes.SHA256()).hex(":").upper()

    def _make(self, path: Path, name: str, address: str, form: str) -> x509.Certificate:
        """Make a key and its certificate, and write both."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(address))]
        issuer = None if form == "own" else (self.certificate, self.key)
        begin = {"expired": -2 * DAYS, "early": 1}.get(form, 0)
        made = certificate(name, key, issuer, names, authority=issuer is None, begin=begin)
        write_secret(path, secret(key) + public(made))
        return made


def authority(folder: Path, name: str) -> Authority:
    """Give the CA of a folder, made under that name on the first call."""
    kept = folder / "ca.key"
    if kept.exists():
        key = serialization.load_pem_private_key(kept.read_bytes(), None)
        if not isinstance(key, Key):
            raise TypeError(f"{kept} holds no key that signs certificates")
        return Authority(folder, x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()), key)
    key = ec.generate_private_key(ec.SECP256R1())
    made = certificate(name, key, None, authority=True)
    (folder / "ca.pem").write_bytes(public(made))
    write_secret(kept, secret(key))
    return Authority(folder, made, key)


def certificate(
    name: str,
    key: Key,
    issuer: Issuer | None,
    names: Sequence[x509.GeneralName] = (),
    *,
    authority: bool = False,
    begin: int = 0,
    days: int = DAYS,
) -> x509.Certificate:
    """Make a certificate that is valid from so many days on; without an issuer it signs itself."""
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=begin)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = issuer[1] if issuer is not None else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if authority:
        builder = builder.add_extension(_signs(), critical=True)
    return builder.sign(signing, hashes.SHA256())


def _signs() -> x509.KeyUsage:
    """Give the key usage of a CA, which Python's strict verification wants."""
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    unused = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **unused)


def public(made: x509.Certificate) -> bytes:
    """Give a certificate as PEM."""
    return made.public_bytes(serialization.Encoding.PEM)


def secret(key: Key) -> bytes:
    """Give a key as PEM."""
    encoding = serialization.Encoding.PEM
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(data)
