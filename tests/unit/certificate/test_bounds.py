# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what others wrote, files and what a target reports, costs no more than its size is worth."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import pem, sources
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import derivation, material
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import order
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.describe import describe
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.survey import with_remote

from .certificate_builders import LEAF, LEAF_KEY, NOW, full, look, pfx

HANG = 20
"""Seconds that only a hang takes: these texts took minutes, and take less than one."""
WHOLE = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
PIECES = ["-----BEGIN A-----", "-----END A-----", "-----BEGIN B-----", "-----END B-----", "-----", "-", "\n", "x", "A"]
ENDLESS = """
import sys
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import files, pem
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import pem as ours
lone = ["-----BEGIN A-----\\n", "-----END A-----\\n", "-----BEGIN A----\\n", "-----"]
for line in [*lone, "-----BEGIN A-----\\n-----END B-----\\n"]:
    text = (line * (pem.LARGEST // len(line)))[: pem.LARGEST]
    assert files.blocks(text) == [] and ours.blocks(text.encode()) == []
"""


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_blocks_are_found_as_a_regular_expression_for_a_whole_block_finds_them(text):
    assert pem.spans(text) == WHOLE.findall(text)


def test_a_text_of_lines_that_begin_blocks_and_end_none_is_read_at_once():
    subprocess.run([sys.executable, "-c", ENDLESS], check=True, timeout=HANG)


def test_a_file_larger_than_any_certificate_is_refused_with_its_size():
    files = {"a.pem": full() + b"x" * pem.LARGEST}
    found = look({"a": {"source": "pem", "file": "a.pem"}}, files).findings
    assert f"more than {pem.LARGEST}" in found[0]
    found = look({"a": {"source": "pkcs12", "file": "a.pem"}}, files).findings
    assert f"more than {pem.LARGEST}" in found[0]


def test_a_source_on_a_target_larger_than_any_certificate_is_told_with_its_name(tmp_path):
    file = tmp_path / "a.pem"
    file.write_bytes(full() + b"x" * pem.LARGEST)
    assert sources.inspect(str(file))["error"] == f"{file}: it is larger than {pem.LARGEST} octets"
    file.write_bytes(full())
    assert sources.inspect(str(file))["error"] == ""


REPORTS = [
    {"certificates": "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"},
    {"certificates": "-----BEGIN A-----\n" * 70000},
    {"keys": [{"file": "/k", "index": 0, "problem": "", "public_key": "nonsense"}]},
]


@pytest.mark.parametrize("report", REPORTS, ids=["damaged", "large", "key"])
def test_whatever_a_target_reports_of_its_certificate_is_a_finding(report):
    before = look({"a": {"source": "remote", "path": "/etc/a"}})
    whole = {"error": "", "certificates": full().decode(), "keys": [], **report}
    judged, _keys = with_remote(before, {"a": whole}, lambda path: b"", NOW, check_mode=False)
    assert len(judged.findings) == 1


def with_extension(number: str, value: bytes) -> bytes:
    """Return a certificate and its key; one of the extensions that are looked at is what it is given as."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.org")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(LEAF.key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW).not_valid_after(NOW + timedelta(90))
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(number), value)
    made = builder.add_extension(extension, critical=False).sign(LEAF.key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM) + LEAF_KEY


EXTENSIONS = ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"]


@given(st.sampled_from(EXTENSIONS), st.binary(max_size=12))
def test_any_extension_of_a_certificate_is_judged_or_a_finding(number, value):
    text = with_extension(number, value)
    found = look({"a": {"source": "pem", "file": "a.pem"}}, {"a.pem": text})
    assert found.findings or found.bundles
    assert describe(text.decode())


def test_one_certificate_that_cannot_be_read_keeps_no_finding_of_another_back():
    files = {"a.pem": with_extension("2.5.29.17", b"x"), "b.pem": b""}
    declared = {name: {"source": "pem", "file": f"{name}.pem"} for name in "ab"}
    assert [text[:2] for text in look(declared, files).findings] == ["a:", "b:"]


def test_too_many_certificates_to_compare_each_with_each_are_refused():
    class Numbered:
        def __init__(self, number: int) -> None:
            self.number = number

        def fingerprint(self, _algorithm: object) -> bytes:
            return self.number.to_bytes(4, "big")

    with pytest.raises(UnusableError, match="301 certificates, more than 300"):
        order(tuple(Numbered(number) for number in range(301)), NOW)


ASKED = 70_000
MANY = b"\x02\x03\x7f\xff\xff"
"""More than may be asked for, in as many octets as those that are asked for, so that no length changes."""
DECLARED = {"web": {"source": "pkcs12", "file": "web.pfx", "password_secret": "pw"}}
EXPORTS = {
    "pbkdf2": [],
    "pbe": ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
}


@pytest.fixture
def closed(monkeypatch):
    """Let nothing be opened."""

    def opened(*_given: object) -> None:
        raise AssertionError("it was opened, which takes as long as it asks for")

    monkeypatch.setattr(material.pkcs12, "load_key_and_certificates", opened)
    monkeypatch.setattr(material.serialization, "load_pem_private_key", opened)


def exported(tmp_path, *options: str) -> bytes:
    return pfx(LEAF, [], "right", tmp_path, "-iter", str(ASKED), *options)


@pytest.mark.parametrize("options", EXPORTS.values(), ids=EXPORTS)
def test_each_place_of_a_pfx_that_asks_for_iterations_is_counted_before_a_password_is_tried(options, tmp_path, closed):
    content, asks = exported(tmp_path, *options), b"\x02\x03" + ASKED.to_bytes(3, "big")
    assert derivation.iterations(content) == 3 * ASKED
    places = [match.start() for match in re.finditer(re.escape(asks), content)]
    assert len(places) == 3
    for place in places:
        hostile = content[:place] + MANY + content[place + len(MANY) :]
        found = look(DECLARED, {"web.pfx": hostile}, {"pw": "right"}).findings
        assert f"web.pfx asks for {0x7FFFFF + 2 * ASKED} iterations to open it, more than 5000000" in found[0]


def ber(element: derivation._Element) -> bytes:
    """Return an element as old exports write it: lengths that end by themselves, octet strings in parts."""
    parts = [ber(child) for child in element.children]
    tag = element.tag
    if tag == 0x04 and len(element.content) > 100:
        pieces = [element.content[at : at + 100] for at in range(0, len(element.content), 100)]
        tag, parts = 0x24, [bytes([0x04, len(piece)]) + piece for piece in pieces]
    if tag & 0x20:
        return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"
    size = len(element.content).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + element.content


def test_a_pfx_in_ber_is_counted_alike_and_is_one_to_openssl(tmp_path):
    content = exported(tmp_path)
    written = ber(derivation._element(content, 0, 0)[0])
    assert derivation.iterations(written) == 3 * ASKED
    (tmp_path / "ber.pfx").write_bytes(written)
    command = ["openssl", "pkcs12", "-in", str(tmp_path / "ber.pfx"), "-passin", "pass:right", "-noout"]
    subprocess.run(command, check=True, capture_output=True)


KEYS = {
    "pbkdf2": (["-iter", "6000000"], 6_000_000),
    "scrypt": (["-scrypt"], 4 * 16384 * 8),
    "pbe": (["-v1", "PBE-SHA1-3DES", "-iter", "1234"], 1234),
}


@pytest.mark.parametrize(("options", "asked"), KEYS.values(), ids=KEYS)
def test_an_encrypted_key_is_counted_too(options, asked, monkeypatch, closed):
    command = ["openssl", "pkcs8", "-topk8", "-passout", "pass:right", *options]
    made = subprocess.run(command, input=LEAF_KEY, check=True, capture_output=True).stdout
    monkeypatch.setattr(derivation, "MOST", asked - 1)
    declared = {"web": {"source": "pem", "file": "web.pem", "password_secret": "pw"}}
    found = look(declared, {"web.pem": LEAF.pem + made}, {"pw": "right"}).findings
    assert f"asks for {asked} iterations" in found[0]


def test_the_keys_of_a_file_are_counted_together_and_many_are_not_opened(monkeypatch, closed):
    made = []
    for _number in range(9):
        command = ["openssl", "pkcs8", "-topk8", "-passout", "pass:right", "-iter", "100"]
        made.append(subprocess.run(command, input=LEAF_KEY, check=True, capture_output=True).stdout)
    declared = {"web": {"source": "pem", "file": "web.pem", "password_secret": "pw"}}
    found = look(declared, {"web.pem": LEAF.pem + b"".join(made)}, {"pw": "right"}).findings
    assert "holds 9 private keys" in found[0]
    monkeypatch.setattr(derivation, "MOST", 799)
    found = look(declared, {"web.pem": LEAF.pem + b"".join(made[:8])}, {"pw": "right"}).findings
    assert "asks for 800 iterations" in found[0]


@given(st.binary(max_size=60))
def test_any_octets_are_counted_without_a_crash(data):
    assert derivation.iterations(b"\x30" + data) >= 0


def test_octet_strings_within_octet_strings_are_each_looked_into_once():
    """Looked into in parts and as a whole, 40 of them would take 2 ** 40 looks."""
    data = b"0\x02\x05\0"
    for _depth in range(60):
        inner = b"\x04\x84" + len(data).to_bytes(4, "big") + data
        outer = b"\x24\x84" + len(inner).to_bytes(4, "big") + inner
        data = b"0\x84" + len(outer).to_bytes(4, "big") + outer
    code = "import sys; from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import derivation"
    command = [sys.executable, "-c", f"{code}; derivation.iterations(sys.stdin.buffer.read())"]
    subprocess.run(command, input=data, check=True, timeout=HANG)


def test_the_largest_file_of_the_smallest_elements_is_counted_at_once():
    code = "from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import derivation as d; "
    shapes = ["b'0\\x80' * 500000", "b'0\\x84\\0\\x0f\\0\\0' + b'\\4\\0' * 491520", "b'$\\x80' * 500000"]
    calls = "; ".join(f"d.iterations({shape})" for shape in shapes)
    subprocess.run([sys.executable, "-c", code + calls], check=True, timeout=HANG)
