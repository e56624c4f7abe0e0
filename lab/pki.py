#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a lab's certificates and secrets: a root, an intermediate, and certificates of services as IIS exports them.

    pki.py FOLDER                 into FOLDER, once; what is there stays
    pki.py FOLDER --renew [NAME]  new certificates from the same intermediate: all of them, or that of NAME

FOLDER/public/ca.pem is what clients trust, FOLDER/NAME.pfx the PKCS#12 files, FOLDER/secrets.yml every secret of the
lab, each a random string or key, so that a search for it anywhere else tells whether it leaked.
"""

from __future__ import annotations

import argparse
import datetime
import secrets
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

SERVED = {
    "shop": ["shop.lab.test", "www.shop.lab.test"],
    "portal": ["portal.lab.test"],
    "partner": ["partner.lab.test"],
}
PEERS = "edge_peers"
"""The secret that is no random string: the CA by which the load balancers know each other, with its key."""
DAYS = 397  # the longest that browsers accept (CA/Browser Forum baseline requirements 6.3.2, until 2026)
Pair = tuple[x509.Certificate, rsa.RSAPrivateKey]


def certificate(name: str, issuer: Pair | None, *, authority: bool, names: list[str] | None = None) -> Pair:
    """Make a certificate and its key; without an issuer it signs itself."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, signing_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if authority:
        builder = builder.add_extension(_signs_certificates(), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return builder.sign(signing_key, hashes.SHA256()), key


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
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


def authorities(folder: Path) -> Pair:
    """Return the intermediate of this lab with its key, made on the first call."""
    stored, public = folder / "intermediate.pem", folder / "public" / "ca.pem"
    if not stored.exists():
        root = certificate("netstack lab root", None, authority=True)
        intermediate = certificate("netstack lab intermediate", root, authority=True)
        public.parent.mkdir(parents=True, exist_ok=True)
        public.write_bytes(root[0].public_bytes(serialization.Encoding.PEM))
        write_secret(stored, _key_bytes(intermediate[1]) + intermediate[0].public_bytes(serialization.Encoding.PEM))
    data = stored.read_bytes()
    key = serialization.load_pem_private_key(data, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{stored} holds no RSA key")
    return x509.load_pem_x509_certificate(data), key


def _key_bytes(key: rsa.RSAPrivateKey) -> bytes:
    encoding = serialization.Encoding.PEM
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(data)


def lab_secrets(folder: Path) -> dict[str, str]:
    """Return the secrets of this lab; those that it does not have yet are made."""
    path = folder / "secrets.yml"
    loaded: dict[str, str] = yaml.safe_load(path.read_text()) if path.exists() else {}
    missing = {"stats", PEERS, *(f"{stem}_pfx" for stem in SERVED)} - set(loaded)
    if missing:
        loaded |= {name: secrets.token_urlsafe(24) for name in sorted(missing - {PEERS})}
        if PEERS in missing:
            loaded[PEERS] = own_authority("netstack lab peers")
        write_secret(path, yaml.safe_dump(loaded).encode())
    return loaded


def own_authority(name: str) -> str:
    """Return a CA of its own as PEM, key and certificate."""
    made, key = certificate(name, None, authority=True)
    return (_key_bytes(key) + made.public_bytes(serialization.Encoding.PEM)).decode()


def service(folder: Path, stem: str) -> None:
    """Write a service's certificate with its chain and key as PKCS#12."""
    issuer = authorities(folder)
    leaf, key = certificate(SERVED[stem][0], issuer, authority=False, names=SERVED[stem])
    encryption = serialization.BestAvailableEncryption(lab_secrets(folder)[f"{stem}_pfx"].encode())
    bundle = pkcs12.serialize_key_and_certificates(stem.encode(), key, leaf, [issuer[0]], encryption)
    write_secret(folder / f"{stem}.pfx", bundle)


def pem(folder: Path, stem: str, names: list[str]) -> Path:
    """Write a certificate with its chain and key to the folder that every container of the lab sees; once."""
    path = folder / "public" / f"{stem}.pem"
    issuer = authorities(folder)
    if not path.exists():
        leaf, key = certificate(names[0], issuer, authority=False, names=names)
        chain = [item.public_bytes(serialization.Encoding.PEM) for item in (leaf, issuer[0])]
        write_secret(path, b"".join([*chain, _key_bytes(key)]))
    return path


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--renew", nargs="?", const="all", choices=["all", *SERVED], metavar="NAME")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    lab_secrets(options.folder)
    for stem in SERVED:
        if options.renew in ("all", stem) or not (options.folder / f"{stem}.pfx").exists():
            service(options.folder, stem)


if __name__ == "__main__":
    main()
