# SPDX-License-Identifier: GPL-3.0-or-later
"""ifupdown keeps plain addresses by hooks, which a real shell runs here; what would not come up again is refused."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.ifupdown import Ifupdown
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.plain import (
    addresses_in,
    parse_hook,
    parse_plain,
    render_down_hook,
    render_up_hook,
)

LABELLED = {"interface": "eth0", "address": "192.0.2.100/24", "label": "eth0:1"}
SECOND = {"interface": "eth0", "address": "192.0.2.101/24"}
SIX = {"interface": "eth0", "address": "2001:db8::100/64"}
OTHER = {"interface": "bond0.10", "address": "198.51.100.7/32"}
DEBIAN = """\
source interfaces.d/*

auto lo
iface lo inet loopback

allow-hotplug eth0
iface eth0 inet static
    address 192.0.2.11/24

iface bond0.10 inet manual
"""


class Host:
    """A host with ifupdown and a kernel whose first address of a subnet takes the others with it, as Linux has it.

    ``kernel`` maps interfaces to their addresses, each with its label, in their order. Commands that are no question
    are noted in ``ran``.
    """

    def __init__(self, root):
        self.root, self.says, self.state = root, "ifup version 0.8.44+deb13u1\n", "eth0=eth0\n"
        self.kernel = {"eth0": {"192.0.2.11/24": "eth0"}, "bond0.10": {}}
        self.ran = []
        for name in ("interfaces.d", "if-up.d", "if-down.d"):
            (root / name).mkdir()
        self.write("interfaces", DEBIAN)
        self.backend = Ifupdown(self, str(root / "interfaces"))

    def write(self, name, text):
        (self.root / name).write_text(text)

    def __call__(self, command):
        if command[0] == "ifup":
            return 0, self.says, ""
        if command[0] == "ifquery":
            return (0 if self.state else 1), self.state, ""
        if command[:2] == ["ip", "-json"]:
            return 0, json.dumps([self._shown(name) for name in self.kernel]), ""
        self.ran.append(" ".join(command).replace(str(self.root), ""))
        if command[:3] == ["ip", "address", "del"]:
            self._delete(command[5], command[3])
        if command[:3] == ["ip", "address", "replace"]:
            self.kernel[command[5]][command[3]] = command[7]
        return 0, "", ""

    def _shown(self, name):
        entries = []
        for address, label in self.kernel[name].items():
            local, length = address.split("/")
            entry = {"local": local, "prefixlen": int(length), "scope": "global"}
            entries.append({**entry, **({"label": label} if label else {})})
        return {"ifname": name, "addr_info": entries}

    def _delete(self, name, address):
        subnet, here = address.rsplit(".", 1)[0], self.kernel[name]
        first = next(other for other in here if other.startswith(subnet)) == address
        gone = [other for other in here if other == address or (first and other.startswith(subnet))]
        self.kernel[name] = {other: label for other, label in here.items() if other not in gone}

    def put(self, *items):
        """Put the files in place and return what they were."""
        files = self.backend.files(parse_plain(list(items)) if items else [])
        former = [File(f.path, Path(f.path).read_bytes()) for f in files if os.path.exists(f.path)]
        for file in files:
            if file.content is not None:
                self.write(os.path.relpath(file.path, str(self.root)), file.content.decode())
            elif os.path.exists(file.path):
                os.unlink(file.path)
        return former


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def shell(tmp_path, text, **environment):
    """Run a hook with an `ip` that fails and writes down how it was called; return its status and these lines."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    log = tmp_path / "log"
    log.write_text("")
    (tmp_path / "bin/ip").write_text(f'#!/bin/sh\necho "$@" >> {log}\nexit 2\n')
    (tmp_path / "bin/ip").chmod(0o755)
    found = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", **environment}
    status = subprocess.run(["sh", "-c", text], env=found, check=False, capture_output=True).returncode
    return status, log.read_text().splitlines()


FOUR = ["address replace 192.0.2.100/24 dev eth0 label eth0:1 broadcast +"]
AGAIN = ["address replace 2001:db8::100/64 dev eth0"]


@pytest.mark.parametrize(
    "interface, family, commands",
    [
        ("eth0", "inet", FOUR + AGAIN),
        ("eth0", "inet6", AGAIN),
        ("bond0.10", "inet", ["address replace 198.51.100.7/32 dev bond0.10"]),
        ("bond0.10", "inet6", []),
        ("eth0:1", "inet", []),
        ("eth1", "inet", []),
        ("--all", "meta", []),
    ],
)
def test_ifup_adds_what_its_stanza_is_to_have_and_is_not_kept_from_finishing(tmp_path, interface, family, commands):
    text = render_up_hook(parse_plain([LABELLED, SIX, OTHER]))
    assert shell(tmp_path, text, IFACE=interface, ADDRFAM=family) == (0, commands)


def test_ifdown_takes_the_addresses_of_the_interface_and_no_others(tmp_path):
    text = render_down_hook(parse_plain([LABELLED, SIX, OTHER]))
    gone = ["address del 192.0.2.100/24 dev eth0", "address del 2001:db8::100/64 dev eth0"]
    assert shell(tmp_path, text, IFACE="eth0", ADDRFAM="inet") == (0, gone)
    assert shell(tmp_path, text, IFACE="eth1", ADDRFAM="inet") == (0, [])


def test_a_hook_is_read_back():
    plains = parse_plain([LABELLED, SIX, OTHER])
    up, down = render_up_hook(plains), render_down_hook(plains)
    assert sorted(parse_hook(up)) == [
        ("bond0.10", "198.51.100.7/32", ""),
        ("eth0", "192.0.2.100/24", "eth0:1"),
        ("eth0", "2001:db8::100/64", ""),
    ]
    assert addresses_in(up) == addresses_in(down) == {"192.0.2.100", "198.51.100.7", "2001:db8::100"}


def test_the_hooks_may_be_run_and_are_absent_without_an_address(host):
    files = host.backend.files(parse_plain([LABELLED]))
    assert [(f.path.replace(str(host.root), ""), f.mode) for f in files] == [
        ("/if-up.d/netstack-vip", 0o755),
        ("/if-down.d/netstack-vip", 0o755),
    ]
    assert [f.content for f in host.backend.files([])] == [None, None]


BY_HAND = [
    ("auto eth0:1\niface eth0:1 inet static\n    address 192.0.2.100\n    netmask 255.255.255.0\n", 3),
    ("iface eth0 inet static\n    address 192.0.2.100/24\n", 2),
    ("iface eth0 inet manual\n    # the VIP\n    up ip addr add 192.0.2.100/24 dev $IFACE label $IFACE:0\n", 3),
    ("iface eth0 inet manual\n    up ip a a 192.0.2.100/24 dev eth0\n", 2),
    ("iface eth0 inet manual\n    post-up /sbin/ifconfig eth0:1 192.0.2.100 up\n", 2),
]


@pytest.mark.parametrize("text, line", BY_HAND)
def test_an_address_that_is_declared_by_hand_is_refused_with_its_file_and_line(host, text, line):
    host.write("interfaces.d/lan", text)
    with pytest.raises(BackendError, match=rf"interfaces.d/lan:{line} declares 192.0.2.100 by hand; take it out there"):
        host.backend.files(parse_plain([LABELLED]))


def test_an_address_that_a_hook_of_others_adds_is_refused_with_its_file_and_line(host):
    host.write("if-up.d/vip", "#!/bin/sh\nip addr add 2001:DB8::0:100/64 dev eth0\n")
    with pytest.raises(BackendError, match=r"if-up\.d/vip:2 declares 2001:db8::100 by hand"):
        host.backend.files(parse_plain([SIX]))


@pytest.mark.parametrize(
    "text",
    [
        "iface eth1 inet static\n    address 192.0.2.10/24\n",
        "iface eth1 inet manual\n    up ip route add 203.0.113.0/24 via 192.0.2.100\n",
        "iface eth1 inet manual\n    down ip addr del 192.0.2.100/24 dev eth0\n",
        "# iface eth0:1 inet static\n#     address 192.0.2.100/24\n",
    ],
)
def test_what_only_names_an_address_is_no_declaration(host, text):
    host.write("interfaces.d/lan", text)
    assert host.backend.files(parse_plain([LABELLED]))


@pytest.mark.parametrize("line", ["#ip addr add", "# ip addr add", "ip addr del", "address"])
def test_what_a_script_of_others_does_not_run_or_takes_away_is_no_declaration(host, line):
    host.write("if-up.d/vip", f"#!/bin/sh\n{line} 192.0.2.100/24 dev eth0\n")
    assert host.backend.files(parse_plain([LABELLED]))


def test_our_own_hook_is_no_declaration_by_hand(host):
    host.put(LABELLED)
    assert host.backend.files(parse_plain([LABELLED]))


@pytest.mark.parametrize(
    "text, words",
    [
        ("iface lan inet static\n", "ifupdown defines no eth0 under that name in"),
        ("iface eth0 inet6 auto\n", "interfaces:1 defines eth0 without IPv4; add a line `iface eth0 inet manual`"),
        (DEBIAN + "no-scripts eth1 eth0\n", "interfaces:11 keeps ifup from running scripts for eth0"),
        (DEBIAN + "no-scripts /eth*\n", "interfaces:11 keeps ifup from running scripts for eth0"),
    ],
)
def test_what_ifup_would_not_bring_up_again_is_refused(host, text, words):
    host.write("interfaces", text)
    with pytest.raises(BackendError, match=words.replace("*", r"\*")):
        host.backend.files(parse_plain([LABELLED]))


def test_ipv6_alone_needs_no_ipv4_and_scripts_may_be_kept_from_others(host):
    host.write("interfaces", "iface eth0 inet6 auto\nno-scripts eth1\n")
    assert host.backend.files(parse_plain([SIX]))


@pytest.mark.parametrize("says", ["ifupdown2:3.0.0-1.3\n", "ifupdown-ng 0.11.4\n", ""])
def test_another_program_of_that_name_is_refused(host, says):
    host.says = says
    with pytest.raises(BackendError, match="ifup is not that of Debian's package ifupdown: it says"):
        host.backend.files(parse_plain([LABELLED]))


def test_the_hook_is_run_once_for_each_interface_as_ifup_runs_it(host):
    host.backend.load(host.put(LABELLED, SIX, OTHER))
    hook = "ADDRFAM=inet /if-up.d/netstack-vip"
    assert host.ran == [f"env IFACE=bond0.10 {hook}", f"env IFACE=eth0 {hook}"]


def test_the_words_of_ip_are_kept(host):
    host.put(LABELLED)
    host.backend.run = lambda _command: (0, "", "RTNETLINK answers: Permission denied\n")
    with pytest.raises(BackendError, match=r"for eth0 \(rc 0\): RTNETLINK answers: Permission denied"):
        host.backend.load([])


def test_what_the_former_hook_had_is_taken_away_and_what_stays_is_not_touched(host):
    host.put(LABELLED, SIX)
    host.kernel["eth0"].update({"192.0.2.100/24": "eth0:1", "2001:db8::100/64": ""})
    host.backend.load(host.put(SIX))
    assert [line for line in host.ran if line.startswith("ip ")] == ["ip address del 192.0.2.100/24 dev eth0"]
    assert list(host.kernel["eth0"]) == ["192.0.2.11/24", "2001:db8::100/64"]


def test_an_address_that_moves_to_another_interface_leaves_the_first(host):
    host.put(LABELLED)
    host.kernel["eth0"]["192.0.2.100/24"] = "eth0:1"
    host.backend.load(host.put({"interface": "bond0.10", "address": "192.0.2.100/24"}))
    assert list(host.kernel["eth0"]) == ["192.0.2.11/24"]


def test_another_label_is_another_address_since_the_kernel_keeps_the_first(host):
    host.put(LABELLED)
    host.kernel["eth0"]["192.0.2.100/24"] = "eth0:1"
    host.backend.load(host.put({**LABELLED, "label": "eth0:2"}))
    assert host.ran[0] == "ip address del 192.0.2.100/24 dev eth0"


def test_what_is_gone_already_is_not_taken_away(host):
    host.backend.load([*host.put(LABELLED), *host.put()])
    assert host.ran == []


def test_addresses_of_others_that_the_kernel_takes_along_come_back(host):
    own = {"interface": "eth0", "address": "198.51.100.7/24"}
    host.put(own)
    host.kernel["eth0"].update({"198.51.100.7/24": "eth0", "198.51.100.8/24": "eth0:9"})
    host.backend.load(host.put())
    assert host.kernel["eth0"] == {"192.0.2.11/24": "eth0", "198.51.100.8/24": "eth0:9"}
