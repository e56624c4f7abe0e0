# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a user is told when a host fails, and that a host ends in its old or in its new state, or it is said."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors, faults
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.third_party import vmodl

from .labs import STATIC, changed

TWO = {"vswitches": {"vSwitch1": {"mtu": 9000}}, "port_groups": {"vmotion": {"vlan": 31}}}


def fault(lab, method, **values):
    lab.control("fault", fault={"method": method, **values})


def test_an_untrusted_certificate_and_one_of_another_name_are_told_apart_and_nothing_is_sent(esx1):
    with pytest.raises(errors.CertificateError, match="is not trusted") as untrusted:
        Api(replace(esx1.target, ca_file=None))
    with pytest.raises(errors.CertificateError, match="is for another name") as other:
        Api(replace(esx1.target, host="localhost"))
    assert "Nothing was sent to it" in str(untrusted.value)
    assert "Nothing was sent to it" in str(other.value)
    assert esx1.calls() == []


def test_a_wrong_password_a_closed_port_and_a_wrong_ca_file_have_their_messages(esx1):
    with pytest.raises(errors.AuthenticationError, match="refuses the login"):
        Api(replace(esx1.target, password="wrong"))
    with pytest.raises(errors.UnreachableError, match="Connection refused"):
        Api(replace(esx1.target, port=1))
    with pytest.raises(errors.CertificateError, match="cannot be read"):
        Api(replace(esx1.target, ca_file="/nonexistent"))


def test_the_free_licence_is_told_with_the_way_out_and_the_way_out_works(esx1):
    esx1.control("trouble", license="free")
    done = esx1.apply(**STATIC)
    assert isinstance(done.error, errors.RestrictedError)
    assert "transport: ssh" in done.error.text()
    assert "Current license or ESXi version prohibits" in done.error.text()
    assert "The host has its old state." in done.error.text()
    assert changed(esx1.apply("ssh", **STATIC))


def test_a_user_who_may_only_read_is_told_which_privilege_is_missing(esx1):
    lab = replace(esx1)
    reader = replace(esx1.target, user="reader")
    lab.api = lambda: Api(reader)
    done = lab.apply(**STATIC)
    assert isinstance(done.error, errors.DeniedError)
    assert "Host.Config.Network" in done.error.text()


def test_the_hosts_own_words_and_the_wrong_property_are_kept(esx1):
    fault(esx1, "UpdateVirtualSwitch", what="fault", fault="InvalidArgument", message="not so")
    text = esx1.apply(**STATIC).error.text()
    assert "InvalidArgument: not so" in text
    assert "UpdateVirtualSwitch vSwitch1 failed." in text


def test_the_property_that_is_wrong_and_the_messages_behind_a_fault_are_kept():
    wrong = vmodl.fault.InvalidArgument(msg="not so", invalidProperty="spec.mtu")
    wrong.faultMessage = [vmodl.LocalizableMessage(key="x", message="because of that")]
    assert faults.words(wrong).endswith("InvalidArgument: not so; invalidProperty spec.mtu; because of that")


def test_a_fault_half_way_is_put_back(esx1):
    before = esx1.state()
    fault(esx1, "UpdatePortGroup", what="fault", fault="HostConfigFault", message="no")
    done = esx1.apply(**TWO)
    assert "What had been changed was put back: the host has its old state." in done.error.text()
    assert done.done == []
    assert esx1.state() == before


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_in_a_change_is_found_out(esx1, when):
    before = esx1.state()
    fault(esx1, "UpdateVirtualSwitch", what="drop", when=when)
    done = esx1.apply(vswitches={"vSwitch1": {"mtu": 9000}})
    if when == "after":
        assert done.error is None
        assert "The host has the new state." in done.warnings[-1]
        assert esx1.state()["switches"]["vSwitch1"]["mtu"] == 9000
    else:
        assert "The host has its old state." in done.error.text()
        assert esx1.state() == before


def test_a_connection_that_breaks_between_two_objects_is_put_back(esx1):
    before = esx1.state()
    fault(esx1, "UpdatePortGroup", what="drop")
    done = esx1.apply(**TWO)
    assert isinstance(done.error, errors.LostError)
    assert "put back" in done.error.text()
    assert esx1.state() == before


def test_an_answer_that_does_not_come_ends_by_its_time_out(esx1):
    lab = replace(esx1)
    hasty = replace(esx1.target, call_timeout=1)
    lab.api = lambda: Api(hasty)
    fault(esx1, "UpdateVirtualSwitch", what="hold", when="before")
    done = lab.apply(vswitches={"vSwitch1": {"mtu": 9000}})
    esx1.control("release")
    assert "no answer came in time" in done.error.text()


def test_a_session_that_ended_changes_nothing_and_says_so(esx1):
    before = esx1.state()
    fault(
        esx1, "UpdateVirtualSwitch", what="fault", fault="NotAuthenticated", message="The session is not authenticated."
    )
    done = esx1.apply(**STATIC)
    assert "no longer valid" in done.error.text()
    assert "The host has its old state." in done.error.text()
    assert esx1.state() == before


def test_a_host_that_stays_away_is_unknown_and_its_way_back_is_returned(esx1):
    wanted = {
        "vswitches": {"vSwitch0": {"teaming": {"load_balancing": "loadbalance_ip", "standby_uplinks": []}}},
        "port_groups": {"Management Network": {"teaming": "inherit"}},
        "consent": ["management"],
    }
    esx1.control("far_end", bundles={"vmnic0": "", "vmnic1": ""}, lost="dropped")
    done = esx1.apply(**wanted)
    assert isinstance(done.error, errors.UnknownError)
    assert "not known what it has" in done.error.text()
    assert any("--portgroup-name='Management Network'" in line and "portid" in line for line in done.recovery)
    for line in done.recovery:
        esx1.control("console", command=line)
    esx1.control("far_end", bundles={})
    found = esx1.state()
    for name in ("Management Network",):
        assert found["groups"][name]["computed"]["nicTeaming"]["policy"] == "loadbalance_srcid"


def test_a_host_whose_switch_follows_is_found_in_its_new_state(esx1):
    esx1.control("far_end", bundles={"vmnic0": "ae0", "vmnic1": "ae0"})
    esx1.control("far_end", bundles={})
    wanted = {
        "vswitches": {"vSwitch0": {"teaming": {"load_balancing": "loadbalance_ip"}}},
        "port_groups": {"Management Network": {"teaming": "inherit"}},
    }
    with pytest.raises(RefusalError, match="MANAGEMENT") as refused:
        esx1.apply(**wanted)
    assert "Nothing was changed." in str(refused.value)
    esx1.clear()
    done = esx1.apply(**wanted, consent=["management"])
    assert changed(done)
    calls = esx1.calls()
    assert calls.count("UpdateNetworkConfig") == 1
    assert "UpdateVirtualSwitch" not in calls
    assert calls.count("Login") == 2
    assert calls.count("RetrievePropertiesEx") == 2


def test_ssh_tells_an_unknown_host_key_a_wrong_password_and_a_closed_port(esx1, tmp_path):
    nothing = tmp_path / "known_hosts"
    nothing.touch()
    target = replace(esx1.shell_target, ssh_arguments=("-F", "/dev/null", f"-oUserKnownHostsFile={nothing}"))
    with pytest.raises(errors.HostKeyError, match="unknown or not the known one"):
        Shell(target)
    with pytest.raises(errors.AuthenticationError, match="refuses the login"):
        Shell(replace(esx1.shell_target, password="wrong"))
    with pytest.raises(errors.UnreachableError, match="TSM-SSH"):
        Shell(replace(esx1.shell_target, port=1))


def test_a_line_that_breaks_over_ssh_is_found_out(esx1):
    fault(esx1, "esxcli", match="mtu", what="drop", when="after")
    done = esx1.apply("ssh", vswitches={"vSwitch1": {"mtu": 9000}})
    assert done.error is None, done.error
    assert "The host has the new state." in done.warnings[-1]


def test_a_host_without_update_network_config_gets_one_call_for_each_object(esx1):
    fault(esx1, "UpdateNetworkConfig", what="fault", fault="NotSupported", count=0)
    wanted = {
        "vswitches": {"vSwitch0": {"mtu": 9000}},
        "port_groups": {"Management Network": {"teaming": {"notify_switches": False}}},
    }
    assert len(changed(esx1.apply(**wanted))) == 2
    calls = [call for call in esx1.calls() if call.startswith("Update")]
    assert calls == ["UpdateNetworkConfig", "UpdateVirtualSwitch", "UpdatePortGroup"]


def test_the_users_own_ssh_arguments_count_before_the_defaults(esx1, tmp_path):
    nothing = tmp_path / "known_hosts"
    arguments = ("-F", "/dev/null", f"-oUserKnownHostsFile={nothing}", "-oStrictHostKeyChecking=accept-new")
    session = Shell(replace(esx1.shell_target, ssh_arguments=arguments))
    session.close()
    assert "ssh-ed25519" in nothing.read_text()


@pytest.mark.parametrize("off", ["variable", "argument"])
@pytest.mark.parametrize("hashed", [False, True])
def test_a_known_and_changed_host_key_is_refused_over_ssh_with_host_key_checking_off(esx1, tmp_path, off, hashed):
    """By OpenSSH itself, which goes on with a key then, and keeps only the password back."""
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{esx1.shell_target.port} {esx1.simulator.host_key('esx2')}\n")
    if hashed:
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    arguments = ("-F", "/dev/null", f"-oUserKnownHostsFile={file}")
    arguments += ("-oStrictHostKeyChecking=no",) if off == "argument" else ()
    login = {"password": None, "key_file": esx1.simulator.key_file, "host_key_checking": off == "argument"}
    target = replace(esx1.shell_target, ssh_arguments=arguments, **login)
    with pytest.raises(errors.HostKeyError, match="not the known one"):
        Shell(target)
    file.write_text("")
    Shell(target).close()
    file.write_text(f"[127.0.0.1]:{esx1.shell_target.port} {esx1.simulator.host_key('esx1')}\n")
    Shell(target).close()
