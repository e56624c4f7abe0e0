# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which texts name a certificate, and that nobody who reaches a host forgets the one that is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.action import esxi_teaming, link_cutover
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import Connection
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import target_of

ROOT = Path(__file__).parents[3]
REACHING = ("netstack.datacenter.esxi_teaming", "netstack.datacenter.link_cutover")
PLAIN = "0123456789abcdef" * 4
COLONS = ":".join(PLAIN[at : at + 2].upper() for at in range(0, 64, 2))


@pytest.mark.parametrize(
    "text",
    [PLAIN, PLAIN.upper(), COLONS, f"sha256 Fingerprint={COLONS}", f"SHA256 Fingerprint={COLONS}\n", f"SHA256:{PLAIN}"],
)
def test_a_fingerprint_is_read_as_openssl_prints_it_and_as_people_copy_it(text):
    assert target(text).fingerprint == COLONS
    assert target("").fingerprint is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (COLONS[:59], "proves nothing"),
        (f"SHA1 Fingerprint={COLONS[:59]}", "proves nothing"),
        (COLONS[:-1], "no fingerprint of SHA-256"),
        (f"{COLONS}:00", "no fingerprint of SHA-256"),
        (COLONS.replace(":", "", 1), "no fingerprint of SHA-256"),
        ("any", "no fingerprint of SHA-256"),
    ],
)
def test_what_is_no_sha_256_is_refused_with_its_reason(text, why):
    with pytest.raises(RefusalError, match="FINGERPRINT") as caught:
        target(text)
    assert why in str(caught.value)
    assert "openssl x509" in str(caught.value)


def target(fingerprint):
    options = {"ca_file": None, "validate_certs": True, "tls_fingerprint": fingerprint, "timeouts": {}}
    return target_of(Connection("esx1", "192.0.2.1"), options)


def tasks():
    """Yield each task of roles and playbooks that reaches a host, with its file."""
    for file in [*ROOT.glob("roles/esxi_teaming/tasks/*.yml"), *ROOT.glob("playbooks/**/*.yml")]:
        for each in yaml.safe_load(file.read_text()) or []:
            yield from ((file, each[name]) for name in REACHING if name in each)


def test_each_task_that_reaches_a_host_hands_the_fingerprint_on():
    found = list(tasks())
    forgotten = [file.name for file, options in found if "esxi_teaming_tls_fingerprint" not in str(options)]
    assert len(found) >= 7 and forgotten == []
    assert all("tls_fingerprint" in action._SPEC for action in (esxi_teaming, link_cutover))
