# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that private keys let in by themselves or by an agent, and that one that cannot be used is told as that."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.connect import open_device
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from kinds.junos_ex.client import Simulator

from .switches import skip_without_its_packages
from .test_connect import refused


@pytest.fixture
def key(tmp_path):
    file = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file


@pytest.fixture
def locked(key, tmp_path):
    """Return a target whose switch takes this key and no password of ours."""
    skip_without_its_packages()
    with Simulator({"ex1": "ex4200-48t"}, authorized_keys=f"{key}.pub") as found:
        known = tmp_path / "known"
        known.write_text(f"[127.0.0.1]:{found.port('ex1')} {found.host_key('ex1')}\n")
        yield Target("127.0.0.1", found.port("ex1"), "lab", None, None, "/dev/null", (str(known),), look_for_keys=False)


def test_a_private_key_file_lets_in(locked, key):
    open_device(dataclasses.replace(locked, key_file=str(key))).close()


def test_a_key_of_the_agent_lets_in(locked, key, monkeypatch):
    started = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    values = dict(part.split("=", 1) for part in started.replace("\n", ";").split(";") if "=" in part)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", values["SSH_AUTH_SOCK"])
        subprocess.run(["ssh-add", "-q", str(key)], check=True)
        open_device(locked).close()
    finally:
        os.kill(int(values["SSH_AGENT_PID"]), signal.SIGTERM)


def test_without_a_key_it_is_told_where_to_look(locked, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert "ansible_private_key_file" in str(refused(locked))


@pytest.fixture
def alone(locked, monkeypatch, tmp_path):
    """Return the same target for a user without an agent and without keys of his own."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return locked


def protect(key, phrase="secret"):
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", phrase, "-f", str(key)], check=True, capture_output=True)


def without_a_login(target: Target) -> str:
    error = refused(target)
    assert isinstance(error, errors.KeyFileError)
    assert isinstance(error, errors.AuthenticationError)
    assert not isinstance(error, errors.AWAY)
    assert "refuses the login" not in str(error)
    return str(error)


def test_a_key_file_that_is_missing_is_not_a_refused_login(alone, tmp_path):
    text = without_a_login(dataclasses.replace(alone, key_file=str(tmp_path / "none")))
    assert f"the key file {tmp_path / 'none'} cannot be read (No such file or directory)" in text
    assert "ansible_private_key_file" in text


@pytest.mark.parametrize(
    ("password", "said"), [(None, "needs a passphrase, and none is given"), ("wrong", "needs another passphrase")]
)
def test_a_passphrase_that_is_missing_is_not_a_refused_login(alone, key, password, said):
    protect(key)
    assert said in without_a_login(dataclasses.replace(alone, key_file=str(key), password=password))
    open_device(dataclasses.replace(alone, key_file=str(key), password="secret")).close()


def test_a_key_that_is_looked_for_and_needs_a_passphrase_is_named(alone, key, tmp_path):
    protect(key)
    (tmp_path / ".ssh").mkdir()
    key.rename(tmp_path / ".ssh" / "id_ed25519")
    text = without_a_login(dataclasses.replace(alone, look_for_keys=True))
    assert "the key file ~/.ssh/id_ed25519 needs a passphrase, and none is given" in text


def test_a_file_that_is_no_key_is_told_as_that(alone, tmp_path):
    (tmp_path / "notes").write_text("nothing")
    assert "is no private key" in without_a_login(dataclasses.replace(alone, key_file=str(tmp_path / "notes")))


@pytest.mark.parametrize("phrase", [None, "secret"])
def test_a_key_that_the_switch_does_not_know_is_a_refused_login(alone, tmp_path, phrase):
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase or "", "-f", str(other)], check=True)
    error = refused(dataclasses.replace(alone, key_file=str(other), password=phrase))
    assert not isinstance(error, errors.KeyFileError)
    assert "refuses the login of lab" in str(error)
