# SPDX-License-Identifier: GPL-3.0-or-later
"""The order that a TLS server sends (RFC 8446 section 4.4.2): the leaf, then each issuer, without the root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import (
    InvalidSignature,
    hashes,
    x509,
)

__all__ = ["Chain", "fingerprint", "issued_by", "order", "title", "whole"]

_MOST = 300
"""The system's own bundle of CAs, which some give as a chain, has about 150."""


@dataclass(frozen=True)
class Chain:
    """The certificates to send, leaf first.

    ``root`` is the self-signed end where the files held it, ``dropped`` what does not belong to the chain.
    """

    certificates: tuple[x509.Certificate, ...]
    root: x509.Certificate | None
    dropped: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """Return the server's own certificate."""
        return self.certificates[0]


def title(certificate: x509.Certificate) -> str:
    """Return the subject as a reader knows it, or the first alternative name where the subject is empty."""
    return certificate.subject.rfc4514_string() or f"serial {certificate.serial_number:x}"


def whole(certificate: x509.Certificate) -> x509.Certificate:
    """Return a certificate all parts of which can be read; the library reads each of them when it is asked for.

    Raises ValueError where one cannot.
    """
    try:
        _parts = certificate.extensions, certificate.subject, certificate.issuer, certificate.not_valid_after_utc
        certificate.public_key()
    except Exception as error:  # UnsupportedAlgorithm has moved between releases of cryptography
        raise ValueError(f"a part of it cannot be read ({error})") from None
    return certificate


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint in lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether ``issuer`` signed ``certificate``: by its name and by the signature itself."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def order(given: tuple[x509.Certificate, ...], now: datetime) -> Chain:
    """Return the chain that ``given`` holds, whatever its order; ``now`` chooses between cross-signed issuers.

    Raises UnusableError where there is no leaf or more than one, where intermediates are given but not the issuer, or
    where there are too many to compare each with each.
    """
    unique = sorted({fingerprint(item): item for item in given}.values(), key=fingerprint)
    if len(unique) > _MOST:
        raise UnusableError(_too_many(len(unique)))
    leaf = _leaf(unique)
    chain, root = _walk(leaf, unique, now)
    dropped = tuple(item for item in unique if item not in chain and item != root)
    intermediates = [item for item in dropped if item.subject != item.issuer]
    if len(chain) == 1 and root is None and intermediates:
        raise UnusableError(_broken(leaf, intermediates))
    return Chain(tuple(chain), root, dropped)


def _leaf(certificates: list[x509.Certificate]) -> x509.Certificate:
    ends = [item for item in certificates if not _issues_another(item, certificates)]
    leaves = [item for item in ends if not _is_authority(item)] or ends
    if len(leaves) == 1:
        return leaves[0]
    if not leaves:
        raise UnusableError(_no_certificate())
    raise UnusableError(_several(leaves))


def _too_many(count: int) -> Finding:
    return Finding(
        "TOO_MANY",
        f"there are {count} certificates, more than {_MOST}",
        "Each may have issued each other one, and no server's chain is as long.",
        "Keep the server's certificate and its intermediates.",
    )


def _no_certificate() -> Finding:
    why = "HAProxy cannot offer TLS without it."
    return Finding("NO_CERTIFICATE", "there is no certificate in the given files", why, "Add the server's certificate.")


def _several(leaves: list[x509.Certificate]) -> Finding:
    listed = " and ".join(sorted(f"{title(item)} (until {item.not_valid_after_utc:%Y-%m-%d})" for item in leaves))
    return Finding(
        "SEVERAL_LEAVES",
        f"there are {len(leaves)} server certificates: {listed}",
        "Which of them is meant cannot be known.",
        "Keep one and its intermediates; declare the other under a name of its own.",
    )


def _broken(leaf: x509.Certificate, others: list[x509.Certificate]) -> Finding:
    given = ", ".join(sorted(title(item) for item in others))
    return Finding(
        "CHAIN_BROKEN",
        f"the issuer {leaf.issuer.rfc4514_string()} of {title(leaf)} is not among the given certificates ({given})",
        "Clients would say 'unable to get local issuer certificate'.",
        "Add the intermediate certificate of that name and leave the others out.",
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issues_another(issuer: x509.Certificate, certificates: list[x509.Certificate]) -> bool:
    return any(item != issuer and issued_by(item, issuer) for item in certificates)


def _walk(
    leaf: x509.Certificate, certificates: list[x509.Certificate], now: datetime
) -> tuple[list[x509.Certificate], x509.Certificate | None]:
    """Follow the issuers from the leaf; return the chain without the root, and the root where it is given."""
    chain = [leaf]
    while chain[-1].subject != chain[-1].issuer:
        issuers = [item for item in certificates if item not in chain and issued_by(chain[-1], item)]
        if not issuers:
            return chain, None
        best = min(issuers, key=lambda item: _preference(item, now))
        if best.subject == best.issuer:
            return chain, best
        chain.append(best)
    return chain, None


def _preference(issuer: x509.Certificate, now: datetime) -> tuple[bool, bool, float, str]:
    """Order issuers of one name and key: those in force first, cross-signed before the root, the longest valid."""
    out_of_force = not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc
    return out_of_force, issuer.subject == issuer.issuer, -issuer.not_valid_after_utc.timestamp(), fingerprint(issuer)
