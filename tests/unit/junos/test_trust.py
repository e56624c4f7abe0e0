# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what an inventory and a peer cannot do to the way to a switch: no command, no wrong key, no endless login."""

from __future__ import annotations

import dataclasses
import os
import shlex
import socket
import subprocess
import sys
import threading
import time

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors, proxy
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.connect import open_device
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target, jump
from kinds.junos_ex.client import Simulator

from .switches import skip_without_its_packages
from .test_connect import changed, refused


def known(tmp_path, lab, key: str):
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:{lab.target.port} {key}\n")
    return (str(file),)


def test_what_an_inventory_says_of_a_host_stays_one_word_of_the_programs_arguments():
    host, user = "a -oProxyCommand=x 'y", "b c"
    assert proxy.words("nc '%h x' %p %r %%h", host, 830, user) == ["nc", f"{host} x", "830", user, "%h"]


@pytest.mark.parametrize("line", [jump("bastion.invalid"), "ssh -F none -W [%h]:%p -- bastion.invalid"])
def test_openssh_itself_runs_nothing_for_a_host_that_holds_an_option(line, tmp_path):
    """The line is OpenSSH's own; filled in before it was split, its option ran a command of the inventory."""
    ran = tmp_path / "ran"
    host = f"x]:1 '-oProxyCommand=touch {ran}' [x"
    command = proxy.words(line, host, 830, None)
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert not ran.exists()
    naive = shlex.split(line.replace("%h", host).replace("%p", "830"))
    subprocess.run(naive, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert ran.exists()  # the attack is one


def test_a_line_whose_quotes_do_not_close_is_told_and_a_missing_program_too(nonels):
    assert "No closing quotation" in str(refused(changed(nonels, proxy_command="nc 'a")))
    assert "/no/such/program cannot be started" in str(refused(changed(nonels, proxy_command="/no/such/program %h")))


def test_a_known_and_changed_host_key_is_refused_with_host_key_checking_off(nonels, tmp_path):
    other = known(tmp_path, nonels, nonels.simulator.host_key("els"))
    error = refused(changed(nonels, known_hosts=other, host_key_checking=False))
    assert isinstance(error, errors.HostKeyChangedError)
    assert nonels.asked() == []


def test_with_checking_off_a_line_without_the_port_of_a_tunnel_is_no_key_of_the_switch(nonels, tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text(f"127.0.0.1 {nonels.simulator.host_key('els')}\n")
    other = changed(nonels, known_hosts=(str(file),))
    assert isinstance(refused(other), errors.HostKeyChangedError)
    open_device(dataclasses.replace(other, host_key_checking=False)).close()


def test_a_switch_that_shows_no_key_of_the_known_kind_is_refused_with_host_key_checking_off(nonels, tmp_path):
    key = tmp_path / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", str(key)], check=True)
    files = known(tmp_path, nonels, " ".join(key.with_suffix(".pub").read_text().split()[:2]))
    error = refused(changed(nonels, known_hosts=files, host_key_checking=False))
    assert isinstance(error, errors.HostKeyChangedError)
    assert "none of that kind" in str(error)


@pytest.mark.parametrize("checked", [True, False])
def test_the_known_key_lets_in_checked_or_not(nonels, checked):
    open_device(changed(nonels, host_key_checking=checked)).close()


def test_a_known_key_of_a_kind_that_the_client_has_given_up_is_none_to_compare(nonels, tmp_path):
    files = known(tmp_path, nonels, "ssh-dss AAAAB3NzaC1kc3MAAACBAA==")
    assert isinstance(refused(changed(nonels, known_hosts=files)), errors.HostKeyUnknownError)
    open_device(changed(nonels, known_hosts=files, host_key_checking=False)).close()


def test_a_switch_with_an_rsa_key_is_reached(tmp_path):
    skip_without_its_packages()
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", str(tmp_path / "ex1.key")], check=True)
    with Simulator({"ex1": "ex4200-48t"}, keys=tmp_path, known_hosts=tmp_path / "known") as found:
        assert found.host_key("ex1").startswith("ssh-rsa ")
        files = (str(tmp_path / "known"),)
        target = Target("127.0.0.1", found.port("ex1"), "lab", "lab123", None, "/dev/null", files, look_for_keys=False)
        open_device(target).close()


DRIPS = 40
"""Seconds after which the peer gives up, so that whoever waits for it is seen."""


@pytest.fixture
def dripping():
    """Listen, and send each client an octet of a banner that does not end now and then; give the port."""
    over = threading.Event()

    def drip(line: socket.socket) -> None:
        with line:
            line.sendall(b"SSH-2.0-")
            end = time.monotonic() + DRIPS
            try:
                while time.monotonic() < end and not over.wait(0.2):
                    line.sendall(b"x")
            except OSError:
                return

    def accept(server: socket.socket) -> None:
        while not over.is_set():
            try:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield server.getsockname()[1]
        over.set()


RELAY = (
    "import socket,sys,os;s=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\nwhile 1:os.write(1,s.recv(99))"
)


@pytest.mark.parametrize("way", ["socket", "proxy"])
def test_a_login_ends_at_its_deadline_though_the_peer_keeps_sending(dripping, way, tmp_path):
    skip_without_its_packages()
    relay = f"{sys.executable} -c {shlex.quote(RELAY)} %p" if way == "proxy" else None
    target = Target("127.0.0.1", dripping, "lab", "x", None, os.devnull, (), look_for_keys=False)
    hurried = dataclasses.replace(target, proxy_command=relay, host_key_checking=False, connect_timeout=1)
    error = refused(hurried)
    assert isinstance(error, errors.UnreachableError)
    assert "within 1 s" in str(error)
