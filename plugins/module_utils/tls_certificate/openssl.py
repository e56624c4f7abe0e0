# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The openssl program on the target. No key and no password ever stands in its arguments."""

from __future__ import annotations

import ipaddress
import re
import subprocess
import tempfile
from datetime import datetime, timezone
from typing import Sequence

__all__ = ["MissingError", "OpensslError", "certificate_key", "is_fit", "public_key", "self_signed"]

_KEYS = {
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}
_ALGORITHM = {"ec": "id-ecPublicKey", "rsa": "rsaEncryption"}
_COMMON_NAME_MAXIMUM = 64  # characters; RFC 5280 appendix A, ub-common-name
_IP = re.compile(r"\A[0-9.]+\Z|:")


class OpensslError(Exception):
    """The program failed; the message holds its own words."""


class MissingError(OpensslError):
    """The program is not installed."""


def _run(arguments: Sequence[str], stdin: str = "") -> str:
    """Run openssl; what is secret goes in by ``stdin`` and comes out by stdout, never by a file or an argument."""
    try:
        done = subprocess.run(
            ["openssl", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise MissingError("the program openssl is not installed on this host") from None
    if done.returncode != 0:
        words = next((line for line in done.stderr.splitlines() if line.strip()), "")
        raise OpensslError(f"openssl {arguments[0]} failed: {words}")
    return done.stdout


def public_key(private_key: str) -> str:
    """Return the public key (PEM) of an unencrypted private key.

    Raises OpensslError where it cannot be read, an encrypted one included: the empty password never opens it.
    """
    return _run(["pkey", "-pubout", "-passin", "pass:"], private_key)


def certificate_key(certificate: str) -> str:
    """Return the public key (PEM) that a certificate carries. Raises OpensslError where it cannot be read."""
    return _run(["x509", "-noout", "-pubkey"], certificate)


def self_signed(names: Sequence[str], key_type: str, days: int) -> str:
    """Return a new private key and self-signed server certificate (PEM, certificate first) for ``names``."""
    key = _run(["genpkey", *_KEYS[key_type]])
    with tempfile.NamedTemporaryFile("w", suffix=".cnf") as configuration:
        configuration.write(_configuration(names))
        configuration.flush()
        arguments = ["-config", configuration.name, "-key", "/dev/stdin", "-sha256", "-days", str(days)]
        return _run(["req", "-x509", "-new", *arguments], key) + key


def _configuration(names: Sequence[str]) -> str:
    """Return what openssl req needs; a file of our own, since the system's would add CA:TRUE."""
    common = next((name for name in names if len(name) <= _COMMON_NAME_MAXIMUM), "self-signed")
    return "\n".join(
        [
            "[req]",
            "prompt = no",
            "string_mask = utf8only",
            "distinguished_name = subject",
            "x509_extensions = leaf",
            "[subject]",
            f"CN = {common}",
            "[leaf]",
            f"subjectAltName = {', '.join(_alternative(name) for name in names)}",
            "basicConstraints = critical, CA:FALSE",
            "keyUsage = critical, digitalSignature, keyEncipherment",
            "extendedKeyUsage = serverAuth",
            "subjectKeyIdentifier = hash",
            "authorityKeyIdentifier = keyid:always",
            "",
        ]
    )


def _alternative(name: str) -> str:
    return ("IP:" if _IP.search(name) else "DNS:") + name


def is_fit(certificate: str, names: Sequence[str], key_type: str, minimum_days: int) -> bool:
    """Tell whether a self-signed certificate still is what is declared: names, kind of key and days left.

    Raises MissingError where openssl is not installed; a file that it cannot read is not fit.
    """
    try:
        text = _run(["x509", "-noout", "-text", "-nameopt", "RFC2253"], certificate)
    except MissingError:
        raise
    except OpensslError:
        return False
    same_names = _text_names(text) == sorted(_comparable(name) for name in names)
    issued = _field(text, "Issuer") == _field(text, "Subject") and _ALGORITHM[key_type] in text
    return same_names and issued and _days_left(text) >= minimum_days


def _field(text: str, name: str) -> str:
    found = re.search(rf"^\s*{name}\s*:\s*(.*)$", text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def _text_names(text: str) -> list[str]:
    found = re.search(r"X509v3 Subject Alternative Name:.*\n\s*(.*)", text)
    entries = found.group(1).split(", ") if found else []
    return sorted(_comparable(entry.replace("IP Address:", "").replace("DNS:", "").strip()) for entry in entries)


def _comparable(name: str) -> str:
    """Return a name in the one form in which names are compared: addresses as text of :mod:`ipaddress`."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()


def _days_left(text: str) -> float:
    end = datetime.strptime(_field(text, "Not After"), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=timezone.utc)
    return (end - datetime.now(timezone.utc)).total_seconds() / 86400
