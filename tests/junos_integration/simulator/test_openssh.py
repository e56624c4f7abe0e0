# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the simulated switches with the OpenSSH client and frames written by hand: `ssh -s HOST netconf`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .builders import Switch

END = "]]>]]>"
HELLO = (
    '<?xml version="1.0"?><hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities>'
    f"<capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>{END}"
)

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the program ssh is not installed")


def command(switch: Switch, key: Path, *more: str, known: Path | None = None) -> list[str]:
    options = ["-oStrictHostKeyChecking=yes", "-oIdentitiesOnly=yes", "-oBatchMode=yes"]
    options += [f"-oUserKnownHostsFile={known or key.with_name('known_hosts')}", "-oGlobalKnownHostsFile=/dev/null"]
    return ["ssh", "-F", "none", "-i", str(key), "-p", str(switch.port), *options, *more]


def talk(switch: Switch, key: Path, *frames: str) -> list[str]:
    """Send the greeting and `frames`, then the end of input; give all that came, message by message."""
    text = HELLO + "".join(f"{frame}{END}" for frame in frames)
    ran = subprocess.run(
        command(switch, key, "-s", "lab@127.0.0.1", "netconf"), input=text, capture_output=True, text=True, timeout=20
    )
    return [message.strip() for message in ran.stdout.split(END) if message.strip()]


def rpc(inner: str, number: int = 1) -> str:
    return f'<rpc message-id="{number}" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">{inner}</rpc>'


def test_the_greeting_offers_base_1_0_alone_and_a_session_id(switch: Switch, client_key: Path) -> None:
    (hello,) = talk(switch, client_key)
    assert hello.startswith("<!-- No zombies were killed during the creation of this user interface -->")
    assert "urn:ietf:params:netconf:base:1.0" in hello and "base:1.1" not in hello
    assert re.search(r"<session-id>\d+</session-id>", hello)


def test_the_reply_carries_the_requests_message_id_and_the_namespaces(switch: Switch, client_key: Path) -> None:
    _, reply = talk(switch, client_key, rpc("<get-system-uptime-information/>", 4711))
    assert 'message-id="4711"' in reply and 'xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"' in reply
    assert 'xmlns:junos="http://xml.juniper.net/junos/' in reply


def test_requests_sent_without_waiting_are_answered_in_order(switch: Switch, client_key: Path) -> None:
    replies = talk(switch, client_key, *(rpc("<get-commit-information/>", number) for number in range(1, 6)))[1:]
    assert [re.search(r'message-id="(\d)"', reply)[1] for reply in replies] == list("12345")


def test_error_and_ok_stand_in_the_base_namespace(switch: Switch, client_key: Path) -> None:
    _, locked, wrong, closed = talk(
        switch, client_key, rpc("<lock-configuration/>"), rpc("<get-weather/>"), rpc("<close-session/>")
    )
    assert "<ok/>" in locked and "<ok/>" in closed
    assert "<rpc-error>" in wrong and "xmlns=" not in wrong.split("<rpc-error>")[1]
    assert "<error-message>\nsyntax error\n</error-message>" in wrong
    assert "<bad-element>\nget-weather\n</bad-element>" in wrong


def test_a_change_by_hand_is_committed(switch: Switch, client_key: Path) -> None:
    lines = "<configuration-set>set vlans x1 vlan-id 9</configuration-set>"
    load = f'<load-configuration action="set" format="text">{lines}</load-configuration>'
    replies = talk(switch, client_key, rpc(load), rpc("<commit-configuration/>"), rpc("<close-session/>"))
    assert "<load-configuration-results>" in replies[1] and "<commit-success/>" in replies[2]
    assert "set vlans x1 vlan-id 9" in switch.committed()


def test_the_words_of_a_confirmed_commit_are_junipers(switch: Switch, client_key: Path) -> None:
    asked = "<commit-configuration><confirmed/><confirm-timeout>10</confirm-timeout></commit-configuration>"
    _, reply = talk(switch, client_key, rpc(asked))
    assert "commit confirmed will be automatically rolled back in 10 minutes unless confirmed" in reply


def test_what_is_not_xml_is_an_error_and_the_session_goes_on(switch: Switch, client_key: Path) -> None:
    _, broken, good = talk(switch, client_key, "<rpc><unclosed>", rpc("<get-commit-information/>"))
    assert "<rpc-error>" in broken and "<commit-information>" in good


@pytest.mark.parametrize("time", ["0", "65536", "soon"])
def test_a_confirm_timeout_out_of_range_is_refused(switch: Switch, client_key: Path, time: str) -> None:
    asked = f"<commit-configuration><confirmed/><confirm-timeout>{time}</confirm-timeout></commit-configuration>"
    _, reply = talk(switch, client_key, rpc(asked))
    assert f"Value {time} is not within range (1..65535)" in reply
    assert switch.control("status")["pending"] is None


def test_edit_config_and_get_config_of_standard_netconf_work(switch: Switch, client_key: Path) -> None:
    change = "<configuration><vlans><vlan><name>x1</name><vlan-id>9</vlan-id></vlan></vlans></configuration>"
    edit = f"<edit-config><target><candidate/></target><config>{change}</config></edit-config>"
    ask = (
        "<get-config><source><candidate/></source><filter><configuration><vlans/></configuration></filter></get-config>"
    )
    _, edited, shown, dropped = talk(switch, client_key, rpc(edit), rpc(ask), rpc("<discard-changes/>"))
    assert "<ok/>" in edited and "<vlan-id>9</vlan-id>" in shown and "<ok/>" in dropped
    assert switch.control("status")["dirty"] is False


def test_each_switch_has_a_host_key_of_its_own(switch: Switch, client_key: Path, tmp_path: Path) -> None:
    other = next(name for name in ("els", "nonels") if name != switch.name)
    assert switch.simulator.host_key(switch.name) != switch.simulator.host_key(other)
    wrong = tmp_path / "known_hosts"
    wrong.write_text(f"[127.0.0.1]:{switch.port} {switch.simulator.host_key(other)}\n", encoding="utf-8")
    asked = command(switch, client_key, "-s", "lab@127.0.0.1", "netconf", known=wrong)
    ran = subprocess.run(asked, input=HELLO, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 255 and "REMOTE HOST IDENTIFICATION HAS CHANGED" in ran.stderr


def test_netconf_is_also_served_by_the_command_that_old_clients_send(switch: Switch, client_key: Path) -> None:
    asked = command(switch, client_key, "lab@127.0.0.1", "xml-mode netconf need-trailer")
    ran = subprocess.run(asked, input=HELLO, capture_output=True, text=True, timeout=20)
    assert "<session-id>" in ran.stdout


def test_there_is_neither_a_shell_nor_another_subsystem(switch: Switch, client_key: Path) -> None:
    for more in (("lab@127.0.0.1", "show version"), ("-s", "lab@127.0.0.1", "sftp")):
        ran = subprocess.run(command(switch, client_key, *more), input="", capture_output=True, text=True, timeout=20)
        assert ran.returncode != 0 and ran.stdout == ""
