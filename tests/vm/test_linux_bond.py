# SPDX-License-Identifier: GPL-3.0-or-later
"""On a real kernel: bonds of all modes come up by all backends, VLANs and large frames pass, a wrong change goes back.

The tests go on from one another, as changes of two hosts do: the order is part of them. Both hosts work at the same time.
"""

from __future__ import annotations

import re

JUMBO = "ping -c 1 -W 5 -M do -s 8972"  # 9000 octets with the headers of IP and ICMP
CUT_OFF = {"linux_bond_confirm_seconds": 25, "linux_bond_verify": {"seconds": 10}}
ACCESS = {"addresses": ["10.0.3.15/24"]}
LACP = {"lacp_rate": "fast", "xmit_hash_policy": "layer3+4"}
XOR = {"mode": "balance-xor", "xmit_hash_policy": "layer2+3"}
BACKUP = {"mode": "active-backup", "primary": "m2b"}


def bond(number, **values):
    """Return a bond to the ports of that number of the switch, with VLAN 10 and large frames."""
    vlans = {f"bond{number}.10": {"id": 10, "addresses": [f"10.0.1{number}.1/24"]}}
    return {"members": [f"m{number}a", f"m{number}b"], "mtu": 9000, "vlans": vlans, **values}


def declared(backend, *bonds, **more):
    return {"linux_bond_backend": backend, "linux_bond_bonds": {f"bond{n}": b for n, b in enumerate(bonds)}, **more}


ALL = (bond(0, **LACP, **ACCESS), bond(1, **XOR), bond(2, **BACKUP))
NETWORKD, IFUPDOWN = declared("networkd", *ALL), declared("ifupdown", *ALL)
ELSEWHERE = declared("networkd", bond(0, **LACP, addresses=["10.0.3.77/24"]), *ALL[1:])


def has(host, number, name):
    """Return the kernel's option of a bond."""
    return host.shell(f"cat /sys/class/net/bond{number}/bonding/{name}").split()[0]


def works(host):
    """Tell whether all three modes are at work, LACP with its partner, and 9000 octets pass in each VLAN."""
    host.shell(" && ".join(f"{JUMBO} 10.0.1{n}.254" for n in range(3)))
    lacp, backup = (host.shell(f"cat /proc/net/bonding/bond{n}") for n in (0, 2))
    modes = [has(host, n, "mode") for n in range(3)]
    assert modes == ["802.3ad", "balance-xor", "active-backup"]
    assert "Number of ports: 2" in lacp and "Partner Mac Address: 00:00:00:00:00:00" not in lacp
    assert re.search(r"Currently Active Slave: m2b$", backup, re.M), backup
    return True


def succeeded(run, changed=1):
    said = run.said()
    assert f"changed={changed} " in said and "failed=0 " in said, said


def failed(run, text):
    said = run.said()
    assert "failed=1 " in said and text in said, said


def test_networkd_and_ifupdown_bring_up_all_modes_with_their_vlans_and_large_frames(one, two):
    runs = [one.run(NETWORKD), two.run(IFUPDOWN)]
    for run in runs:
        succeeded(run)
    assert works(one) and works(two)
    assert [has(one, 0, name) for name in LACP] == list(LACP.values())


def test_a_second_run_in_check_mode_over_the_bond_itself_finds_nothing_to_do(one, two):
    runs = [host.run(wanted, way="through_bond", flags=["--check"]) for host, wanted in ((one, NETWORKD), (two, IFUPDOWN))]
    for run in runs:
        succeeded(run, changed=0)


def test_a_change_that_cuts_the_controller_off_returns_by_itself(one, two):
    cut = one.run({**ELSEWHERE, **CUT_OFF, "linux_bond_consent": ["management"]}, way="through_bond")
    # Meanwhile the other host changes its backend, and its bonds with it.
    succeeded(two.run(declared("netplan", bond(0, lacp_rate="slow", **ACCESS), *ALL[1:])))
    assert works(two)
    assert has(two, 0, "lacp_rate") == "slow"
    failed(cut, "The change did not stay: the former files are back and loaded")
    assert "10.0.3.15/24" in one.shell("ip -brief address show dev bond0")
    assert works(one)


def test_a_change_of_the_way_to_the_host_is_refused_without_consent(one):
    failed(one.run(ELSEWHERE, way="through_bond", flags=["--check"]), "linux_bond_consent: [management]")


def test_lacp_towards_a_static_bundle_is_found(one):
    one.shell("switch ae0 balance-xor")
    failed(one.run({**NETWORKD, "linux_bond_verify": {"seconds": 5}}, entry="verify"), "nobody answers LACP at bond0")
