# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves whose certificate is taken, what is told of one that is not, and that nothing is sent to who has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api

from .labs import STATIC, changed
from .test_playbook import ROLE, role, run

FORMS = ("valid", "expired", "early", "own")


@pytest.fixture
def certified(esx1):
    """Give the host with a way to give it another certificate; afterwards it has the CA's again."""
    yield esx1, lambda form: esx1.simulator.control("certificate", endpoint="esx1", form=form)
    esx1.simulator.control("certificate", endpoint="esx1")


@pytest.mark.parametrize(("form", "told"), [("expired", "has expired"), ("early", "is not valid yet")])
def test_a_certificate_out_of_its_time_is_told_as_that_and_ca_file_is_not_offered_as_the_cure(certified, form, told):
    lab, renew = certified
    renew(form)
    with pytest.raises(errors.CertificateError, match=told) as caught:
        Api(lab.target)
    assert "look at the clocks" in str(caught.value)
    assert "Give ca_file" not in str(caught.value)
    assert lab.calls() == []


@pytest.mark.parametrize("form", FORMS)
def test_the_certificate_that_is_named_is_taken_whoever_signed_it(certified, form):
    lab, renew = certified
    pinned = replace(lab.target, ca_file=None, host="localhost", fingerprint=renew(form))
    lab.api = lambda: Api(pinned)
    assert changed(lab.apply(**STATIC))


@pytest.mark.parametrize("checked", [True, False])
def test_another_certificate_than_the_named_one_is_refused_before_anything_is_sent(certified, checked):
    lab, renew = certified
    first = renew("own")
    met = renew("valid")
    with pytest.raises(errors.CertificateError, match="is another one") as caught:
        Api(replace(lab.target, fingerprint=first, validate_certs=checked))
    assert met in str(caught.value) and first in str(caught.value)
    assert "Nothing was sent to it" in str(caught.value)
    assert lab.calls() == []


def test_a_certificate_that_changes_within_a_session_is_met_before_the_password(certified):
    """The list of versions is asked for on a connection of its own; the login has another one."""
    lab, renew = certified
    pinned = replace(lab.target, fingerprint=renew("own"))
    found = Api(pinned)
    renew("own")
    found.login.stub.DropConnections()
    lab.clear()
    with pytest.raises(errors.CertificateError, match="is another one"):
        found.read(None)
    assert lab.calls() == []


def test_without_a_fingerprint_one_that_no_authority_signed_is_refused(certified):
    lab, renew = certified
    renew("own")
    with pytest.raises(errors.CertificateError, match="is not trusted"):
        Api(lab.target)
    assert lab.calls() == []


def test_the_role_takes_the_named_certificate_alone(certified, tmp_path):
    lab, renew = certified
    met = renew("own")
    done = run(lab, tmp_path, role(), "-e", f"esxi_teaming_tls_fingerprint={'00' * 32}", **ROLE)
    assert done.returncode
    assert met in done.stdout, done.stdout + done.stderr
    assert lab.calls() == []
    done = run(lab, tmp_path, role(), "-e", f"esxi_teaming_tls_fingerprint={met}", **ROLE)
    assert done.returncode == 0, done.stdout + done.stderr
