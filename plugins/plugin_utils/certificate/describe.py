# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as the lines of a diff: what an engineer compares, never key material."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import pem
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import fingerprint, whole
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.names import alternative_names
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import x509

__all__ = ["describe"]


def describe(text: str) -> str:
    """Return a few lines for each certificate of the PEM ``text``; "" where there is none."""
    try:
        certificates = [
            whole(x509.load_pem_x509_certificate(block.text))
            for block in pem.blocks(text.encode())
            if block.is_certificate
        ]
    except ValueError:
        return "(not readable as certificates)\n"
    return "".join(_lines(number, item) for number, item in enumerate(certificates))


def _lines(number: int, item: x509.Certificate) -> str:
    dns, addresses = alternative_names(item)
    rows = [
        ("subject", item.subject.rfc4514_string()),
        ("issuer", item.issuer.rfc4514_string()),
        ("names", ", ".join([*dns, *map(str, addresses)])),
        ("valid", f"{item.not_valid_before_utc:%Y-%m-%d %H:%M} to {item.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"),
        ("sha256", fingerprint(item)),
    ]
    head = "certificate" if number == 0 else f"intermediate {number}"
    return f"{head}\n" + "".join(f"  {key}: {value}\n" for key, value in rows if value)
