# SPDX-License-Identifier: GPL-3.0-or-later
"""One certificate from its files to what is to be served, or to everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import checks
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import (
    Chain,
    fingerprint,
    order,
    title,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.material import Material
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.request import Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import serialization, x509

__all__ = ["Bundle", "Verdict", "judge"]


@dataclass(frozen=True)
class Bundle:
    """What is to be served: certificates in order, as PEM, and the key where it passed through the controller."""

    name: str
    certificates: str
    fingerprints: tuple[str, ...]
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Verdict:
    """The outcome for one certificate: a bundle, or findings; notes in both cases, of which warnings are to be read."""

    bundle: Bundle | None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge(request: Request, material: Material, roots: tuple[x509.Certificate, ...], now: datetime) -> Verdict:
    """Return the verdict on the material of one certificate at the time ``now`` (aware, UTC)."""
    try:
        chain = order(material.certificates, now)
    except UnusableError as problem:
        return Verdict(None, problem.findings, material.notes)
    findings = [
        *checks.check_key(chain, material.public_key),
        *checks.check_validity(chain, request.minimum_days, now),
        *checks.check_strength(chain),
        *checks.check_names(chain, request.names),
        *checks.check_purpose(chain),
        *checks.check_anchor(chain, roots),
    ]
    warnings = _warnings(request, chain, roots)
    left_out = sorted(f"{title(item)} does not belong to the chain and was left out" for item in chain.dropped)
    notes = (*material.notes, *left_out, *warnings)
    bundle = None if findings else _bundle(request.name, chain, material.key)
    return Verdict(bundle, tuple(findings), notes, warnings)


def _bundle(name: str, chain: Chain, key: bytes) -> Bundle:
    text = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in chain.certificates).decode()
    return Bundle(name, text, tuple(fingerprint(item) for item in chain.certificates), key.decode())


def _warnings(request: Request, chain: Chain, roots: tuple[x509.Certificate, ...]) -> tuple[str, ...]:
    """Return what is mostly wrong and may be right: a leaf alone, whose issuer may be a root that clients have."""
    alone = len(chain.certificates) == 1 and chain.root is None and chain.leaf.subject != chain.leaf.issuer
    if not alone or roots:
        return ()
    issuer = chain.leaf.issuer.rfc4514_string()
    mend = "add it by chain_file"
    if request.source == "pkcs12":
        mend = "export the PFX with 'Include all certificates in the certification path'"
    return (
        f"no intermediate certificate is given: right only when {issuer} is a root that all clients trust; else "
        f"{mend}. ca_file makes this a check",
    )
