# SPDX-License-Identifier: GPL-3.0-or-later
"""A small public key infrastructure for tests: every key, certificate and file is made here, none is kept."""

from __future__ import annotations

import functools
import ipaddress
import itertools
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import UnusableError, unreadable
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.survey import survey

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)
_SERIALS = itertools.count(1000)


def key(label="leaf", kind="ec"):
    """Return a key; the same label and kind give the same key within a test run."""
    return _key(label, kind)


@functools.cache
def _key(_label, kind):
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    curve = {"ec": ec.SECP256R1, "secp256k1": ec.SECP256K1, "secp224r1": ec.SECP224R1}[kind]
    return ec.generate_private_key(curve())


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


@dataclass
class Certificate:
    """A certificate to be: what it says; `pem` and `x509` make it."""

    common: str
    issuer: Certificate | None = None
    names: tuple = ()
    authority: bool = False
    start: int = -10  # days from NOW
    end: int = 200  # days from NOW
    key_label: str = ""
    key_kind: str = "ec"
    purpose: object = None
    serial: int = 0
    made: x509.Certificate | None = field(default=None, repr=False)

    @property
    def key(self):
        return key(self.key_label or self.common, self.key_kind)

    @property
    def x509(self):
        if self.made is None:
            self.made = self._sign()
        return self.made

    @property
    def pem(self):
        return self.x509.public_bytes(serialization.Encoding.PEM)

    def _sign(self):
        signer = self.issuer or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(self.common))
            .issuer_name(name(signer.common))
            .public_key(self.key.public_key())
            .serial_number(self.serial or next(_SERIALS))
            .not_valid_before(NOW + timedelta(days=self.start))
            .not_valid_after(NOW + timedelta(days=self.end))
            .add_extension(x509.BasicConstraints(ca=self.authority, path_length=None), critical=True)
        )
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(item) for item in self.names]), False)
        if self.purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.purpose]), False)
        return builder.sign(signer.key, hashes.SHA256())


def _general(item):
    try:
        return x509.IPAddress(ipaddress.ip_address(item))
    except ValueError:
        return x509.DNSName(item)


def key_pem(private, password=None, traditional=False):
    how = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.TraditionalOpenSSL if traditional else serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, how)


ROOT = Certificate("Test Root", authority=True, end=4000)
UPPER = Certificate("Test Upper CA", ROOT, authority=True, end=2000)
LOWER = Certificate("Test Issuing CA", UPPER, authority=True, end=1000)
LEAF = Certificate("www.example.org", LOWER, ("www.example.org", "*.apps.example.org", "192.0.2.80"))
LEAF_KEY = key_pem(LEAF.key)
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH


def full(leaf=LEAF, private=None):
    """Return a good combined file for a leaf issued by LOWER."""
    return leaf.pem + LOWER.pem + UPPER.pem + (private if private is not None else key_pem(leaf.key))


def reader(files):
    """Return a function that reads from a dictionary, in place of the controller's disk."""

    def read(path):
        if path not in files:
            raise UnusableError(unreadable(path, "no such file"))
        return files[path]

    return read


def look(declared, files=None, secrets=None):
    """Judge declared certificates against files held in memory, at NOW."""
    return survey(declared, reader(files or {}), secrets or {}, NOW)


def pfx(leaf, others, password, tmp_path, *options):
    """Return a PFX made by the openssl program, as old Windows releases encrypt it when ``options`` say so."""
    source = tmp_path / "pfx-source.pem"
    source.write_bytes(leaf.pem + b"".join(item.pem for item in others) + key_pem(leaf.key))
    command = ["openssl", "pkcs12", "-export", "-in", str(source), "-passout", f"pass:{password}", *options]
    return subprocess.run(command, check=True, capture_output=True).stdout
