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
import secrets
from collections.abc import Sequence
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from device import certificates
from device.certificates import write_secret

SERVED = {
    "shop": ["shop.lab.test", "www.shop.lab.test"],
    "portal": ["portal.lab.test"],
    "partner": ["partner.lab.test"],
}
PEERS = "edge_peers"
"""The secret that is no random string: the CA by which the load balancers know each other, with its key."""
DAYS = 397  # the longest that browsers accept (CA/Browser Forum baseline requirements 6.3.2, until 2026)
Pair = tuple[x509.Certificate, rsa.RSAPrivateKey]


def certificate(name: str, issuer: Pair | None, *, authority: bool, names: Sequence[str] = ()) -> Pair:
    """Make a certificate and its key; without an issuer it signs itself."""
    key = rsa.generate_private_key(65537, 2048)
    known = [x509.DNSName(each) for each in names]
    return certificates.certificate(name, key, issuer, known, authority=authority, days=DAYS), key


def authorities(folder: Path) -> Pair:
    """Return the intermediate of this lab with its key, made on the first call."""
    stored, public = folder / "intermediate.pem", folder / "public" / "ca.pem"
    if not stored.exists():
        root = certificate("netstack lab root", None, authority=True)
        intermediate = certificate("netstack lab intermediate", root, authority=True)
        public.parent.mkdir(parents=True, exist_ok=True)
        public.write_bytes(certificates.public(root[0]))
        write_secret(stored, certificates.secret(intermediate[1]) + certificates.public(intermediate[0]))
    data = stored.read_bytes()
    key = serialization.load_pem_private_key(data, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{stored} holds no RSA key")
    return x509.load_pem_x509_certificate(data), key


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
    return (certificates.secret(key) + certificates.public(made)).decode()


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
        chain = [certificates.public(item) for item in (leaf, issuer[0])]
        write_secret(path, b"".join([*chain, certificates.secret(key)]))
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
