# SPDX-License-Identifier: GPL-3.0-or-later
"""On a real kernel: bonds of all modes come up by all backends, VLANs and large frames pass, a wrong change goes back.

The tests go on from one another, as changes of two hosts do: the order is part of them. Both hosts work at one time.
"""

from __future__ import annotations

PATIENT = {"linux_bond_confirm_seconds": 300, "linux_bond_verify": {"seconds": 120}}  # on a busy machine
CUT_OFF = {"linux_bond_confirm_seconds": 25, "linux_bond_verify": {"seconds": 10}}
ACCESS = {"addresses": ["10.0.3.15/24"]}
LACP = {"lacp_rate": "fast", "xmit_hash_policy": "layer3+4"}
XOR = {"mode": "balance-xor", "xmit_hash_policy": "layer2+3"}
BACKUP = {"mode": "active-backup", "primary": "m2b"}


def bond(number, **values):
    """Return a bond to the ports of that number of the switch, with VLAN 10 and large frames."""
    vlans = {f"bond{number}.10": {"id": 10, "addresses": [f"10.0.1{number}.1/24"]}}
    return {"members": [f"m{number}a", f"m{number}b"], "mtu": 9000, "vlans": vlans, **values}


def declared(backend, *bonds):
    return {"linux_bond_backend": backend, "linux_bond_bonds": {f"bond{n}": b for n, b in enumerate(bonds)}, **PATIENT}


ALL = (bond(0, **LACP, **ACCESS), bond(1, **XOR), bond(2, **BACKUP))
NETWORKD, IFUPDOWN = declared("networkd", *ALL), declared("ifupdown", *ALL)
ELSEWHERE = declared("networkd", bond(0, **LACP, addresses=["10.0.3.77/24"]), *ALL[1:])


def options(host):
    """Return what the kernel says of all bonds, such as `bond0/bonding/mode`, once 9000 octets pass in each VLAN."""
    names = ["mode", "lacp_rate", "xmit_hash_policy", "ad_num_ports", "ad_partner_mac", "active_slave", "primary"]
    files = " ".join(f"bond?/bonding/{name}" for name in names)
    # 9000 with the headers of IP and ICMP; one request each, since a bond that the role has proven must lose none.
    jumbo = [f"ping -c 1 -W 10 -M do -s 8972 10.0.1{n}.254 >&2" for n in range(3)]
    told = host.shell(" && ".join([*jumbo, f"cd /sys/class/net && grep -H . {files}"]))
    return {path: value.split()[0] for path, _, value in (line.partition(":") for line in told.splitlines())}


def works(host, lacp_rate):
    """Tell whether all three modes are at work, LACP with its partner."""
    has = options(host)
    assert [has[f"bond{n}/bonding/mode"] for n in range(3)] == ["802.3ad", "balance-xor", "active-backup"]
    assert (has["bond0/bonding/lacp_rate"], has["bond0/bonding/ad_num_ports"]) == (lacp_rate, "2")
    assert has["bond0/bonding/ad_partner_mac"] != "00:00:00:00:00:00"
    assert [has[f"bond{n}/bonding/xmit_hash_policy"] for n in range(2)] == ["layer3+4", "layer2+3"]
    assert has["bond2/bonding/active_slave"] == has["bond2/bonding/primary"] == "m2b"
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
    assert works(one, "fast") and works(two, "fast")


def test_a_second_run_in_check_mode_over_the_bond_itself_finds_nothing_to_do(one, two):
    wanted = ((one, NETWORKD), (two, IFUPDOWN))
    runs = [host.run(variables, way="through_bond", flags=["--check"]) for host, variables in wanted]
    for run in runs:
        succeeded(run, changed=0)


def test_a_change_that_cuts_the_controller_off_returns_by_itself(one, two):
    cut = one.run({**ELSEWHERE, **CUT_OFF, "linux_bond_consent": ["management"]}, way="through_bond")
    # Meanwhile the other host changes its backend, and its bonds with it.
    succeeded(two.run(declared("netplan", bond(0, **{**LACP, "lacp_rate": "slow"}, **ACCESS), *ALL[1:])))
    assert works(two, "slow")
    failed(cut, "The change did not stay: the former files are back and loaded")
    assert "10.0.3.15/24" in one.shell("ip -brief address show dev bond0")
    assert works(one, "fast")


def test_a_change_of_the_way_to_the_host_is_refused_without_consent(one):
    failed(one.run(ELSEWHERE, way="through_bond", flags=["--check"]), "linux_bond_consent: [management]")


def test_lacp_towards_a_static_bundle_is_found(one):
    one.shell("switch ae0 balance-xor")
    failed(one.run({**NETWORKD, "linux_bond_verify": {"seconds": 5}}, entry="verify"), "nobody answers LACP at bond0")
