# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a known_hosts file, a server before its login or a certificate says is read, passed over or told."""

from __future__ import annotations

import pytest

paramiko = pytest.importorskip("paramiko", reason="paramiko is not installed")
pytest.importorskip("jnpr.junos", reason="PyEZ is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner.slices import whole_or_slice

from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.certificate import describe
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import (
    Target as HostTarget,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import connect, errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import (
    Target,
    known_lines,
)
from unit.hostile import any_texts, bounded, of_text, steering

DRAWN = whole_or_slice(whole=1500, piece=40, reason="more texts of SSH and of certificates are drawn")
QUICK = settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIE1vb25saWdodC1pcy1ub3QtYS1rZXktYnV0LWxvbmc="
HOSTS = f"""# a comment
192.0.2.1 ssh-ed25519 {KEY}
[192.0.2.1]:830,sw1* ssh-ed25519 {KEY}
@revoked 192.0.2.1 ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB
|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 {KEY}
"""
TARGET = Target("192.0.2.1", 830, "ops", "x")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("ssh") / "known_hosts"


@QUICK
@given(of_text(HOSTS))
def test_any_line_of_known_hosts_is_a_key_or_passed_over(file, text):
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with bounded():
        try:
            found = known_lines((str(file),), TARGET, paramiko.HostKeys.hash_host)
            shown = [line for line in found if connect._is_usable(line)]
        except errors.ConnectError as error:
            shown = [str(error)]
    assert steering(shown) == []


def test_a_damaged_key_of_known_hosts_is_passed_over():
    assert not connect._is_usable(f"192.0.2.1 ssh-ed25519 {KEY.replace('NTE5', 'gYGB')}")


@QUICK
@given(any_texts, st.booleans())
def test_what_is_said_before_a_login_is_told(text, connecting):
    shell = Shell.__new__(Shell)
    shell.target = HostTarget("192.0.2.1")
    for said in (text, f"kex_exchange_identification: {text}", f"{text} Permission denied"):
        assert steering(str(shell._cause(said, connecting))) == []
    chained = connect._cause(paramiko.SSHException(text), TARGET)
    assert steering(str(chained)) == []


NAMES = st.lists(st.lists(st.tuples(any_texts, any_texts), max_size=2), max_size=3)


@QUICK
@given(NAMES, NAMES, st.lists(st.tuples(any_texts, any_texts), max_size=3))
def test_any_names_of_a_certificate_are_shown(subject, issuer, names):
    found = {"subject": subject, "issuer": issuer, "subjectAltName": names, "notAfter": "Jan  1 00:00:00 2040 GMT"}
    assert steering(describe(found, "TLSv1.3")) == []
