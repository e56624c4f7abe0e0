# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources on the target: what leaves the host is public, and a self-signed certificate is made once."""

from __future__ import annotations

import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import openssl, sources
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.survey import with_remote

from .certificate_builders import LEAF, LEAF_KEY, LOWER, NOW, UPPER, full, key_pem, look, reader

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="the openssl program is not installed")

LIVE = {"fullchain.pem": LEAF.pem + LOWER.pem + UPPER.pem, "privkey.pem": LEAF_KEY, "old.pem": LOWER.pem}
OWN = {"name": "lab", "kind": "self_signed", "key_type": "ec", "minimum_days": 14, "valid_days": 365}


def folder(path, files):
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return str(path)


def judged(path, check_mode=False):
    """Return (survey, key places, module arguments) for a remote source, through both halves."""
    seen = look({"web": {"source": "remote", "path": path, "names": ["www.example.org"]}})
    found, keys = with_remote(seen, {"web": sources.inspect(path)}, reader({}), NOW, check_mode)
    file, index = keys.get("web", ("", 0))
    order = list(found.bundles[0].fingerprints) if found.bundles else []
    return found, {"kind": "remote", "path": path, "order": order, "key_file": file, "key_index": index}


@pytest.mark.parametrize(
    "files",
    [
        LIVE,
        {"web.cer": LEAF.pem, "ca.cer": UPPER.pem + LOWER.pem, "web.key": LEAF_KEY},
        {"combined.pem": LEAF_KEY + UPPER.pem.replace(b"\n", b"\r\n") + LOWER.pem + LEAF.pem, "readme.txt": LEAF_KEY},
        {"a.pem": LEAF.pem + LEAF_KEY, "b.key": key_pem(LEAF.key, traditional=True), "c.crt": LOWER.pem + UPPER.pem},
    ],
    ids=["certbot", "acme.sh", "one file, root first", "the same key twice"],
)
def test_a_remote_folder_is_judged_and_assembled_in_order(files, tmp_path):
    found, arguments = judged(folder(tmp_path / "live", files))
    assert found.findings == []
    content = sources.wanted_file(arguments, "/x.pem", "", False).content
    assert content.startswith(LEAF.pem + LOWER.pem + UPPER.pem)
    assert content.count(b"PRIVATE KEY") == 2


def test_no_private_key_leaves_the_host(tmp_path):
    report = sources.inspect(folder(tmp_path / "live", LIVE))
    assert "PRIVATE" not in str(report)
    assert LEAF_KEY.splitlines()[2].decode() not in str(report)


def test_an_encrypted_remote_key_is_reported_as_such_without_asking_for_a_password(tmp_path):
    for traditional in (True, False):
        path = folder(
            tmp_path / "live", {"fullchain.pem": LEAF.pem, "privkey.pem": key_pem(LEAF.key, "x", traditional)}
        )
        assert "[KEY_ENCRYPTED]" in judged(path)[0].findings[0]


def test_a_source_that_changes_between_judging_and_assembling_is_refused(tmp_path):
    path = folder(tmp_path / "live", LIVE)
    _found, arguments = judged(path)
    folder(tmp_path / "live", {"fullchain.pem": UPPER.pem})
    with pytest.raises(sources.UnreadableError, match="run again"):
        sources.wanted_file(arguments, "/x.pem", "", False)


def test_a_missing_source_is_a_finding(tmp_path):
    assert "No such file" in judged(str(tmp_path / "none"))[0].findings[0]


def without_openssl(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_check_mode_before_openssl_is_installed_notes_what_it_cannot_compare(tmp_path, monkeypatch):
    path = folder(tmp_path / "live", LIVE)
    without_openssl(monkeypatch, tmp_path)
    found, _arguments = judged(path, check_mode=True)
    assert (found.findings, len(found.notes)) == ([], 1)
    assert "openssl" in judged(path)[0].findings[0]


def make(path, names, check_mode=False, **changes):
    content = sources.wanted_file({**OWN, "names": names, **changes}, str(path), "", check_mode).content
    path.write_bytes(content)
    return content


@pytest.mark.parametrize(("key_type", "kind"), [("ec", ec.EllipticCurvePublicKey), ("rsa", rsa.RSAPublicKey)])
def test_a_self_signed_certificate_is_one_that_a_strict_client_accepts(tmp_path, key_type, kind):
    content = make(tmp_path / "lab.pem", ["lab.test", "*.lab.test", "192.0.2.1", "2001:db8::1"], key_type=key_type)
    made = x509.load_pem_x509_certificate(content)
    assert isinstance(made.public_key(), kind)
    assert openssl.public_key(content.decode()) == openssl.certificate_key(content.decode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["lab.test", "*.lab.test"]
    assert [str(item) for item in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1", "2001:db8::1"]
    verifier = PolicyBuilder().store(Store([made])).build_server_verifier(x509.DNSName("a.lab.test"))
    assert verifier.verify(made, []) == [made]


def test_a_fit_self_signed_certificate_is_kept_byte_for_byte(tmp_path):
    first = make(tmp_path / "lab.pem", ["b.test", "a.test", "2001:db8:0::1"])
    assert make(tmp_path / "lab.pem", ["a.test", "B.test", "2001:db8::1"]) == first


@pytest.mark.parametrize(
    "changes", [{"names": ["a.test"]}, {"key_type": "rsa"}, {"minimum_days": 366}], ids=["names", "key", "days"]
)
def test_a_self_signed_certificate_that_does_not_fit_any_more_is_made_anew(tmp_path, changes):
    first = make(tmp_path / "lab.pem", ["a.test", "b.test"])
    arguments = {"names": ["a.test", "b.test"], **changes}
    assert make(tmp_path / "lab.pem", **arguments) != first


def test_a_certificate_with_a_foreign_key_is_made_anew(tmp_path):
    other = make(tmp_path / "other.pem", ["a.test"])
    first = make(tmp_path / "lab.pem", ["a.test"])
    mixed = first[: first.index(b"-----BEGIN PRIVATE")] + other[other.index(b"-----BEGIN PRIVATE") :]
    (tmp_path / "lab.pem").write_bytes(mixed)
    assert make(tmp_path / "lab.pem", ["a.test"]) not in (first, mixed)


def test_a_certificate_of_an_authority_in_its_place_is_not_taken_for_self_signed(tmp_path):
    (tmp_path / "lab.pem").write_bytes(LEAF.pem + LEAF_KEY)
    assert make(tmp_path / "lab.pem", ["www.example.org", "*.apps.example.org", "192.0.2.80"]) != LEAF.pem + LEAF_KEY


def test_check_mode_makes_no_key(tmp_path, monkeypatch):
    without_openssl(monkeypatch, tmp_path)
    assert b"PRIVATE" not in make(tmp_path / "lab.pem", ["a.test"], check_mode=True)


def test_check_mode_without_openssl_keeps_what_is_there_and_the_real_run_says_what_is_missing(tmp_path, monkeypatch):
    first = make(tmp_path / "lab.pem", ["a.test"])
    without_openssl(monkeypatch, tmp_path)
    assert make(tmp_path / "lab.pem", ["a.test"], check_mode=True) == first
    with pytest.raises(openssl.MissingError):
        make(tmp_path / "lab.pem", ["a.test"])


def test_a_name_too_long_for_a_common_name_still_gets_its_certificate(tmp_path):
    name = ".".join(["a" * 40, "b" * 40, "test"])
    made = x509.load_pem_x509_certificate(make(tmp_path / "lab.pem", [name]))
    assert made.subject.rfc4514_string() == "CN=self-signed"
    assert make(tmp_path / "lab.pem", [name]).startswith(made.public_bytes(Encoding.PEM))


def test_the_file_is_for_root_alone():
    file = sources.wanted_file({"kind": "given", "certificates": full().decode()}, "/x.pem", "", False)
    assert (file.mode, file.owner, file.secret) == (0o600, "root", True)
