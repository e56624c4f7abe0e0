# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a program of a load balancer, or its kernel, prints is read or is an error that the module tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner.slices import whole_or_slice

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import answers, complaints
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import server as of_server
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import RefusedError, Runtime
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.started import started
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet import shown_by_ip
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond import kernel as of_bonds
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond import reach
from ansible_collections.netstack.datacenter.plugins.module_utils.pound import host as of_pound
from ansible_collections.netstack.datacenter.plugins.module_utils.pound import render
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.package import unusable
from ansible_collections.netstack.datacenter.plugins.module_utils.service import loaded, master
from ansible_collections.netstack.datacenter.plugins.module_utils.service.listening import listening_in
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError, pid_of
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import runtime as of_certificates
from ansible_collections.netstack.datacenter.plugins.module_utils.vip import daemon, hops, neighbours, packets

from .hostile import any_texts, bounded, of_data, of_text, steering

DRAWN = whole_or_slice(whole=2000, piece=40, reason="more texts of programs are drawn")
QUICK = settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
HEADER = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_"
    "last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id "
    "srv_f_forced_id srv_fqdn srv_port srvrecord\n"
)
STATE = f"{HEADER}4 web 1 a 192.0.2.21 2 0 100 100 72 6 3 4 6 0 0 0 - 8080 -\n"
STATE += "4 web 2 b 192.0.2.22 0 5 1 1 7 6 3 4 6 0 0 0 - 80 -\n"
STAT = "# pxname,svname,qcur,qmax,scur,smax,status,\nweb,a,0,0,3,4,UP,\nweb,BACKEND,0,0,3,4,UP,\n"
PROC = """#<PID>          <type>          <reloads>       <uptime>        <version>
1162            master          5 [failed: 0]   0d00h02m07s     2.6.12
# workers
1271            worker          1               0d00h00m00s     2.6.12
# old workers
1233            worker          3               0d00h00m43s     2.6.12
"""
INFO = "Name: HAProxy\nVersion: 2.6.12\nPid: 1271\nUptime_sec: 12\nCurrConns: 3\n"
ENVIRONMENT = "PATH=/usr/bin\nNETSTACK_CONFIG_SHA256=0123\n"
CONFIGURATION = "global\nbackend web\n    server a 192.0.2.21:8080\n    server b 192.0.2.22:80 disabled\n"
REFUSED = "[ALERT]    (12) : config : parsing [/etc/haproxy/haproxy.cfg:7] : unknown keyword 'x'\n"
CERTIFICATE = "# filename\n/etc/haproxy/certs/shop.pem\nFilename: /etc/haproxy/certs/shop.pem\nSerial: 0A1B\n"
CERTIFICATE += f"SHA1 FingerPrint: {'AB' * 20}\n"
UNIT = "LoadState=loaded\nActiveState=active\nMainPID=77\nStateChangeTimestampMonotonic=12\nNeedDaemonReload=no\n"
STARTED = "ExecStart={ argv[]=/usr/sbin/haproxy -Ws -f $CONFIG -p /run/x ; }\nEnvironment=CONFIG=/x\n"
DUMP = """------< Global definitions >------
 Router ID = lb1-0123456789
------< VRRP Topology >------
 VRRP Instance = VIP1
   VRRP Version = 3
   State = MASTER
------< Interfaces >------
"""
VERSION = "Keepalived v2.2.7 (01/16,2022)\n"
POUND = "pound (pound) 4.16\nCopyright\n"
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:034E 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1
   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0 0 0 0 0 0 1
"""
BOND = (Path(__file__).parent / "linux_bond" / "proc_net_bonding.txt").read_text()
ADDRESSES: list[dict[str, Any]] = [
    {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
    {
        "ifname": "eth0",
        "link": "bond0",
        "mtu": 1500,
        "linkinfo": {"info_kind": "vlan", "info_data": {"id": 10}},
        "addr_info": [
            {"family": "inet", "local": "192.0.2.11", "prefixlen": 24, "scope": "global", "label": "eth0:1"},
            {"family": "inet6", "local": "2001:db8::11", "prefixlen": 64, "scope": "global", "tentative": True},
        ],
    },
]
ROUTES = [{"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"}]


class Saying(Runtime):
    """A socket of HAProxy that answers each command with the same."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def ask(self, command: str) -> str:
        return self.text


def printing(text: str) -> Callable[[Any], tuple[int, str, str]]:
    return lambda _command: (0, text, "")


def of_sessions(text: str) -> Any:
    return of_server.sessions(Saying(text), answers.ServerState("web", "a", "", 0, 0, 2, 100, 100))


def of_found(text: str) -> Any:
    found = of_server.find(Saying(text), "web", "a")
    return found.state, of_server.commands(found, "drain", "50%")


def of_daemon(text: str) -> Any:
    seen = daemon.Daemon(printing(text), "/usr/sbin/keepalived")
    return seen.version(), seen.status(), seen._signal(), daemon.ROUTER_ID.search(text), daemon.STATE.findall(text)


def of_certificate(text: str) -> Any:
    running = of_certificates.Runtime("a", "m", lambda _path, _command: text)
    return running.loaded(), running.serving("shop")


def of_release(text: str) -> Any:
    found = of_pound.Host(printing(text))
    found.program = "/usr/sbin/pound"
    return unusable(found.release(), lists=True), render.declared_digest(found.listed()), of_pound.first_complaint(text)


def of_unit(text: str) -> Any:
    return pid_of(of_pound.Host(printing(text)).unit())


def of_running(text: str) -> Any:
    return started(text, lambda _path: text)


READERS: dict[str, tuple[Callable[[str], Any], str, tuple[type[Exception], ...]]] = {
    "servers": (answers.parse_servers_state, STATE, (ValueError,)),
    "server": (of_found, STATE, (ValueError, RefusedError)),
    "kept": (lambda text: answers.keep_state_of(text, CONFIGURATION, CONFIGURATION, True), STATE, ()),
    "kept_of": (lambda text: answers.keep_state_of(STATE, text, text, True), CONFIGURATION, ()),
    "sessions": (of_sessions, STAT, (ValueError,)),
    "stat": (answers.parse_stat, STAT, (ValueError,)),
    "processes": (master.parse_processes, PROC, (ValueError,)),
    "information": (answers.parse_information, INFO, ()),
    "environment": (answers.parse_environment, ENVIRONMENT, ()),
    "complaint": (answers.first_complaint, REFUSED, ()),
    "certificate": (of_certificate, CERTIFICATE, (of_certificates.RefusedError,)),
    "started": (of_running, STARTED, ()),
    "keepalived": (of_daemon, VERSION + UNIT + DUMP, ()),
    "pound": (of_release, POUND, ()),
    "listeners": (render.bound_in, "ListenHTTP\n    Address 192.0.2.1\n    Port 80\n    Service\n    End\nEnd\n", ()),
    "unit": (of_unit, UNIT, ()),
    "tcp": (listening_in, TCP, ()),
    "bond": (of_bonds.parse_proc, BOND, ()),
}


def is_read_or_told(read: Callable[[str], Any], texts: Any, own: Any) -> None:
    """Whatever is drawn is read or is one of these errors, in bounded time, with nothing that steers a terminal."""

    @QUICK
    @given(texts)
    def drawn(said: str) -> None:
        with bounded():
            try:
                shown = read(said)
            except own as error:
                shown = str(error)
        assert steering(shown) == []

    drawn()


@pytest.mark.parametrize(("read", "text", "own"), READERS.values(), ids=READERS)
def test_any_text_of_a_program_is_read_or_told(read, text, own):
    read(text)  # as it really is
    is_read_or_told(read, of_text(text), own)


def of_neighbours(text: str) -> Any:
    kernel = neighbours.Kernel(printing(text))
    seen = [kernel.addresses(), kernel.lasting("eth0"), kernel.labelled("eth0")]
    return [*seen, kernel.interface_for("192.0.2.9"), kernel.source_for("eth0", "2001:db8::1")]


def of_kernel(text: str) -> Any:
    shown = of_bonds.Kernel(printing(text)).shown()
    vlan, bond = of_bonds.Vlan("eth0", 10, of_bonds.Layer3()), of_bonds.Bond("bond0", "802.3ad", ("eth1",), 100)
    wrong = of_bonds._wrong_vlan(bond, vlan, shown), of_bonds._wrong_layer("eth0", vlan.net, shown.get("eth0"), set())
    return *wrong, reach.interface_of("192.0.2.11", shown)


JSON: dict[str, tuple[Callable[[str], Any], Any, tuple[type[Exception], ...]]] = {
    "links": (shown_by_ip.links, ADDRESSES, (ValueError,)),
    "neighbours": (of_neighbours, ADDRESSES, (neighbours.LinkError,)),
    "kernel": (of_kernel, ADDRESSES, (OSError,)),
    "pound": (lambda text: of_pound.Host(printing(text)).addresses(), ADDRESSES, (CommandError,)),
    "router": (lambda text: hops._router("192.0.2.9", "192.0.2.11", printing(text)), ROUTES, ()),
    "routes": (lambda text: of_bonds.Kernel(printing(text)).default_routes(), ROUTES, ()),
}


@pytest.mark.parametrize(("read", "data", "own"), JSON.values(), ids=JSON)
def test_any_json_of_ip_is_read_or_told(read, data, own):
    text = json.dumps(data)
    read(text)
    odd = of_data(data).map(json.dumps) | of_text(text) | st.sampled_from(["", "[" * 100_000, "null"])
    is_read_or_told(read, odd, own)


@pytest.mark.parametrize("said", ["1", "null", "{}", "[" * 100_000, "<html>"])
def test_what_is_no_list_of_interfaces_is_told(said):
    with pytest.raises(neighbours.LinkError, match="ip address show: it is no"):
        neighbours.Kernel(printing(said))


@QUICK
@given(st.binary(max_size=120), st.sampled_from(["192.0.2.1", "2001:db8::1"]))
def test_any_frame_of_the_link_is_an_owner_or_none(frame, address):
    owner = packets.arp_owner if ":" not in address else packets.neighbour_owner
    assert owner(frame, address) is None or len(owner(frame, address)) == 6


@QUICK
@given(any_texts, st.lists(any_texts, max_size=3))
def test_any_complaint_is_told(text, names):
    with bounded():
        assert steering([complaints.__name__, answers.first_complaint("\n".join([text, *names]))]) == []


BLANK = "\n" * 200_000


@pytest.mark.parametrize("search", [daemon.ROUTER_ID.search, render.bound_in], ids=["router_id", "listeners"])
def test_blank_lines_are_read_once(search):
    with bounded():
        assert not search(BLANK)


def test_a_process_that_calls_itself_by_octets_that_are_no_text_hides_no_other(tmp_path):
    """Any local user can start one: it once ended every run that looked for a worker of HAProxy."""
    name = "open('/proc/self/comm', 'wb').write(b'\\xff) \\xfe'); print('named', flush=True); input()"
    command = [sys.executable, "-c", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "named\n"
        assert loaded.started(process.pid)
        assert loaded.youngest_child(os.getpid()) == process.pid
        assert reach._parent(Path(f"/proc/{process.pid}")) == os.getpid()
        process.communicate("\n")
