# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the order and dress of a PEM file, what is served is the leaf, its intermediates in order, and the key."""

from __future__ import annotations

import random
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import order

from .certificate_builders import (
    LEAF,
    LEAF_KEY,
    LOWER,
    NOW,
    ROOT,
    UPPER,
    Certificate,
    full,
    key_pem,
    look,
    pfx,
)

EXPECTED = (LEAF.pem + LOWER.pem + UPPER.pem).decode()
PARTS = [LEAF.pem, LOWER.pem, UPPER.pem, ROOT.pem, LEAF_KEY]


def bundle_of(content, **options):
    found = look({"web": {"source": "pem", "file": "web.pem", **options}}, {"web.pem": content})
    assert found.findings == []
    return found.bundles[0]


def same_key(text):
    private = load_pem_private_key(text.encode(), None)
    return private.private_numbers() == LEAF.key.private_numbers()


@given(st.permutations(PARTS), st.sampled_from([b"\n", b"\r\n", b"\r\n\r\n", b""]))
def test_any_order_and_any_line_end_give_the_same_chain(parts, end):
    content = b"".join(part.rstrip(b"\n").replace(b"\n", end or b"\n") + end for part in parts)
    bundle = bundle_of(content)
    assert bundle.certificates == EXPECTED
    assert same_key(bundle.key)


@given(st.lists(st.sampled_from(PARTS[:4]), max_size=6))
def test_repeated_certificates_change_nothing(again):
    assert bundle_of(b"".join([*again, *PARTS])).certificates == EXPECTED


def test_bag_attributes_and_comments_are_left_out():
    bag = b"Bag Attributes\r\n    localKeyID: 01 00 00 00\r\n    friendlyName: {A-B}\r\nsubject=CN = www\r\n"
    assert (
        bundle_of(bag + LEAF.pem + b"# issued by\n" + bag + LOWER.pem + UPPER.pem + bag + LEAF_KEY).certificates
        == EXPECTED
    )


def test_pieces_glued_without_a_newline_are_taken_apart():
    assert bundle_of(b"".join(part.strip() for part in PARTS)).certificates == EXPECTED


def test_a_windows_text_file_with_a_byte_order_mark_is_read():
    assert bundle_of(b"\xef\xbb\xbf" + full()).certificates == EXPECTED


def test_a_pkcs7_chain_of_a_windows_authority_is_read():
    chain = pkcs7.serialize_certificates([UPPER.x509, ROOT.x509, LOWER.x509], serialization.Encoding.PEM)
    assert bundle_of(LEAF.pem + LEAF_KEY + chain).certificates == EXPECTED


def test_the_served_text_has_no_empty_line_which_would_end_a_payload():
    bundle = bundle_of(full().replace(b"\n", b"\r\n\r\n"))
    assert "\n\n" not in bundle.certificates + bundle.key
    assert (bundle.certificates + bundle.key).endswith("-----\n")


def test_the_key_of_every_form_is_served_unencrypted():
    for text in (key_pem(LEAF.key, traditional=True), key_pem(LEAF.key)):
        assert same_key(bundle_of(full(private=text)).key)


@pytest.mark.parametrize("traditional", [True, False])
def test_an_encrypted_key_is_opened_by_its_password(traditional):
    content = full(private=key_pem(LEAF.key, "right", traditional))
    declared = {"web": {"source": "pem", "file": "web.pem", "password_secret": "pw"}}
    found = look(declared, {"web.pem": content}, {"pw": "right"})
    assert found.findings == []
    assert same_key(found.bundles[0].key)
    assert "ENCRYPTED" not in found.bundles[0].key


def test_certificate_key_and_chain_come_from_three_files():
    declared = {"web": {"source": "pem", "certificate_file": "c", "key_file": "k", "chain_file": "ch"}}
    found = look(declared, {"c": LEAF.pem, "k": LEAF_KEY, "ch": UPPER.pem + LOWER.pem})
    assert (found.findings, found.bundles[0].certificates) == ([], EXPECTED)


def test_a_secret_holds_pem_text():
    found = look({"web": {"source": "secret", "secret": "web_pem"}}, {}, {"web_pem": full().decode()})
    assert (found.findings, found.bundles[0].certificates) == ([], EXPECTED)


def test_the_root_is_left_out_and_an_unrelated_authority_is_noted():
    stranger = Certificate("Stranger CA", authority=True, end=4000)
    found = look({"web": {"source": "pem", "file": "f"}}, {"f": full() + ROOT.pem + stranger.pem})
    assert found.bundles[0].certificates == EXPECTED
    assert found.notes == ["web: CN=Stranger CA does not belong to the chain and was left out"]


def test_a_self_signed_certificate_is_a_chain_of_its_own():
    own = Certificate("own.test", None, ("own.test",))
    assert bundle_of(own.pem + key_pem(own.key)).certificates == own.pem.decode()


def test_a_lone_leaf_is_served_with_a_note_that_ca_file_turns_into_a_check():
    direct = Certificate("direct.test", ROOT, ("direct.test",))
    files = {"f": direct.pem + key_pem(direct.key), "roots": ROOT.pem}
    declared = {"source": "pem", "file": "f"}
    assert "no intermediate certificate is given" in look({"web": declared}, files).notes[0]
    checked = look({"web": {**declared, "ca_file": "roots"}}, files)
    assert (checked.findings, checked.notes) == ([], [])


@pytest.mark.parametrize("others", [[], [LOWER, UPPER]])
def test_a_pfx_without_its_chain_is_warned_of_and_says_how_to_export_it(others, tmp_path):
    files = {"f": pfx(LEAF, others, "right", tmp_path)}
    found = look({"web": {"source": "pkcs12", "file": "f", "password_secret": "pw"}}, files, {"pw": "right"})
    assert len(found.bundles) == 1
    assert found.warnings == found.notes
    assert ["Include all certificates in the certification path" in text for text in found.warnings] == [True] * (
        not others
    )


def test_of_two_issuers_with_one_key_the_one_in_force_is_served():
    stale = Certificate("Test Issuing CA", UPPER, authority=True, start=-900, end=-1)
    parts = [LEAF.pem, LOWER.pem, stale.pem, UPPER.pem, LEAF_KEY]
    for _again in range(5):
        random.shuffle(parts)
        assert bundle_of(b"".join(parts)).certificates == EXPECTED


def test_a_cross_signed_root_is_served_in_place_of_the_root():
    older = Certificate("Older Root", authority=True, end=4000)
    crossed = Certificate("Test Root", older, authority=True, end=1500)
    chain = order(tuple(item.x509 for item in (ROOT, crossed, LEAF, UPPER, LOWER, older)), NOW)
    assert [item.x509 for item in (LEAF, LOWER, UPPER, crossed)] == list(chain.certificates)
    assert chain.root == older.x509


def test_an_issuer_of_the_same_name_that_did_not_sign_is_no_issuer():
    impostor = Certificate("Test Issuing CA", UPPER, authority=True, end=3000, key_label="impostor")
    assert bundle_of(full() + impostor.pem).certificates == EXPECTED


LEGACY = ["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES"]


def _legacy_missing():
    listed = subprocess.run(["openssl", "list", "-providers", "-provider", "legacy"], capture_output=True, check=False)
    return listed.returncode != 0


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            LEGACY,
            id="rc2-40",
            marks=pytest.mark.skipif(
                _legacy_missing(), reason="the openssl program has no legacy provider to make one"
            ),
        ),
        pytest.param(["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"], id="3des"),
        pytest.param(["-certpbe", "AES-256-CBC", "-keypbe", "AES-256-CBC"], id="aes"),
    ],
)
def test_a_pfx_of_every_age_is_opened(options, tmp_path):
    content = pfx(LEAF, [ROOT, UPPER, LOWER], "right", tmp_path, *options)
    declared = {"web": {"source": "pkcs12", "file": "web.pfx", "password_secret": "pw"}}
    found = look(declared, {"web.pfx": content}, {"pw": "right"})
    assert (found.findings, found.bundles[0].certificates) == ([], EXPECTED)
    assert same_key(found.bundles[0].key)


def test_a_pfx_with_the_empty_password_needs_no_secret(tmp_path):
    declared = {"web": {"source": "pkcs12", "file": "web.pfx", "chain_file": "chain"}}
    files = {"web.pfx": pfx(LEAF, [], "", tmp_path), "chain": LOWER.pem + UPPER.pem}
    found = look(declared, files)
    assert (found.findings, found.bundles[0].certificates) == ([], EXPECTED)
