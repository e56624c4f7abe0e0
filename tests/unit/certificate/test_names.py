# SPDX-License-Identifier: GPL-3.0-or-later
"""A wildcard stands for exactly one label (RFC 6125 section 6.4.3); addresses match addresses only."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.names import ascii_name, is_covered

DNS = ["www.example.org", "*.apps.example.org", "*.org", "xn--bcher-kva.example"]
ADDRESSES = [ipaddress.ip_address("192.0.2.80"), ipaddress.ip_address("2001:db8::80")]


@pytest.mark.parametrize(
    "name",
    [
        "www.example.org",
        "WWW.Example.ORG",
        "www.example.org.",
        "a.apps.example.org",
        "*.apps.example.org",
        "192.0.2.80",
        "2001:db8::80",
        "2001:DB8:0::80",
        "bücher.example",
    ],
)
def test_is_covered(name):
    assert is_covered(name, DNS, ADDRESSES)


@pytest.mark.parametrize(
    "name",
    [
        "example.org",
        "a.www.example.org",
        "apps.example.org",
        "a.b.apps.example.org",
        "*.www.example.org",
        "192.0.2.81",
        "2001:db8::81",
        "*.example.org",
    ],
)
def test_is_not_covered(name):
    assert not is_covered(name, DNS, ADDRESSES)


def test_a_wildcard_over_a_top_level_domain_covers_nothing():
    assert not is_covered("example.org", ["*.org"], [])


@pytest.mark.parametrize("name", ["", "a..b", "-a.test", "a b", "x,IP:1.2.3.4", "*", "a.*.test", "a" * 64, "a.test\nb"])
def test_no_host_name(name):
    with pytest.raises((ValueError, UnicodeError)):
        ascii_name(name)
