# SPDX-License-Identifier: GPL-3.0-or-later
"""A change touches what it must and no more, and the way back makes and removes the same the other way round."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.backends import (
    BackendError,
    Ifupdown,
    Networkd,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.model import Declared
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.plan import back, compare, forward
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.render import ifupdown
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from .bond_builders import BOND, Host, bond, declared

OLD = declared()
RESTART = "systemctl restart systemd-networkd.service"


def plan(tmp_path, new, *, old=OLD, rebuilds_all=False):
    return compare(old, new, [], Host(tmp_path, old).kernel, rebuilds_all)


def delete(name):
    return f"if [ -e /sys/class/net/{name} ]; then ip link delete {name}; fi"


def test_a_host_as_declared_needs_nothing(tmp_path):
    found = plan(tmp_path, declared())
    assert (found.needed, found.verbs) == (False, [])


def test_another_option_makes_the_bond_anew_with_its_vlan(tmp_path):
    found = plan(tmp_path, declared(bond0=bond(lacp_rate="slow")))
    assert found.verbs == ["make bond0", "make bond0.10", "load"]
    assert found.touched == {"bond0", "bond0.10", "eth0", "eth1"}


def test_another_vlan_leaves_the_bond_alone(tmp_path):
    found = plan(tmp_path, declared(bond0=bond(vlans={**BOND["vlans"], "bond0.20": {"id": 20}})))
    assert (found.verbs, found.touched) == (["make bond0.20", "load"], {"bond0.20"})


def test_another_address_touches_its_interface_though_nothing_is_made_anew(tmp_path):
    found = plan(tmp_path, declared(bond0=bond(addresses=["198.51.100.12/24"])))
    assert (found.verbs, found.touched) == (["load"], {"bond0"})


def test_with_ifupdown_another_address_makes_the_interface_anew(tmp_path):
    found = plan(tmp_path, declared(bond0=bond(addresses=["198.51.100.12/24"])), rebuilds_all=True)
    assert found.verbs == ["make bond0", "make bond0.10", "load"]


def test_what_is_not_declared_any_more_goes_and_its_members_are_released(tmp_path):
    found = plan(tmp_path, Declared("networkd"))
    assert found.verbs == ["remove bond0", "remove bond0.10", "load"]
    assert found.released == ["eth0", "eth1"]


@pytest.mark.parametrize("rebuilds_all", [False, True])
def test_a_first_bond_goes_again_on_the_way_back(tmp_path, rebuilds_all):
    found = plan(tmp_path, declared(), old=Declared(), rebuilds_all=rebuilds_all)
    networkd = [Networkd(None)]
    flushed = ["ip address flush dev eth0 scope global", "ip address flush dev eth1 scope global"]
    assert forward(found, networkd) == [*flushed, RESTART]
    assert back(found, networkd) == [delete("bond0"), delete("bond0.10"), RESTART]


def test_ifupdown_brings_the_members_up_again_on_the_way_back(tmp_path):
    main = tmp_path / "interfaces"
    main.write_text("source interfaces.d/*\n")
    former = File(str(main), b"iface eth0 inet dhcp\n")
    changes = [Change(File(str(main), b""), former)]
    found = compare(Declared(), declared("ifupdown"), changes, Host(tmp_path).kernel, True)
    lines = back(found, [Ifupdown(None, str(main), str(tmp_path / "interfaces.d/netstack-bond"))])
    assert lines == [delete("bond0"), delete("bond0.10"), "ifdown --force --ignore-errors eth0", "ifup eth0"]


def test_ifupdown_forgets_what_comes_up_and_is_never_forced_to_bring_up_a_bond_below_its_vlan_again(tmp_path):
    own = File(str(tmp_path / "interfaces.d/netstack-bond"), ifupdown(declared().bonds).encode())
    backend = Ifupdown(None, str(tmp_path / "interfaces"), own.path)
    assert [" ".join(command) for command in backend.commands(["bond0", "bond0.10", "eth9"], [own])] == [
        "ifdown --force --ignore-errors bond0.10",
        "ifdown --force --ignore-errors bond0",
        "ifup bond0",
        "ifup bond0.10",
    ]


def test_ifupdown_makes_anew_what_another_backend_made_though_nothing_else_changes(tmp_path):
    found = plan(tmp_path, declared("ifupdown"), rebuilds_all=True)
    assert found.verbs == ["make bond0", "make bond0.10", "load"]
    assert plan(tmp_path / "other", declared("netplan")).verbs == []


def test_ifupdown_takes_the_members_out_of_what_it_sources_but_not_out_of_our_own_file(tmp_path):
    main, lan, own = tmp_path / "interfaces", tmp_path / "lan", tmp_path / "interfaces.d/netstack-bond"
    own.parent.mkdir()
    main.write_text("source interfaces.d/*\nsource lan\n")
    for path in (lan, own):
        path.write_text("iface eth0 inet dhcp\n")
    files = Ifupdown(None, str(main), str(own)).files(declared("ifupdown"))
    assert [(file.path, b"iface eth0 inet dhcp" in file.content) for file in files] == [
        (str(lan), False),
        (str(own), False),
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("wpa-psk hunter2hunter2", False),
        ("wpa-password hunter2hunter2", False),
        ("wireless-key s:hunter2hunter2", False),
        ("post-up curl http://admin:hunter2hunter2@192.0.2.1/up", False),
        ("post-up vpn --password hunter2hunter2", False),
        ("dns-nameservers 192.0.2.53", True),
    ],
)
def test_a_file_of_others_with_a_secret_in_it_is_not_shown(tmp_path, line, shown):
    main, own = tmp_path / "interfaces", tmp_path / "interfaces.d/netstack-bond"
    main.write_text(f"source interfaces.d/*\niface eth0 inet dhcp\niface eth9 inet dhcp\n    {line}\n")
    changes = Transaction("test", store=str(tmp_path / "store")).plan(
        Ifupdown(None, str(main), str(own)).files(declared("ifupdown"))
    )
    (found,) = (entry for entry in Transaction.diff(changes) if entry["after_header"].startswith(f"{main} "))
    assert (line in found["before"], line in found["after"]) == (shown, shown)
    assert "hunter2" not in str(found)


def test_ifupdown_that_would_not_read_our_file_is_refused(tmp_path):
    main = tmp_path / "interfaces"
    main.write_text("source interfaces.d/*.cfg\n")
    with pytest.raises(BackendError, match="does not source"):
        Ifupdown(None, str(main), str(tmp_path / "interfaces.d/netstack-bond")).files(declared("ifupdown"))
