# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what others wrote, files and what a target reports, costs no more than its size is worth."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import pem, sources
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import order
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.survey import with_remote

from .certificate_builders import LEAF, NOW, full, look

HANG = 20
"""Seconds that only a hang takes: these texts took minutes, and take less than one."""
WHOLE = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
PIECES = ["-----BEGIN A-----", "-----END A-----", "-----BEGIN B-----", "-----END B-----", "-----", "-", "\n", "x", "A"]
ENDLESS = """
import sys
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import files, pem
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import pem as ours
lines = ["-----BEGIN A-----\\n", "-----BEGIN A-----\\n-----END B-----\\n", "-----END A-----\\n", "-----BEGIN A----\\n", "-----"]
for line in lines:
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


def test_too_many_certificates_to_compare_each_with_each_are_refused():
    class Numbered:
        def __init__(self, number: int) -> None:
            self.number = number

        def fingerprint(self, _algorithm: object) -> bytes:
            return self.number.to_bytes(4, "big")

    with pytest.raises(UnusableError, match="301 certificates, more than 300"):
        order(tuple(Numbered(number) for number in range(301)), NOW)
