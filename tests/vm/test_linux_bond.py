# SPDX-License-Identifier: GPL-3.0-or-later
"""On a real kernel: bonds come up with their partner, VLANs and large frames pass, and a wrong change goes back.

The tests go on from one another, as changes of one host do: the order is part of them.
"""

from __future__ import annotations

JUMBO = "ping -c 2 -W 2 -M do -s 8972"  # 9000 octets with the headers of IP and ICMP
CUT_OFF = {"linux_bond_confirm_seconds": 21, "linux_bond_verify": {"seconds": 5}}


def bonds(number, **bond):
    """Return one bond to the bundle of that number of the switch, with VLAN 10 and large frames."""
    vlans = {f"bond{number}.10": {"id": 10, "addresses": [f"10.0.1{number}.1/24"]}}
    members = [f"m{number}a", f"m{number}b"]
    return {"linux_bond_bonds": {f"bond{number}": {"members": members, "mtu": 9000, "vlans": vlans, **bond}}}


FIRST = bonds(0, lacp_rate="fast", xmit_hash_policy="layer3+4", addresses=["10.0.3.15/24"])
OPTIONS = {"mode": "802.3ad", "lacp_rate": "fast", "xmit_hash_policy": "layer3+4"}


def bonding(machine, name):
    return machine.shell(f"cat /proc/net/bonding/{name}")


def works(machine, number):
    """Tell whether the bond has both members in use with a partner, and 9000 octets pass in its VLAN."""
    told = bonding(machine, f"bond{number}")
    machine.shell(f"{JUMBO} 10.0.1{number}.254")
    return "Number of ports: 2" in told and "Partner Mac Address: 00:00:00:00:00:00" not in told


def succeeded(run, changed=1):
    assert f"changed={changed} " in run.stdout and "failed=0 " in run.stdout, run.stdout + run.stderr


def failed(run, text):
    assert "failed=1 " in run.stdout and text in run.stdout, run.stdout + run.stderr


def test_networkd_brings_lacp_up_with_its_partner_and_the_vlan_passes_large_frames(machine, role):
    succeeded(role.run(FIRST))
    assert works(machine, 0)
    folder = "/sys/class/net/bond0/bonding"
    assert {name: machine.shell(f"cat {folder}/{name}").split()[0] for name in OPTIONS} == OPTIONS


def test_a_second_run_in_check_mode_over_the_bond_itself_finds_nothing_to_do(role):
    succeeded(role.run(FIRST, way="through_bond", flags=["--check", "--diff"]), changed=0)


def test_a_change_of_the_way_to_the_host_is_refused_without_consent(role):
    elsewhere = bonds(0, lacp_rate="fast", xmit_hash_policy="layer3+4", addresses=["10.0.3.77/24"])
    failed(role.run(elsewhere, way="through_bond", flags=["--check"]), "linux_bond_consent: [management]")


def test_a_change_that_cuts_the_controller_off_returns_by_itself(machine, role):
    elsewhere = bonds(0, lacp_rate="fast", xmit_hash_policy="layer3+4", addresses=["10.0.3.77/24"])
    run = role.run({**elsewhere, **CUT_OFF, "linux_bond_consent": ["management"]}, way="through_bond")
    failed(run, "The change did not stay: the former files are back and loaded")
    assert "10.0.3.15/24" in machine.shell("ip -brief address show dev bond0")
    assert works(machine, 0)


def test_netplan_brings_lacp_up_too(machine, role):
    succeeded(role.run({**bonds(1, lacp_rate="slow"), "linux_bond_backend": "netplan"}))
    assert works(machine, 1)
