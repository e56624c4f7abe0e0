# SPDX-License-Identifier: GPL-3.0-or-later
"""The action as ansible-core runs it: what the controller can see is judged, and no connection is opened for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from . import certificate_builders as builders
from .certificate_builders import Certificate, key_pem

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - netstack.datacenter.tls_certificate:
        state: "{{ state | default('present') }}"
        certificates: "{{ certificates }}"
        secrets: {pw: "{{ 'Canary' ~ '-7c1e' }}"}
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A playbook folder whose certificates are valid today."""
    now = builders.datetime.now(builders.timezone.utc).replace(microsecond=0)
    monkeypatch.setattr(builders, "NOW", now)
    root = Certificate("Root", authority=True, end=4000)
    issuer = Certificate("Issuer", root, authority=True, end=2000)
    leaf = Certificate("www.test", issuer, ("www.test",))
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "www.pem").write_bytes(issuer.pem + key_pem(leaf.key) + leaf.pem)
    (tmp_path / "files" / "locked.pem").write_bytes(leaf.pem + issuer.pem + key_pem(leaf.key, "right"))
    return tmp_path


def run(site, command, *arguments, **variables):
    extra = ["-e", json.dumps(variables)] if variables else []
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(site / "home")}
    environment.pop("ANSIBLE_CONFIG", None)
    return subprocess.run(
        [sys.executable, "-m", "ansible", command, *arguments, *extra],
        cwd=site, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


def play(site, *arguments, **variables):
    host = ["-i", "host.invalid,", "-e", "ansible_ssh_retries=0"]
    return run(site, "playbook", "-vvv", *host, *arguments, "play.yml", **variables)


def test_checking_opens_no_connection(site):
    done = play(
        site, state="checked", certificates={"www": {"source": "pem", "file": "www.pem", "names": ["www.test"]}}
    )
    assert done.returncode == 0, done.stdout
    assert "ESTABLISH" not in done.stdout


def test_a_refusal_comes_before_any_connection_and_names_everything(site):
    wrong = {
        "www": {"source": "pem", "file": "www.pem", "names": ["other.test"]},
        "gone": {"source": "pem", "file": "gone.pem"},
        "locked": {"source": "pem", "file": "locked.pem", "password_secret": "pw"},
    }
    done = play(site, certificates=wrong)
    assert done.returncode != 0
    for rule in ("NAME_NOT_COVERED", "FILE_UNREADABLE", "WRONG_PASSWORD"):
        assert f"[{rule}]" in done.stdout
    assert "ESTABLISH" not in done.stdout
    assert "Canary-7c1e" not in done.stdout + done.stderr


def test_what_passes_goes_on_to_the_host(site):
    done = play(site, certificates={"www": {"source": "pem", "file": "www.pem"}})
    assert "ESTABLISH SSH CONNECTION" in done.stdout


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_vaulted_file_is_decrypted_in_memory(site, password):
    for name in ("right", "wrong"):
        (site / name).write_text(name)
    encrypted = run(site, "vault", "encrypt", "--vault-password-file", "right", "files/www.pem")
    assert encrypted.returncode == 0, encrypted.stderr
    certificates = {"www": {"source": "pem", "file": "www.pem"}}
    done = play(site, "--vault-password-file", password, state="checked", certificates=certificates)
    assert ("[FILE_UNREADABLE]" in done.stdout, done.returncode == 0) == (password == "wrong", password == "right")


def test_an_unknown_option_of_the_action_is_refused(site):
    (site / "play.yml").write_text(PLAY + "        certificate: {}\n")
    assert "certificate" in play(site, certificates={}, state="checked").stdout
    assert play(site, certificates={}, state="checked").returncode != 0
