# SPDX-License-Identifier: GPL-3.0-or-later
"""What hands do to the files of a load balancer, and how each of it shows in what runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from conftest import TOPOLOGY

import podman
from checkout import localised as here
from topology import load as load_topology

CONFIG = "/etc/haproxy/haproxy.cfg"
FRAGMENT = "/etc/haproxy/conf.d/shop.cfg"
CERTIFICATE = "/etc/haproxy/certs/shop.pem"
POUND = "/etc/pound.cfg"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
CHECK = "/usr/local/libexec/netstack-vip-health"
#: How a hand loads a file, and the folder of the restore points of the role that replaces it.
LOADS = {
    CONFIG: ("reload", "haproxy"),
    FRAGMENT: ("reload", "haproxy"),
    CERTIFICATE: ("reload", "haproxy"),
    POUND: ("restart", "pound"),
    KEEPALIVED: ("reload", "keepalived"),
    CHECK: ("reload", "keepalived"),
}
NODES = load_topology(TOPOLOGY)
PORTAL = here("10.231.10.102")
SPARE = here("10.231.10.199")
ASK = (
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect('/run/haproxy/admin.sock'); "
    "s.sendall(sys.argv[1].encode() + b'\\n'); s.shutdown(1); print(s.makefile().read())"
)
DUMP = (
    "rm -f /tmp/keepalived.data; kill -USR1 $(systemctl show -p MainPID --value keepalived); "
    "until grep -q 'Interfaces >' /tmp/keepalived.data 2>/dev/null; do sleep 0.05; done; cat /tmp/keepalived.data"
)


@dataclass(frozen=True)
class Drift:
    """An edit by a hand.

    Attributes:
        what: for the reader of a failure.
        path: the file.
        edit: makes the hand's text of that of the role.
        seen: tells whether a node runs it; None where nothing runs what is in the file.
        put_back: what the role says where the hand puts the file back as it was, date included, and does not load it.
    """

    what: str
    path: str
    edit: Callable[[str], str]
    seen: Callable[[str], bool] | None
    put_back: str = ""


def inside(node, *command, check=True):
    """Run a command inside a host of the lab; there are many of them, and lab.py takes its time to start."""
    return podman.inside(NODES.container(node), *command, check=check)


def ask(node, command):
    """Ask HAProxy's admin socket."""
    return inside(node, "python3", "-c", ASK, command)


def servers(node):
    """Return HAProxy's servers as `show servers state` has them: backend and name -> row."""
    lines = ask(node, "show servers state").splitlines()
    header = next(line[2:].split() for line in lines if line.startswith("# be_id"))
    rows = [dict(zip(header, line.split(), strict=True)) for line in lines if line[:1].isdigit() and " " in line]
    return {f"{row['be_name']}/{row['srv_name']}": row for row in rows}


def server(name, column, value):
    """Return what looks whether a server has this value."""
    return lambda node: servers(node).get(name, {}).get(column) == value


def statistic(name, column, value):
    """Return what looks whether a proxy has this value in `show stat`."""

    def look(node):
        rows = csv.DictReader(io.StringIO(ask(node, "show stat -1 3 -1").removeprefix("# ")))
        return any((row["pxname"], row[column]) == (name, value) for row in rows)

    return look


def answers(port, path="/"):
    """Return what looks whether a node itself answers 200 on a port of its loopback."""
    url = f"http://127.0.0.1:{port}{path}"
    return lambda node: inside(node, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url, check=False) == "200"


def lacks(name):
    return lambda node: name not in servers(node)


def listens(port):
    return lambda node: f":{port} " in inside(node, "ss", "-Hltn")


def hangs_up(node):
    """Tell whether HAProxy ends a connection within 4 s on which nothing is asked; it is declared to wait 10 s."""
    wait = "timeout 4 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8405 && cat <&3 >/dev/null'; echo $?"
    return inside(node, "sh", "-c", wait).strip() == "0"


def serves_portal(node):
    return "CN = portal.lab.test" in ask(node, f"show ssl cert {CERTIFICATE}").replace("CN=", "CN = ")


def portal(*options, port=443, path="/"):
    """Ask Pound on whichever node has its VIP; returns what curl wrote."""
    resolve = f"portal.lab.test:{port}:{PORTAL}"
    curl = ["curl", "-sk", "--max-time", "5", "--resolve", resolve, *options, f"https://portal.lab.test:{port}{path}"]
    return inside("client", *curl, check=False)


def serves_partner(_node):
    show = f"openssl s_client -connect {PORTAL}:443 -servername portal.lab.test </dev/null 2>/dev/null"
    return "partner.lab.test" in inside("client", "sh", "-c", f"{show} | openssl x509 -noout -ext subjectAltName")


def dumped(pattern):
    """Return what looks whether keepalived says this of what it runs."""
    return lambda node: re.search(pattern, inside(node, "sh", "-c", DUMP), re.MULTILINE) is not None


def checks(node):
    """Tell whether keepalived asks the health check for each of its instances."""
    scripts = r"Tracked scripts :\n(?: {4,}\S.*\n)*? {4,}netstack_health"
    return re.search(scripts, inside(node, "sh", "-c", DUMP)) is not None


def holds_spare(_node):
    return any(f" {SPARE}/" in inside(node, "ip", "-brief", "address", "show", "eth1") for node in ("lb1", "lb2"))


def replaced(pattern, by, times=0):
    """Return an edit of every place that matches, or of the first ones."""

    def edit(text):
        new, count = re.subn(pattern, by, text, count=times, flags=re.MULTILINE)
        assert count, f"nothing in the file is {pattern}"
        return new

    return edit


def within(head, pattern, by):
    """Return an edit of the first place that matches in the section, or block, that begins with a line."""

    def edit(text):
        before, found, rest = text.partition(f"\n{head}\n")
        assert found, f"the file has no {head}"
        body, end, after = rest.partition("\n\n")
        new, count = re.subn(pattern, by, body, count=1, flags=re.MULTILINE)
        assert count, f"nothing in {head} is {pattern}"
        return before + found + new + end + after

    return edit


def section(name, pattern, by):
    return within(f"{name} from netstack", pattern, by)


def added(*lines):
    return lambda text: text + "\n" + "".join(f"{line}\n" for line in lines)


def of_another(_text):
    """The certificate of another service, as somebody copies the wrong file."""
    return inside("lb1", "cat", "/etc/haproxy/certs/portal.pem")


def no_health(_text):
    return "#!/bin/sh\nexit 0\n"


MINE = added("frontend mine", "    mode http", "    bind *:9100", "    http-request return status 200")
SLOW = replaced(r"timeout http-request 10s", "timeout http-request 1s")
HAND = "    acl by_hand path /hand\n    http-request return status 200 if by_hand\n\\g<0>"
RULE = section("frontend netstack-health", "^    http-request", HAND)
COOKIE = section("backend shop.servers", "cookie [A-Z]+", "cookie HAND")
BALANCE = section("backend api.servers", "balance .*", "balance first")
MORE = section("backend api.servers", "^    server web1", "    server hand 127.0.0.1:1\n\\g<0>")
BIND = "    bind 127.0.0.1:9102\n\\g<0>"
PRIORITY = replaced("priority [0-9]+", "priority 77")
ADDRESS = f"virtual_ipaddress {{\n        {SPARE}/24 dev eth1"
SHOP, API = "backend shop.servers", "backend api.servers"
LISTENER = 'ListenHTTPS "portal.4.443"'

#: The edits of each round at each node. What a client meets of Pound, and keepalived, may be at either node.
FIRST_POUND = [Drift("a port", POUND, within(LISTENER, "Port 443", "Port 8444"), lambda _node: bool(portal(port=8444)))]
FIRST_KEEPALIVED = [Drift("a priority", KEEPALIVED, PRIORITY, dumped("^   Priority = 77$"))]
FIRST = {
    "lb1": [Drift("a frontend more", CONFIG, MINE, answers(9100)), *FIRST_POUND, *FIRST_KEEPALIVED],
    "lb2": [
        Drift(
            "a weight",
            CONFIG,
            section(SHOP, "(server web2 .*weight) 100", r"\1 7"),
            server("shop.servers/web2", "srv_uweight", "7"),
        ),
        *FIRST_POUND,
        *FIRST_KEEPALIVED,
    ],
}
SECOND_OF_BOTH = [
    Drift("Pound's certificate", POUND, within(LISTENER, "portal.pem", "partner.pem"), serves_partner),
    Drift(
        "a header of Pound",
        POUND,
        within(LISTENER, "^    Client", '    SetHeader "X-Hand: 1"\n\\g<0>'),
        lambda _node: "x-hand" in portal(),
    ),
    Drift("a VIP", KEEPALIVED, replaced(r"virtual_ipaddress \{(?=\n.*\.)", ADDRESS, times=1), holds_spare),
    Drift(
        "no check by keepalived", KEEPALIVED, replaced(r"^        netstack_health\n", ""), lambda node: not checks(node)
    ),
    Drift(
        "an interval", KEEPALIVED, replaced("advert_int .*", "advert_int 3"), dumped("^   Advert interval = 3(000)? ")
    ),
]
SECOND = {
    "lb1": [
        Drift(
            "a port",
            CONFIG,
            section(API, "(server web1 .*):80", r"\1:81"),
            server("api.servers/web1", "srv_port", "81"),
        ),
        Drift(
            "no check",
            CONFIG,
            section(SHOP, "(server web1 .*) check", r"\1"),
            server("shop.servers/web1", "srv_check_state", "0"),
        ),
        Drift("an ACL and its rule", CONFIG, RULE, answers(8405, "/hand")),
        Drift("the balance", CONFIG, BALANCE, statistic("api.servers", "algo", "first")),
        Drift("a cookie", CONFIG, COOKIE, statistic("shop.servers", "cookie", "HAND")),
        Drift("a fragment", FRAGMENT, MINE, None),
        *SECOND_OF_BOTH,
    ],
    "lb2": [
        Drift("a timeout", CONFIG, SLOW, hangs_up),
        Drift("a server more", CONFIG, MORE, server("api.servers/hand", "srv_port", "1")),
        Drift("a server less", CONFIG, section(SHOP, "^    server web3 .*", ""), lacks("shop.servers/web3")),
        Drift("an address more", CONFIG, section("frontend api", "^    bind", BIND), listens(9102)),
        Drift(
            "the most connections",
            CONFIG,
            section("frontend api", "^    mode", "    maxconn 123\n\\g<0>"),
            statistic("api", "slim", "123"),
        ),
        Drift(
            "a server out of service",
            CONFIG,
            section(SHOP, "server web1 .*", r"\g<0> disabled"),
            server("shop.servers/web1", "srv_admin_state", "5"),
        ),
        Drift("a certificate", CERTIFICATE, of_another, serves_portal),
        *SECOND_OF_BOTH,
    ],
}
PUT_BACK_AT_BOTH = [
    Drift(
        "a backend of Pound",
        POUND,
        within(LISTENER, "(BackEnd(?:\n.*){2}Port) [0-9]+", r"\1 1"),
        lambda _node: portal("-o", "/dev/null", "-w", "%{http_code}") == "503",
        put_back=f"restart: what runs was started before the last change of {POUND}",
    ),
    Drift(
        "a priority",
        KEEPALIVED,
        PRIORITY,
        dumped("^   Priority = 77$"),
        put_back=f"reload: what runs was loaded before the last change of {KEEPALIVED}",
    ),
    Drift("a script", CHECK, no_health, None),
]
LOADED_BEFORE = f"reload: what serves was loaded before the last change of {CONFIG}"
UNDECLARED = "reload: what serves also has mine"
PUT_BACK = {
    "lb1": [Drift("a timeout", CONFIG, SLOW, hangs_up, LOADED_BEFORE), *PUT_BACK_AT_BOTH],
    "lb2": [
        Drift("a frontend more", CONFIG, MINE, answers(9100), UNDECLARED),
        *PUT_BACK_AT_BOTH,
    ],
}
