# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that a chain must pass before it may be served. Each is one function that returns findings."""

from __future__ import annotations

from datetime import datetime

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import Chain, issued_by, title
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.material import public_bytes
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.names import (
    alternative_names,
    is_covered,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import (
    ExtendedKeyUsageOID,
    ec,
    ed448,
    ed25519,
    hashes,
    rsa,
    x509,
)

__all__ = ["check_anchor", "check_key", "check_names", "check_purpose", "check_strength", "check_validity"]

_RSA_MINIMUM = 2048  # bits; CA/Browser Forum Baseline Requirements 6.1.5, OpenSSL security level 2
_CURVES = ("secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1")


def check_key(chain: Chain, public_key: bytes) -> list[Finding]:
    """The private key must belong to the leaf."""
    if not public_key:
        return [_no_key(chain)]
    owner = next((item for item in chain.certificates if public_bytes(item.public_key()) == public_key), None)
    if owner == chain.leaf:
        return []
    of_whom = f"belongs to {title(owner)}, not" if owner else "does not belong"
    return [
        Finding(
            "KEY_MISMATCH",
            f"the private key {of_whom} to {title(chain.leaf)}",
            "HAProxy would not start with it.",
            "Give the key that the certificate was requested with, or have the certificate issued anew for this key.",
        )
    ]


def _no_key(chain: Chain) -> Finding:
    return Finding(
        "NO_KEY",
        f"there is no private key for {title(chain.leaf)}",
        "HAProxy cannot offer TLS without it.",
        "Add the key to the file, or name it by key_file.",
    )


def check_validity(chain: Chain, minimum_days: int, now: datetime) -> list[Finding]:
    """All certificates must be in force, the leaf for at least ``minimum_days`` more days."""
    findings = []
    for item in chain.certificates:
        start, end = item.not_valid_before_utc, item.not_valid_after_utc
        if now > end:
            findings.append(_expired(item))
        elif now < start:
            findings.append(_not_yet(item))
        elif (end - now).total_seconds() < minimum_days * 86400:
            findings.append(_soon(item, (end - now).days, minimum_days))
    return findings


def _expired(item: x509.Certificate) -> Finding:
    what = f"{title(item)} expired on {item.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    return Finding("EXPIRED", what, "Every client refuses it.", "Renew it and give the new file.")


def _not_yet(item: x509.Certificate) -> Finding:
    what = f"{title(item)} is not valid before {item.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    mend = "Wait, keep the old one until then, or set the controller's clock right."
    return Finding("NOT_YET_VALID", what, "Every client refuses it.", mend)


def _soon(item: x509.Certificate, days: int, minimum: int) -> Finding:
    what = f"{title(item)} is valid for {days} more days only (until {item.not_valid_after_utc:%Y-%m-%d})"
    why = f"minimum_days asks for {minimum}, so that a renewal is not forgotten."
    return Finding("EXPIRES_SOON", what, why, "Renew it, or lower minimum_days.")


def check_strength(chain: Chain) -> list[Finding]:
    """Keys and signatures must be such that today's clients accept them."""
    findings = []
    for item in chain.certificates:
        weakness = _weak_key(item)
        if weakness:
            why = "Clients with OpenSSL security level 2 (the default of Debian and Ubuntu) and browsers refuse it."
            what = f"the key of {title(item)} is weak: {weakness}"
            findings.append(Finding("WEAK_KEY", what, why, "Have it issued for an RSA 2048 or EC P-256 key."))
        if isinstance(item.signature_hash_algorithm, (hashes.SHA1, hashes.MD5)):
            name = item.signature_hash_algorithm.name.upper()
            what = f"{title(item)} is signed with {name}"
            why = "Browsers and OpenSSL 3 refuse such signatures."
            findings.append(Finding("WEAK_SIGNATURE", what, why, "Have it issued anew with SHA-256."))
    return findings


def _weak_key(item: x509.Certificate) -> str:
    """Return why the key is too weak or unusable, or ""."""
    key = item.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA with {key.key_size} bits" if key.key_size < _RSA_MINIMUM else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if key.curve.name in _CURVES else f"curve {key.curve.name}"
    return "" if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)) else "its kind is not used in TLS"


def check_names(chain: Chain, names: tuple[str, ...]) -> list[Finding]:
    """Every declared name must be covered by a subject alternative name."""
    dns, addresses = alternative_names(chain.leaf)
    missing = [name for name in names if not is_covered(name, dns, addresses)]
    if not missing:
        return []
    carried = ", ".join([*dns, *map(str, addresses)]) or "no alternative name at all (the common name does not count)"
    return [
        Finding(
            "NAME_NOT_COVERED",
            f"{title(chain.leaf)} does not cover {', '.join(missing)}",
            f"Clients would refuse the connection; it carries {carried}.",
            "Have it issued with these names, or mend names.",
        )
    ]


def check_purpose(chain: Chain) -> list[Finding]:
    """A leaf that limits its use must allow server authentication (RFC 5280 section 4.2.1.12)."""
    try:
        usage = chain.leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    allowed = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if any(purpose in allowed for purpose in usage):
        return []
    what = f"{title(chain.leaf)} is not meant for servers (extended key usage without serverAuth)"
    return [Finding("NOT_FOR_SERVERS", what, "Clients refuse it.", "Have it issued from a web server template.")]


def check_anchor(chain: Chain, roots: tuple[x509.Certificate, ...]) -> list[Finding]:
    """Where ``roots`` are given, the chain must end at one of them."""
    last = chain.certificates[-1]
    if not roots or any(root == last or issued_by(last, root) for root in roots):
        return []
    return [
        Finding(
            "CHAIN_INCOMPLETE",
            f"the chain ends at {title(last)}, whose issuer {last.issuer.rfc4514_string()} is not in ca_file",
            "Clients that trust these roots would say 'unable to get local issuer certificate'.",
            "Add the missing intermediate certificate to the file or to chain_file.",
        )
    ]
