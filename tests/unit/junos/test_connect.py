# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that host keys are checked, that each failure to connect has its true cause, and that requests do not wait."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys

import paramiko
import pytest
from lxml import etree

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.statements import (
    entry,
    from_element,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import direct, errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.connect import (
    looked_up,
    open_device,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import (
    Target,
    jump,
    with_arguments,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import verify
from junos.client import Simulator

from .switches import skip_without_its_packages

RELAY = (
    "import os,socket,sys,threading;s=socket.create_connection((sys.argv[1],int(sys.argv[2])));"
    "threading.Thread(target=lambda:[s.sendall(b) for b in iter(lambda:os.read(0,65536),b'')],daemon=True).start();"
    "[os.write(1,b) for b in iter(lambda:s.recv(65536),b'')]"
)


def refused(target: Target) -> errors.ConnectError:
    with pytest.raises(errors.ConnectError) as caught:
        open_device(target)
    return caught.value


def changed(lab, **values) -> Target:
    return dataclasses.replace(lab.target, **values)


def test_an_unknown_host_key_is_refused_before_anything_is_sent(nonels, tmp_path):
    error = refused(changed(nonels, known_hosts=(str(tmp_path / "none"),)))
    assert isinstance(error, errors.HostKeyUnknownError)
    assert f"ssh-keyscan -p {nonels.target.port} 127.0.0.1" in str(error)
    assert nonels.asked() == []


def test_a_changed_host_key_is_refused_and_told_apart(nonels, tmp_path):
    other = nonels.simulator.host_key("els")
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{nonels.target.port} {other}\n")
    error = refused(changed(nonels, known_hosts=(str(file),)))
    assert isinstance(error, errors.HostKeyChangedError)
    assert f"ssh-keygen -R '[127.0.0.1]:{nonels.target.port}'" in str(error)


def test_a_hashed_host_name_is_found(nonels, tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{nonels.target.port} {nonels.simulator.host_key('nonels')}\n")
    subprocess.run(["ssh-keygen", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "127.0.0.1" not in file.read_text()
    open_device(changed(nonels, known_hosts=(str(file),))).close()


def test_host_key_checking_can_be_switched_off_and_is_on_by_default(nonels, tmp_path):
    assert Target("x").host_key_checking
    target = changed(nonels, known_hosts=(str(tmp_path / "none"),), host_key_checking=False)
    open_device(target).close()


def test_a_wrong_password_is_told_as_such(nonels):
    error = refused(changed(nonels, password="wrong"))
    assert isinstance(error, errors.AuthenticationError)
    assert "refuses the login of lab" in str(error)


def test_a_port_where_nobody_listens_and_a_name_that_nobody_knows_are_told_apart(nonels, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        target = changed(nonels, port=free.getsockname()[1], host_key_checking=False)
    assert "Nobody listens" in str(refused(target))
    assert "is not known" in str(refused(changed(nonels, host="no.such.host.invalid", host_key_checking=False)))


def test_a_missing_ssh_configuration_is_told_as_such(nonels):
    assert "does not exist" in str(refused(changed(nonels, ssh_config="/no/such/file")))


def test_a_proxy_command_of_the_ssh_configuration_is_used(nonels, tmp_path):
    script, config = tmp_path / "relay.py", tmp_path / "config"
    script.write_text(RELAY)
    config.write_text(f"Host switch1\n HostName 127.0.0.1\n ProxyCommand {sys.executable} {script} %h %p\n")
    device = open_device(changed(nonels, host="switch1", ssh_config=str(config)))
    assert device.proxy is not None
    device.close()
    assert device.proxy._process.returncode is not None


def test_port_and_user_that_are_given_win_over_the_ssh_configuration(nonels, tmp_path):
    config = tmp_path / "config"
    config.write_text("Host 127.0.0.1\n Port 1\n User nobody\n")
    open_device(changed(nonels, ssh_config=str(config))).close()


@pytest.mark.parametrize(
    ("hosts", "command"),
    [
        ("bastion", "ssh -W [%h]:%p -- bastion"),
        ("me@bastion:2222", "ssh -W [%h]:%p -p 2222 -- me@bastion"),
        ("one,two", "ssh -W [%h]:%p -J one -- two"),
        ("me@[2001:db8::1]:2222", "ssh -W [%h]:%p -p 2222 -- me@2001:db8::1"),
        ("2001:db8::1", "ssh -W [%h]:%p -- 2001:db8::1"),
        ("ssh://bastion:22", "ssh -W [%h]:%p -p 22 -- bastion"),
    ],
)
def test_a_proxy_jump_becomes_the_command_that_does_the_same(hosts, command):
    assert jump(hosts) == command


def test_the_arguments_of_ansible_are_understood():
    arguments = "-o ProxyJump=bastion -oUserKnownHostsFile=/a -o 'StrictHostKeyChecking no' -i /key -C -l me -p 22"
    target = with_arguments(Target("h"), arguments)
    assert (target.proxy_jump, target.user, target.port) == ("bastion", "me", 22)
    assert (target.known_hosts, target.host_key_checking, target.key_file) == (("/a",), False, "/key")


def test_what_is_given_beside_the_arguments_wins_over_them():
    target = with_arguments(Target("h", 830, "anna", key_file="/mine"), "-l me -p 22 -i /key")
    assert (target.user, target.port, target.key_file) == ("anna", 830, "/mine")


def test_the_jump_is_made_by_ssh_with_the_same_configuration_file(nonels, tmp_path, monkeypatch):
    """A program of that name that only forwards stands for OpenSSH, which has no server to jump over here."""
    program, said = tmp_path / "ssh", tmp_path / "said"
    where = "sys.argv[2].removeprefix('[').split(']:')"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(said)!r}, 'w').write(' '.join(sys.argv[1:]))\n"
        f"sys.argv[1:] = {where}\n{RELAY}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    open_device(changed(nonels, proxy_jump="me@bastion:2222")).close()
    assert said.read_text() == f"-W [127.0.0.1]:{nonels.target.port} -F /dev/null -p 2222 -- me@bastion"


def test_a_jump_of_none_switches_the_configurations_jump_off(nonels, tmp_path):
    config = tmp_path / "config"
    config.write_text("Host *\n ProxyJump no.such.bastion.invalid\n")
    open_device(changed(nonels, ssh_config=str(config), proxy_jump="none")).close()


def test_a_switch_is_reached_by_its_ipv6_address(tmp_path):
    skip_without_its_packages()
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Simulator({"ex1": "ex4200-48t"}, host="::1", known_hosts=tmp_path / "known") as found:
        known = (str(tmp_path / "known"),)
        target = Target("::1", found.port("ex1"), "lab", "lab123", None, "/dev/null", known, look_for_keys=False)
        session = Session(target)
        assert session.addresses == ("::1", "::1")
        session.close()


def test_a_revoked_host_key_is_not_taken_for_a_known_one(nonels, tmp_path):
    key = nonels.simulator.host_key("nonels")
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{nonels.target.port} {key}\n@revoked * {key}\n")
    assert isinstance(refused(changed(nonels, known_hosts=(str(file),))), errors.HostKeyUnknownError)


def test_the_password_shows_in_no_text(nonels):
    assert "lab123" not in repr(nonels.target)
    assert "lab123" not in str(refused(changed(nonels, user="nobody")))


def queued(session: Session, monkeypatch) -> list[str]:
    """Return what from now on waits in the client's queue, which its thread looks at every 100 ms."""
    found: list[str] = []
    queue = session._device._conn._session._q
    put = queue.put
    monkeypatch.setattr(queue, "put", lambda message, *rest: (found.append(message), put(message, *rest)))
    return found


def test_a_request_does_not_wait_for_the_clients_tick(nonels, monkeypatch):
    session = Session(nonels.target)
    waited = queued(session, monkeypatch)
    assert session.history()
    assert waited == []
    session.close()


def test_without_the_private_names_of_the_client_the_stock_way_is_taken(nonels, monkeypatch):
    monkeypatch.setattr(direct, "_NEEDED", (*direct._NEEDED, "_no_such_name"))
    session = Session(nonels.target)
    waited = queued(session, monkeypatch)
    assert session.history()
    assert len(waited) == 1, "the stock client puts each request into its queue"
    session.close()


@pytest.fixture
def stock(monkeypatch):
    """Return a function that lets PyEZ make replies in its own way from now on."""
    return lambda: monkeypatch.setattr(direct, "normalize_at_once", lambda device: False)


def test_replies_are_what_the_stock_client_makes_of_them(nonels, stock):
    asked = ("get_commit_information", "get_software_information", "get_chassis_inventory")

    def answers() -> list[bytes]:
        device = open_device(nonels.target)
        found = [etree.tostring(getattr(device.rpc, name)()) for name in asked]
        device.close()
        return found

    ours = answers()
    stock()
    assert answers() == ours


LAN_COMES = ["[edit]", "+  vlans {", "+      lan {", "+          vlan-id 10;", "+      }", "+  }"]


@pytest.mark.parametrize("ways", ["ours", "stock"])
def test_a_comparison_has_the_lines_of_the_switch_and_other_replies_are_as_before(nonels, stock, ways):
    if ways == "stock":
        stock()
    session = nonels.open()
    before = session.history()
    session.lock()
    session.load("<configuration><vlans><vlan><name>lan</name><vlan-id>10</vlan-id></vlan></vlans></configuration>")
    assert session.diff().splitlines() == LAN_COMES
    session.rollback()
    assert session.diff() == ""
    assert session.history() == before
    session.close()


def test_large_replies_are_read_alike_as_they_are(nonels, stock):
    lines = [f"set interfaces ge-0/0/{port} ether-options 802.3ad ae0" for port in (0, 1)]
    lines += ["set chassis aggregated-devices ethernet device-count 1", 'set interfaces ae0 description "two  words"']
    lines += ["set interfaces ae0 aggregated-ether-options lacp active"]
    nonels.control("reset", set="\n".join(lines))
    nonels.far_end("ge-0/0/0", "ge-0/0/1", lacp="active")

    def answers():
        session = nonels.open()
        found = (
            from_element(session.committed()),
            verify.links(session.read("get_interface_information", terse=True)),
            verify.lacp(session.read("get_lacp_interface_information")),
        )
        session.close()
        return found

    config, links, lacp = answers()
    stock()
    normalized, *others = answers()
    assert others == [links, lacp]
    different = set(normalized.statements) ^ set(config.statements)
    assert {item[-1].value for item in different} == {"two words", "two  words"}
    assert config.value("interfaces", entry("interface", "ae0"), "description") == "two  words"
    assert links.bundle["ge-0/0/1"] == "ae0"
    assert lacp["ge-0/0/1"]["Partner"]["lacp-synchronization"] == "Yes"


def test_a_large_reply_with_an_error_in_it_is_normalized():
    text = '<rpc-reply xmlns="a"><configuration xmlns="b"><x> 1 </x>{}</configuration></rpc-reply>'
    plain, wrong = (etree.fromstring(text.format(error)) for error in ("", "<rpc-error/>"))
    assert direct.normalizer()(plain) is plain
    assert direct.normalizer()(wrong).findtext("configuration/x") == "1"


def test_a_style_sheet_is_compiled_once_and_for_no_request(nonels, monkeypatch):
    device = open_device(nonels.target)
    compiled = []
    monkeypatch.setattr("ncclient.xml_.etree.XSLT", compiled.append)
    assert device.rpc.get_commit_information().findall("commit-history")
    assert compiled == []
    device.close()


def test_only_the_beginning_of_a_reply_is_read_for_its_first_tag(nonels, monkeypatch):
    device = open_device(nonels.target)
    whole = []
    monkeypatch.setattr("ncclient.transport.session.parse_root", whole.append)
    assert device.rpc.get_commit_information().findall("commit-history")
    assert whole == []
    device.close()


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ('<rpc-reply xmlns="urn:a" message-id="7"><ok/>', ("{urn:a}rpc-reply", {"message-id": "7"})),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<n:hello xmlns:n="urn:a"/>', ("{urn:a}hello", {})),
        ('<a b="1>2"/>', None),
        ("no XML", None),
        ("", None),
    ],
)
def test_the_first_tag_is_read_or_left_to_the_stock_client(raw, found):
    assert direct.first_tag(raw) == found


def test_a_session_leaves_the_macs_of_paramiko_to_paramiko(nonels):
    nonels.open().close()
    found = (paramiko.packet.compute_hmac, paramiko.util.constant_time_bytes_eq)
    assert [each.__module__ for each in found] == ["paramiko.packet", "paramiko.util"]


def test_where_paramiko_has_no_way_to_read_any_key_none_is_kept(monkeypatch):
    monkeypatch.delattr(paramiko.PKey, "from_path")
    assert not direct.load_keys_once()
    assert not hasattr(paramiko.PKey, "from_path")


def refuse(_name: str) -> int:
    raise PermissionError("vm.memfd_noexec")


@pytest.mark.parametrize("way", ["memory", "refused", "unknown"])
def test_nothing_is_left_of_the_files_for_the_client(nonels, tmp_path, monkeypatch, way):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made, stock = [], os.memfd_create
    monkeypatch.setattr(os, "memfd_create", lambda name: made.append(name) or stock(name))
    if way == "refused":
        monkeypatch.setattr(os, "memfd_create", refuse)
    elif way == "unknown":
        monkeypatch.delattr(os, "memfd_create")
    session = nonels.open()
    assert session.history()
    assert made == (["known_hosts", "config"] if way == "memory" else [])
    assert os.listdir(tmp_path) == []
    session.close()


def test_where_no_file_can_be_written_the_message_says_so(nonels, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    monkeypatch.delattr(os, "memfd_create")
    assert "A file for the client cannot be written" in str(refused(nonels.target))


def test_what_was_looked_up_is_not_looked_up_again(nonels, tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{nonels.target.port} {nonels.simulator.host_key('nonels')}\n")
    target = looked_up(changed(nonels, known_hosts=(str(file),)))
    file.unlink()
    for _session in range(2):
        open_device(target).close()


def test_the_action_loads_all_before_its_workers_fork():
    program = (
        "import gc, sys; from ansible_collections.netstack.datacenter.plugins.action import junos_lag;"
        "from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import direct;"
        "assert {'ncclient.transport.ssh', 'jnpr.junos.facts.ethernet_mac_table'} <= set(sys.modules);"
        "assert direct.normalizer.cache_info().currsize == 1 and gc.get_freeze_count()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture
def keys(tmp_path, monkeypatch):
    """Return a function that makes a key, with paramiko's way of reading them put back afterwards."""
    monkeypatch.setattr(paramiko.PKey, "from_path", staticmethod(paramiko.PKey.from_path))

    def make(name: str):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
        return tmp_path / name

    return make


def test_a_private_key_is_read_once_as_long_as_its_file_stays(nonels, keys, monkeypatch):
    read = []
    stock = paramiko.pkey.serialization.load_ssh_private_key
    monkeypatch.setattr(
        paramiko.pkey.serialization, "load_ssh_private_key", lambda **given: read.append(given) or stock(**given)
    )
    nonels.open().close()
    file = keys("key")
    first, again = (paramiko.PKey.from_path(str(file)) for _time in range(2))
    assert first is again
    assert len(read) == 1
    keys("other").replace(file)
    assert paramiko.PKey.from_path(str(file)).fingerprint != first.fingerprint


def test_a_certificate_that_comes_later_is_seen(keys):
    assert direct.load_keys_once()
    file = keys("key")
    assert paramiko.PKey.from_path(file).public_blob is None
    command = ["ssh-keygen", "-q", "-s", str(keys("ca")), "-I", "lab", "-n", "lab", f"{file}.pub"]
    subprocess.run(command, check=True)
    assert paramiko.PKey.from_path(file).public_blob is not None


def test_a_key_file_that_is_missing_is_told_as_ever(keys, tmp_path):
    assert direct.load_keys_once()
    with pytest.raises(FileNotFoundError):
        paramiko.PKey.from_path(tmp_path / "none")


def test_what_comes_is_logged_as_ever_where_ncclient_logs(nonels, caplog):
    caplog.set_level("DEBUG", logger="ncclient")
    session = nonels.open()
    session.history()
    session.close()
    assert "<commit-information" in caplog.text


@pytest.mark.parametrize(
    "line", ["|1|QUJD", "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y", "|1|QUJD ssh-ed25519 AAAA", "|1|é|x a b"]
)
def test_a_broken_line_of_known_hosts_names_nobody(nonels, tmp_path, line):
    file = tmp_path / "known_hosts"
    good = f"[127.0.0.1]:{nonels.target.port}\t{nonels.simulator.host_key('nonels')} Jörg"
    file.write_text(f"{line}\n{good}\n", encoding="utf-8")
    open_device(changed(nonels, known_hosts=(str(file),))).close()


def test_without_the_private_names_of_pyez_replies_are_made_the_stock_way():
    device = type("Device", (), {"transform": None})()
    assert not direct.normalize_at_once(device)
    assert device.transform is None


def test_an_unknown_framing_means_the_stock_way(nonels):
    device = open_device(nonels.target)
    inner = device._conn._session
    del inner.send
    inner._base = 99
    assert not direct.hasten(inner)
    inner._base = 1
    device.close()


def test_a_message_in_the_queue_is_not_overtaken(nonels):
    device = open_device(nonels.target)
    sent = []

    class Queue:
        def empty(self):
            return False

    inner = device._conn._session
    queue, inner._q = inner._q, Queue()
    inner.__class__.send, stock = (lambda self, message: sent.append(message)), inner.__class__.send
    try:
        del inner.send
        assert direct.hasten(inner)
        inner.send("<rpc/>")
    finally:
        inner.__class__.send, inner._q = stock, queue
    assert sent == ["<rpc/>"]
    device.close()


def test_frames_are_those_of_rfc_6242_with_lengths_in_octets():
    assert direct.frame("<é/>", chunked=True) == b"\n#5\n<\xc3\xa9/>\n##\n"
    assert direct.frame("<a/>", chunked=False) == b"<a/>]]>]]>"


def test_a_large_request_arrives_whole(nonels):
    session = Session(nonels.target)
    session.lock()
    body = "".join(f"<vlan><name>v{number}</name><vlan-id>{number}</vlan-id></vlan>" for number in range(2, 4000))
    session.load(f"<configuration><vlans>{body}</vlans></configuration>")
    assert session.diff().count("vlan-id") == 3998
    session.rollback(0)
    session.unlock()
    session.close()


def test_a_name_that_nobody_knows_is_told_as_that_and_not_as_an_unknown_key(tmp_path):
    error = refused(Target("switch.invalid", ssh_config="/dev/null", known_hosts=(str(tmp_path / "none"),)))
    assert isinstance(error, errors.UnreachableError)
    assert "The name switch.invalid is not known" in str(error)
    assert "Mend ansible_host, or the name service." in str(error)


def test_the_first_jump_of_the_arguments_counts_as_for_openssh():
    first, second = (with_arguments(Target("h"), text) for text in ("-J a -o ProxyCommand=b", "-o ProxyCommand=b -J a"))
    assert (first.proxy_jump, first.proxy_command) == ("a", None)
    assert (second.proxy_jump, second.proxy_command) == (None, "b")
