# SPDX-License-Identifier: GPL-3.0-or-later
"""The action as ansible-core runs it: what the controller can see is judged, and no connection is opened for it.

All cases are hosts of one run of ansible-playbook, each with its own certificates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from unit.stack.real_ansible import run

from . import certificate_builders as builders
from .certificate_builders import Certificate, key_pem

PLAY = """
- hosts: all:!unknown
  gather_facts: false
  tasks:
    - netstack.datacenter.tls_certificate:
        state: "{{ state | default('checked') }}"
        certificates: "{{ certificates }}"
        secrets: {pw: "{{ 'Canary' ~ '-7c1e' }}"}
- hosts: unknown
  gather_facts: false
  tasks:
    - netstack.datacenter.tls_certificate:
        state: checked
        certificates: {}
        certificate: {}
"""
GOOD = {"source": "pem", "file": "www.pem"}
HOSTS = {
    "checked": {"certificates": {"www": {**GOOD, "names": ["www.test"]}}},
    "wrong": {
        "state": "present",
        "certificates": {
            "www": {**GOOD, "names": ["other.test"]},
            "gone": {"source": "pem", "file": "gone.pem"},
            "locked": {"source": "pem", "file": "locked.pem", "password_secret": "pw"},
        },
    },
    "passing": {"state": "present", "certificates": {"www": GOOD}},
    "alone": {"certificates": {"www": {**GOOD, "file": "alone.pem"}}},
    "ours": {"certificates": {"www": {**GOOD, "file": "vaulted-right.pem"}}},
    "theirs": {"certificates": {"www": {**GOOD, "file": "vaulted-wrong.pem"}}},
    "unknown": {},
}


def write_files(folder):
    """Write certificates that are valid today: plain, with an encrypted key, and vaulted with two passwords."""
    root = Certificate("Root", authority=True, end=4000)
    issuer = Certificate("Issuer", root, authority=True, end=2000)
    leaf = Certificate("www.test", issuer, ("www.test",))
    whole = issuer.pem + key_pem(leaf.key) + leaf.pem
    (folder / "www.pem").write_bytes(whole)
    (folder / "locked.pem").write_bytes(leaf.pem + issuer.pem + key_pem(leaf.key, "right"))
    (folder / "alone.pem").write_bytes(leaf.pem + key_pem(leaf.key))
    for password in ("right", "wrong"):
        vault = VaultLib([("default", VaultSecret(password.encode()))])
        (folder / f"vaulted-{password}.pem").write_bytes(vault.encrypt(whole.decode()))


@dataclass
class Run:
    """What one run of ansible-playbook said, and of which host it said it."""

    text: str

    def result(self, host):
        """Return the first word and the text of a host's result."""
        found = re.search(rf"^(\w+): \[{host}\].*?(?=^\w+: \[|^PLAY )", self.text, re.MULTILINE | re.DOTALL)
        assert found, self.text
        return found.group(1), found.group(0)

    def connected(self, host):
        return f"<{host}.invalid> ESTABLISH" in self.text


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    site = tmp_path_factory.mktemp("action")
    (site / "files").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builders, "NOW", builders.datetime.now(builders.timezone.utc).replace(microsecond=0))
        write_files(site / "files")
    hosts = {name: {**given, "ansible_host": f"{name}.invalid"} for name, given in HOSTS.items()}
    (site / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ansible_ssh_retries": 0}}}))
    (site / "play.yml").write_text(PLAY)
    (site / "right").write_text("right")
    done = run(site, "ansible-playbook", "-vvv", "-i", "hosts.yml", "--vault-password-file", "right", "play.yml")
    return Run(done.stdout + done.stderr)


def test_checking_opens_no_connection(ran):
    assert ran.result("checked")[0] == "ok"
    assert not ran.connected("checked")


def test_a_lone_leaf_is_warned_of_before_anything_is_touched(ran):
    assert ran.result("alone")[0] == "ok"
    assert re.search(r"\[WARNING\]: www: no\s+intermediate\s+certificate\s+is\s+given", ran.text)
    assert ran.text.count("WARNING]: www: no") == 1


def test_a_refusal_comes_before_any_connection_and_names_everything(ran):
    word, text = ran.result("wrong")
    assert word == "fatal"
    for rule in ("NAME_NOT_COVERED", "FILE_UNREADABLE", "WRONG_PASSWORD"):
        assert f"[{rule}]" in text
    assert not ran.connected("wrong")
    assert "Canary-7c1e" not in ran.text


def test_what_passes_goes_on_to_the_host(ran):
    assert ran.connected("passing")


def test_a_vaulted_file_is_decrypted_in_memory(ran):
    assert ran.result("ours")[0] == "ok"
    word, text = ran.result("theirs")
    assert word == "fatal"
    assert "[FILE_UNREADABLE]" in text


def test_an_unknown_option_of_the_action_is_refused(ran):
    word, text = ran.result("unknown")
    assert word == "fatal"
    assert "Unsupported parameters" in text
    assert "certificate." in text
