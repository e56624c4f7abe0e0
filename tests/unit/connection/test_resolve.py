# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which source of a connection variable counts, what is ours beside Ansible's rules, and what is refused."""

from __future__ import annotations

import pytest
from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection import ssh_arguments
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import API, NETCONF, SSH
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.resolve import resolve
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import (
    target_of as host_target,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import (
    target_of as switch_target,
)


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Keep out what this machine's own settings say."""
    for name in ("REMOTE_USER", "REMOTE_PORT", "PRIVATE_KEY_FILE", "HOST_KEY_CHECKING", "SSH_ARGS", "SSH_COMMON_ARGS"):
        monkeypatch.delenv(f"ANSIBLE_{name}", raising=False)
    config(monkeypatch, tmp_path, "")


def config(monkeypatch, tmp_path, text: str) -> str:
    file = tmp_path / "ansible.cfg"
    file.write_text(f"[defaults]\n{text}\n")
    monkeypatch.setattr(constants.config, "_config_file", str(file))
    monkeypatch.setattr(constants.config, "_parsers", {})
    return str(file)


def found(protocol: str = NETCONF, keywords: dict | None = None, **variables):
    return resolve("ex1", variables.get, keywords or {}, protocol)


def test_where_nothing_is_set_the_host_is_its_name_and_the_rest_is_left_to_the_protocol():
    empty = found()
    assert (empty.host, empty.port, empty.user, empty.password, empty.key_file) == ("ex1", None, None, None, None)
    assert empty.host_key_checking
    assert empty.via == ""
    assert empty.sources["host"] == "var: inventory_hostname"


def test_each_source_of_a_port_yields_to_the_one_before_it(monkeypatch, tmp_path):
    def port(keywords: dict | None = None, **variables) -> tuple[int | None, str]:
        made = found(keywords=keywords, **variables)
        return made.port, made.sources["port"]

    file = config(monkeypatch, tmp_path, "remote_port = 1")
    assert port() == (1, file)
    monkeypatch.setenv("ANSIBLE_REMOTE_PORT", "2")
    assert port() == (2, "env: ANSIBLE_REMOTE_PORT")
    assert port({"port": 3}) == (3, "keyword: port")
    assert port({"port": 3}, ansible_port="4") == (4, "var: ansible_port")


def test_each_source_of_a_key_file_yields_to_the_one_before_it(monkeypatch, tmp_path):
    file = config(monkeypatch, tmp_path, "private_key_file = /a")
    assert (found().key_file, found().sources["key_file"]) == ("/a", file)
    monkeypatch.setenv("ANSIBLE_PRIVATE_KEY_FILE", "/b")
    assert found().key_file == "/b"
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(private_key_file="/c"))
    assert (found().key_file, found().sources["key_file"]) == ("/c", "cli: private_key_file")
    assert found(ansible_private_key_file="/d").key_file == "/d"


def test_user_and_password_come_from_the_variable_before_the_keyword():
    keywords = {"remote_user": "u", "password": "k"}
    assert (found(keywords=keywords).user, found(keywords=keywords).password) == ("u", "k")
    made = found(keywords=keywords, ansible_user="anna", ansible_password="p")
    assert (made.user, made.password) == ("anna", "p")


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_variable_is_one_that_nobody_has_set(empty):
    made = found(keywords={"remote_user": "u", "password": "k"}, ansible_user=empty, ansible_password=empty)
    assert (made.user, made.password) == ("u", "k")


@pytest.mark.parametrize(
    ("general", "special", "field"),
    [
        ("ansible_host", "ansible_ssh_host", "host"),
        ("ansible_user", "ansible_ssh_user", "user"),
        ("ansible_password", "ansible_ssh_pass", "password"),
        ("ansible_password", "ansible_ssh_password", "password"),
        ("ansible_private_key_file", "ansible_ssh_private_key_file", "key_file"),
    ],
)
def test_the_names_with_ssh_come_first_over_ssh_alone_and_are_known_everywhere(general, special, field):
    for protocol in (NETCONF, API, SSH):
        assert getattr(found(protocol, **{special: "special"}), field) == "special"
        expected = "special" if protocol == SSH else "general"
        assert getattr(found(protocol, **{general: "general", special: "special"}), field) == expected


def test_the_port_of_ssh_is_no_port_of_an_api():
    ports = {"ansible_port": 8443, "ansible_ssh_port": 22}
    assert [found(protocol, **ports).port for protocol in (API, SSH, NETCONF)] == [8443, 22, 8443]
    assert [found(protocol, ansible_ssh_port=22).port for protocol in (API, SSH, NETCONF)] == [None, 22, 22]


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[fe80::1%eth0]", "fe80::1%eth0"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("ex1.example.net", "ex1.example.net"),
    ],
)
def test_brackets_of_an_ipv6_address_are_no_part_of_it(given, host):
    assert found(ansible_host=given).host == host


BAD = [
    "a b",
    "a\tb",
    "a\n",
    "-oProxyCommand=x",
    "a'b",
    'a"b',
    "a;b",
    "a|b",
    "`a`",
    "a$(b)",
    "a&b",
    "a>b",
    "a\x1bb",
    "a\x00",
]


@pytest.mark.parametrize("text", BAD)
def test_a_host_and_a_user_that_a_program_could_take_for_something_else_are_refused(text):
    for protocol in (NETCONF, API, SSH):
        with pytest.raises(ValueError, match=r"The host .* \(var: ansible_host\) is refused"):
            found(protocol, ansible_host=text)
    for protocol in (NETCONF, SSH):
        with pytest.raises(ValueError, match=r"The user .* \(var: ansible_user\) is refused"):
            found(protocol, ansible_user=text)
    assert found(API, ansible_user=text).user == text


def test_users_of_a_domain_and_accounts_of_machines_are_none_of_these():
    users = ["DOMAIN\\anna", "anna@vsphere.local", "svc$", "a.b-c_d+e"]
    assert [found(ansible_user=user).user for user in users] == users
    with pytest.raises(ValueError, match="user"):
        found(ansible_user="anna\\")


@pytest.mark.parametrize("value", [False, "no", "false", 0])
def test_host_keys_are_checked_unless_a_variable_says_no(value):
    assert not found(ansible_host_key_checking=value).host_key_checking


def test_host_keys_are_not_checked_where_ansible_cfg_says_so(monkeypatch, tmp_path):
    config(monkeypatch, tmp_path, "host_key_checking = False")
    assert not found().host_key_checking
    assert found(ansible_host_key_checking=True).host_key_checking


def test_the_ssh_arguments_are_all_of_ansibles_in_its_order(monkeypatch):
    monkeypatch.setenv("ANSIBLE_SSH_ARGS", "-C")
    made = found(ansible_ssh_common_args="-J a", ansible_ssh_extra_args="-J b")
    assert made.ssh_arguments == "-C -J a -J b"
    assert (made.via, made.sources["via"]) == ("a", "var: ansible_ssh_common_args")


def test_a_jump_of_ansible_cfg_is_not_one_that_was_set_for_the_host(monkeypatch):
    monkeypatch.setenv("ANSIBLE_SSH_COMMON_ARGS", "-J bastion")
    assert found().via == "bastion"
    assert "via" not in found().set_for_host
    assert "via" in found(ansible_ssh_common_args="-J other").set_for_host


def test_a_value_of_the_wrong_type_is_refused_with_its_source():
    with pytest.raises(AnsibleError, match="var: ansible_port"):
        found(ansible_port="abc")


def test_arguments_that_ssh_would_refuse_are_refused():
    with pytest.raises(ValueError, match="cannot be read"):
        found(ansible_ssh_common_args="-o 'ProxyJump=a")
    with pytest.raises(ValueError, match="-Z"):
        found(ansible_ssh_common_args="-Z")


def test_a_key_that_only_ansibles_own_ssh_can_use_is_refused_and_not_ignored():
    with pytest.raises(ValueError, match=r"pkcs11_provider is set \(var: ansible_ssh_pkcs11_provider\)"):
        found(ansible_ssh_pkcs11_provider="/lib/p11.so")
    assert found(API, ansible_ssh_pkcs11_provider="/lib/p11.so").host == "ex1"


def test_the_password_is_not_shown():
    assert "p4ss" not in repr(found(ansible_password="p4ss"))


@pytest.mark.parametrize(
    ("via", "told"),
    [("admin@a:22,[2001:db8::1]", "admin@a:22,[2001:db8::1]"), ("sshpass -p p4ss ssh -W %h:%p b", "a ProxyCommand")],
)
def test_a_jump_is_told_by_its_hosts_and_a_command_not_at_all(via, told):
    assert ssh_arguments.shown(via) == told


def test_no_client_shows_the_password():
    login = found(ansible_password="p4ss")
    options = {"ca_file": None, "validate_certs": True, "timeouts": {}}
    assert "p4ss" not in repr([host_target(login, options), switch_target(login, {})])


@pytest.mark.parametrize(
    ("arguments", "jump"),
    [
        ("-J bastion", "bastion"),
        ("-Jbastion", "bastion"),
        ("-CJ bastion", "bastion"),
        ("-4 -C -J bastion", "bastion"),
        ("-o ProxyJump=bastion", "bastion"),
        ("-oProxyJump=bastion", "bastion"),
        ("-o 'proxyjump bastion'", "bastion"),
        ("-o 'ProxyJump = bastion'", "bastion"),
        ("-o ProxyCommand='ssh -W %h:%p b'", "ssh -W %h:%p b"),
        ("-J a -o ProxyCommand=b", "a"),
        ("-o ProxyCommand=b -J a", "b"),
        ("-o ProxyJump=none -J a", ""),
        ("-o ControlPath=/tmp/J -C", ""),
        ("", ""),
    ],
)
def test_a_jump_is_found_however_it_is_written(arguments, jump):
    assert ssh_arguments.proxy(ssh_arguments.read(arguments)) == jump
