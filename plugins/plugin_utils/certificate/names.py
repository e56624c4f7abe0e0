# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a certificate covers: subject alternative names, wildcards by RFC 6125 section 6.4.3."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import x509

__all__ = ["Address", "alternative_names", "ascii_name", "is_covered", "parse_address"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def parse_address(name: str) -> Address | None:
    """Return the IP address that ``name`` spells, or None."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def ascii_name(name: str) -> str:
    """Return a host name as certificates carry it: lower case, A-labels (RFC 5890), no final dot.

    A first label ``*`` is kept. Raises ValueError where it is no host name.
    """
    plain = name.strip().rstrip(".").lower()
    wildcard, rest = ("*.", plain[2:]) if plain.startswith("*.") else ("", plain)
    ascii_rest = rest if rest.isascii() else rest.encode("idna").decode("ascii")
    labels = ascii_rest.split(".")
    if len(ascii_rest) > 253 or not all(_LABEL.fullmatch(label) for label in labels):  # RFC 1035
        raise ValueError(f"{name!r} is not a host name")
    return wildcard + ascii_rest


def alternative_names(certificate: x509.Certificate) -> tuple[list[str], list[Address]]:
    """Return the DNS names (lower case) and the IP addresses of the certificate."""
    try:
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [], []
    addresses = [value for value in san.get_values_for_type(x509.IPAddress) if not hasattr(value, "netmask")]
    return [name.lower() for name in san.get_values_for_type(x509.DNSName)], list(addresses)


def is_covered(name: str, dns: list[str], addresses: list[Address]) -> bool:
    """Tell whether one of the alternative names stands for ``name``.

    A wildcard is the whole leftmost label and stands for exactly one label (RFC 6125 section 6.4.3); an IP address
    matches only an iPAddress entry (RFC 2818 section 3.1). The common name counts for nothing, as in browsers.
    """
    address = parse_address(name)
    if address is not None:
        return address in addresses
    wanted = ascii_name(name)
    parent = wanted.partition(".")[2]
    by_wildcard = bool(parent) and "." in parent and not wanted.startswith("*.") and f"*.{parent}" in dns
    return wanted in dns or by_wildcard
