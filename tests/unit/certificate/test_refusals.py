# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a certificate can be wrong is refused with its own message, committed in golden/refusals.txt."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12 as pkcs12_format

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.survey import survey, with_remote

from .certificate_builders import (
    CLIENT_AUTH,
    LEAF,
    LEAF_KEY,
    LOWER,
    NOW,
    ROOT,
    UPPER,
    Certificate,
    full,
    key,
    key_pem,
    look,
    reader,
)

GOLDEN = Path(__file__).parent / "golden" / "refusals.txt"
OTHER_KEY = key_pem(key("somebody else"))


def one(content, **options):
    """Return the findings on one PEM file."""
    return look({"web": {"source": "pem", "file": "web.pem", **options}}, {"web.pem": content}).findings


def leaf_with(**changes):
    return full(Certificate(**{"common": "www.example.org", "issuer": LOWER, "names": ("www.example.org",), **changes}))


def encrypted(password="right", traditional=False):
    return full(private=key_pem(LEAF.key, password, traditional))


def with_password(content, secret):
    declared = {"web": {"source": "pem", "file": "web.pem", "password_secret": "web_password"}}
    return look(declared, {"web.pem": content}, {"web_password": secret}).findings


def pkcs12(content, secrets=None, **options):
    return look({"web": {"source": "pkcs12", "file": "web.pfx", **options}}, {"web.pfx": content}, secrets).findings


def p12(password, private=LEAF.key, certificate=LEAF):
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return pkcs12_format.serialize_key_and_certificates(
        b"web", private, certificate and certificate.x509, [LOWER.x509], how
    )


def declared(**options):
    return look({"web": options}).findings


def expired_intermediate():
    old = Certificate("Test Issuing CA", UPPER, authority=True, start=-900, end=-1)
    leaf = Certificate("w.test", old, ("w.test",))
    return one(leaf.pem + old.pem + UPPER.pem + key_pem(leaf.key))


def remote(certificates, keys, error="", names=()):
    request = {"web": {"source": "remote", "path": "/etc/acme/web", "names": list(names)}}
    read = reader({})
    report = {"web": {"error": error, "certificates": certificates.decode(), "keys": keys}}
    judged, _keys = with_remote(survey(request, read, {}, NOW), report, read, NOW, False)
    return judged.findings


def reported(private, file="/etc/acme/web/key.pem", problem="", index=0):
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = "" if problem else private.public_key().public_bytes(*form).decode()
    return {"file": file, "index": index, "public_key": public, "problem": problem}


CHAIN = LEAF.pem + LOWER.pem + UPPER.pem
SECOND = Certificate("other.example.org", LOWER, ("other.example.org",), end=90)

CASES = {
    "key_mismatch": lambda: one(CHAIN + OTHER_KEY),
    "key_of_intermediate": lambda: one(CHAIN + key_pem(LOWER.key)),
    "no_key": lambda: one(CHAIN),
    "no_certificate": lambda: one(LEAF_KEY),
    "several_keys": lambda: one(full() + OTHER_KEY),
    "several_leaves": lambda: one(full() + SECOND.pem),
    "expired": lambda: one(leaf_with(start=-400, end=-2)),
    "not_yet_valid": lambda: one(leaf_with(start=3)),
    "expires_soon": lambda: one(leaf_with(end=9)),
    "expired_intermediate": expired_intermediate,
    "weak_rsa": lambda: one(leaf_with(key_kind="rsa1024", key_label="weak")),
    "weak_curve": lambda: one(leaf_with(key_kind="secp224r1", key_label="weak")),
    "unusable_curve": lambda: one(leaf_with(key_kind="secp256k1", key_label="coin")),
    "name_not_covered": lambda: one(full(), names=["www.example.org", "example.org", "shop.example.org"]),
    "wildcard_too_deep": lambda: one(full(), names=["a.b.apps.example.org"]),
    "wildcard_itself": lambda: one(full(), names=["apps.example.org"]),
    "address_not_covered": lambda: one(full(), names=["192.0.2.81"]),
    "no_alternative_name": lambda: one(leaf_with(names=()), names=["www.example.org"]),
    "not_for_servers": lambda: one(leaf_with(purpose=CLIENT_AUTH)),
    "chain_broken": lambda: one(LEAF.pem + UPPER.pem + LEAF_KEY),
    "chain_incomplete": lambda: (
        look(
            {"web": {"source": "pem", "file": "web.pem", "ca_file": "roots.pem"}},
            {"web.pem": LEAF.pem + LOWER.pem + LEAF_KEY, "roots.pem": ROOT.pem},
        ).findings
    ),
    "key_encrypted": lambda: one(encrypted()),
    "key_encrypted_traditional": lambda: one(encrypted(traditional=True)),
    "wrong_password": lambda: with_password(encrypted(), "wrong"),
    "wrong_password_traditional": lambda: with_password(encrypted(traditional=True), "wrong"),
    "pfx_no_password": lambda: pkcs12(p12(b"right")),
    "pfx_wrong_password": lambda: pkcs12(p12(b"right"), {"pw": "wrong"}, password_secret="pw"),
    "pfx_without_key": lambda: pkcs12(p12(None, private=None, certificate=None)),
    "pfx_is_pem": lambda: pkcs12(full()),
    "pfx_damaged": lambda: pkcs12(b"\x30\x07garbage", {"pw": "x"}, password_secret="pw"),
    "pfx_empty": lambda: pkcs12(b"", {"pw": "right"}, password_secret="pw"),
    "pfx_truncated": lambda: pkcs12(p12(b"right")[:1000], {"pw": "right"}, password_secret="pw"),
    "pfx_truncated_in_its_head": lambda: pkcs12(b"\x30"),
    "pfx_is_text": lambda: pkcs12(b"<html>404</html>", {"pw": "right"}, password_secret="pw"),
    "pem_is_binary": lambda: one(p12(b"right")),
    "pem_is_empty": lambda: one(b"\n"),
    "pem_is_text": lambda: one(b"hello"),
    "pem_cut_off": lambda: one(LEAF.pem[:-30]),
    "pem_damaged": lambda: one(LEAF.pem.replace(b"M", b"*", 1)),
    "certificate_damaged": lambda: one(b"-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n" + LEAF_KEY),
    "key_damaged": lambda: one(CHAIN + b"-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n"),
    "chain_file_without_certificate": lambda: (
        look(
            {"web": {"source": "pem", "file": "web.pem", "chain_file": "chain.pem", "ca_file": "ca.pem"}},
            {"web.pem": full(), "chain.pem": LEAF_KEY, "ca.pem": OTHER_KEY},
        ).findings
    ),
    "key_file_without_key": lambda: (
        look(
            {"web": {"source": "pem", "certificate_file": "c.pem", "key_file": "k.pem"}},
            {"c.pem": CHAIN, "k.pem": CHAIN},
        ).findings
    ),
    "file_missing": lambda: declared(source="pem", certificate_file="a.pem", key_file="b.pem"),
    "secret_unknown": lambda: declared(source="secret", secret="web_pem"),
    "secret_empty": lambda: look({"web": {"source": "secret", "secret": "s"}}, {}, {"s": ""}).findings,
    "password_unknown": lambda: pkcs12(p12(b"right"), {}, password_secret="pw"),
    "unknown_option": lambda: declared(source="pkcs12", fille="a.pfx"),
    "unknown_source": lambda: declared(source="pfx", file="a.pfx"),
    "no_source": lambda: declared(file="a.pfx"),
    "option_of_other_source": lambda: declared(source="pkcs12", file="a.pfx", valid_days=10),
    "pem_without_key_file": lambda: declared(source="pem", certificate_file="a.pem"),
    "pem_with_both": lambda: declared(source="pem", file="a.pem", key_file="b.pem"),
    "missing_path": lambda: declared(source="remote"),
    "relative_path": lambda: declared(source="remote", path="live/www"),
    "missing_names": lambda: declared(source="self_signed"),
    "bad_key_type": lambda: declared(source="self_signed", names=["a.test"], key_type="dsa"),
    "bad_valid_days": lambda: declared(source="self_signed", names=["a.test"], valid_days=10),
    "bad_minimum_days": lambda: declared(source="self_signed", names=["a.test"], minimum_days=-1),
    "bad_host_name": lambda: declared(source="self_signed", names=["a b.test", "x,IP:1.2.3.4"]),
    "bad_types": lambda: declared(source="pem", file=["a"], names="a.test", minimum_days="14"),
    "not_a_dictionary": lambda: look({"web": "web.pem"}).findings,
    "bad_name": lambda: look({"../web": {"source": "pem", "file": "web.pem"}}).findings,
    "remote_missing": lambda: remote(b"", [], "/etc/acme/web: No such file or directory"),
    "remote_no_key": lambda: remote(CHAIN, []),
    "remote_several_keys": lambda: remote(CHAIN, [reported(LEAF.key), reported(LOWER.key, "/etc/acme/web/old.key")]),
    "remote_encrypted": lambda: remote(CHAIN, [reported(None, problem="encrypted")]),
    "remote_openssl_missing": lambda: remote(CHAIN, [reported(None, problem="openssl missing")]),
    "remote_mismatch": lambda: remote(CHAIN, [reported(LOWER.key)], names=["www.example.org", "x.test"]),
}


def all_at_once():
    faults = {
        "a": {"source": "pem", "file": "a.pem", "names": ["x.test"]},
        "b": {"source": "pkcs12", "file": "missing.pfx", "password_secret": "nope"},
        "c": {"source": "pem", "certificate_file": "missing.pem", "key_file": "encrypted.pem"},
        "d": {"source": "self_signed", "nam": ["d.test"], "minimum_days": "x"},
        "good": {"source": "pem", "file": "good.pem"},
    }
    weak = Certificate("old.test", None, (), start=-400, end=-2, key_kind="rsa1024", key_label="weak")
    files = {"a.pem": weak.pem + OTHER_KEY, "encrypted.pem": key_pem(LEAF.key, "secret"), "good.pem": full()}
    return look(faults, files).findings


def sha1_signature():
    """The library signs nothing with SHA-1 any more; the openssl program still does."""
    private = key_pem(key("sha1", "rsa2048"))
    command = [
        "openssl",
        "req",
        "-x509",
        "-new",
        "-sha1",
        "-key",
        "/dev/stdin",
        "-days",
        "3650",
        "-subj",
        "/CN=sha1.test",
    ]
    made = subprocess.run(command, check=True, capture_output=True, input=private).stdout
    now = x509.load_pem_x509_certificate(made).not_valid_before_utc
    declared = {"web": {"source": "pem", "file": "web.pem"}}
    return survey(declared, reader({"web.pem": made + private}), {}, now).findings


CASES.update(all_at_once=all_at_once, sha1_signature=sha1_signature)


@pytest.fixture(scope="module")
def messages():
    return {case: "\n".join(make()) + "\n" for case, make in sorted(CASES.items())}


def test_each_is_refused_with_its_message(messages, golden):
    assert [case for case, text in messages.items() if not text.strip()] == []
    golden(GOLDEN, "".join(f"## {case}\n{text}" for case, text in messages.items()))


def test_all_findings_of_all_certificates_come_at_once(messages):
    assert {line.partition(":")[0] for line in messages["all_at_once"].splitlines()} == {"a", "b", "c", "d"}
    assert len(messages["all_at_once"].splitlines()) == 10


def test_a_good_certificate_beside_wrong_ones_is_still_judged():
    declared = {"bad": {"source": "pem", "file": "x.pem"}, "good": {"source": "pem", "file": "good.pem"}}
    assert [bundle.name for bundle in look(declared, {"good.pem": full()}).bundles] == ["good"]


def test_no_message_holds_key_or_password(messages):
    secret, body = "Canary-5f2d", LEAF_KEY.splitlines()[1].decode()
    wrong = pkcs12(p12(b"right"), {"pw": secret}, password_secret="pw")
    texts = [*with_password(encrypted(), secret), *wrong, *messages.values()]
    assert not [text for text in texts if secret in text or body in text or "PRIVATE KEY-----" in text]
