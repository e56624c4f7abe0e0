# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for secrets knows them in every dress: plain, quoted, in base64 at any offset, as a line of a PEM body."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "integration"))

from canary import FILE_SEARCH, Canaries

SECRET = "p4ss/w0rd+of the=lab&ünd"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def pem(key, layout=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, layout, serialization.NoEncryption())


def watching(secret=SECRET):
    canaries = Canaries()
    canaries.add_text("secret", secret)
    return canaries


@pytest.mark.parametrize("before", ["", "x", "xy", "user:", "a longer text before"])
def test_base64_of_any_text_around_a_secret_is_recognised(before):
    for secret in (SECRET, "8letters"):
        encoded = base64.b64encode(f"{before}{secret} and after".encode())
        assert watching(secret).found_in(b'{"auth": "Basic ' + encoded + b'"}') == {"secret"}


def test_base64_that_was_broken_into_lines_is_recognised():
    encoded = base64.b64encode(b"z" * 70 + SECRET.encode() + b"z" * 70).decode()
    wrapped = "\n".join(textwrap.wrap(encoded, 76))
    assert watching().found_in(wrapped.encode()) == {"secret"}
    assert watching().found_in(json.dumps(wrapped).encode()) == {"secret"}


def test_plain_and_quoted_forms_are_recognised_and_nothing_else_is():
    assert watching().found_in(SECRET.encode()) == {"secret"}
    assert watching().found_in(json.dumps({"a": SECRET}).encode()) == {"secret"}
    assert watching().found_in(b"http://x/?p=p4ss%2Fw0rd%2Bof%20the%3Dlab%26%C3%BCnd") == {"secret"}
    assert watching().found_in(SECRET[:-2].encode() + base64.b64encode(b"another secret of the lab")) == set()


@pytest.mark.parametrize("layout", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_key_is_recognised_by_its_lines_but_its_public_half_is_not(key, layout):
    canaries = Canaries()
    canaries.add_key("key", pem(key))
    text = pem(key, layout)
    assert canaries.found_in(text) == {"key"}
    assert canaries.found_in(json.dumps(text.decode()).encode()) == {"key"}
    assert canaries.found_in(base64.b64encode(text)) == {"key"}
    assert canaries.found_in(text.splitlines()[15]) == {"key"}
    for form in (serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1):
        assert canaries.found_in(key.public_key().public_bytes(serialization.Encoding.PEM, form)) == set()


def test_the_search_of_files_heeds_mode_age_and_folders(tmp_path):
    for name, mode in (("open", 0o644), ("group", 0o640), ("closed", 0o600)):
        (tmp_path / name).write_text(f"before {SECRET} after")
        (tmp_path / name).chmod(mode)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "skipped").write_text(SECRET)
    (tmp_path / "link").symlink_to(tmp_path / "closed")

    def search(**changed):
        forms = {name: [base64.b64encode(form).decode() for form in given] for name, given in watching().forms.items()}
        ask = {
            "forms": forms,
            "since": 0,
            "roots": [str(tmp_path)],
            "any_mode": False,
            "leave_out": [f"{tmp_path}/out"],
        }
        done = subprocess.run(
            [sys.executable, "-c", FILE_SEARCH],
            input=json.dumps(ask | changed),
            capture_output=True,
            text=True,
            check=True,
        )
        return {Path(path).name: mode for path, mode, _name in json.loads(done.stdout)}

    assert search() == {"open": "0o644", "group": "0o640"}
    assert search(any_mode=True) == {"open": "0o644", "group": "0o640", "closed": "0o600"}
    assert search(leave_out=[]).keys() == {"open", "group", "skipped"}
    assert search(since=2**40) == {}
