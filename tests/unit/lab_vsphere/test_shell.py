# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what esxcli and vim-cmd do to a host, what they print, and what they refuse."""

from __future__ import annotations

import json

import pytest

from kinds.esxi_vss import plainform, shell
from kinds.esxi_vss.command import RefusedError
from kinds.esxi_vss.host import Host

from .builders import teaming, two_uplinks

SWITCH = "esxcli network vswitch standard policy failover"
GROUP = "esxcli network vswitch standard portgroup policy failover"
MANAGEMENT = "-p 'Management Network'"


def run(host: Host, line: str) -> str:
    output = shell.run(host, line)
    assert (output.status, output.error) == (0, ""), output
    return output.text


def test_failover_get_shows_what_takes_effect_and_what_is_overridden(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    shown = run(host, f"{GROUP} get {MANAGEMENT}")
    assert "   Load Balancing: srcport\n" in shown and "   Unused Adapters: vmnic1\n" in shown
    assert "   Override Vswitch Uplinks: true\n" in shown
    assert "Load Balancing: iphash" in run(host, f"{SWITCH} get --vswitch-name=vSwitch0")


def test_the_json_formatter_gives_the_same_with_names_without_blanks(host: Host) -> None:
    shown = json.loads(run(host, f"esxcli --formatter=json {SWITCH.removeprefix('esxcli ')} get -v vSwitch0"))
    assert shown["ActiveAdapters"] == ["vmnic0"] and shown["Failback"] is True and shown["LoadBalancing"] == "srcport"
    (listed,) = json.loads(run(host, "esxcli --formatter json network vswitch standard list"))
    assert listed["Portgroups"] == ["VM Network", "Management Network"] and listed["MTU"] == 1500


def test_failover_set_changes_only_what_is_given(host: Host) -> None:
    two_uplinks(host)
    run(host, f"{SWITCH} set -v vSwitch0 -l iphash -f link -n false -b false")
    policy = host.net.switches["vSwitch0"].policy.nicTeaming
    assert (policy.policy, policy.notifySwitches, policy.rollingOrder) == ("loadbalance_ip", False, True)
    assert policy.nicOrder.activeNic == ["vmnic0", "vmnic1"] and teaming(host)[0] == "loadbalance_srcid"


def test_the_active_uplinks_alone_leave_the_others_unused(host: Host) -> None:
    two_uplinks(host)
    run(host, f"{SWITCH} set -v vSwitch0 -a vmnic1 -s vmnic0")
    assert teaming(host, "VM Network") == ("loadbalance_srcid", ["vmnic1"], ["vmnic0"])
    run(host, f"{SWITCH} set -v vSwitch0 -a vmnic1")
    assert teaming(host, "VM Network") == ("loadbalance_srcid", ["vmnic1"], [])


def test_use_vswitch_drops_the_override_and_sets_what_else_is_given(host: Host) -> None:
    two_uplinks(host, "loadbalance_ip")
    run(host, f"{GROUP} set {MANAGEMENT} --use-vswitch --notify-switches=false")
    assert teaming(host) == ("loadbalance_ip", ["vmnic0", "vmnic1"], [])
    own = host.net.groups["Management Network"].policy.nicTeaming
    assert (own.policy, own.notifySwitches) == (None, False)


def test_use_vswitch_drops_the_other_overrides_too_and_each_alone(host: Host) -> None:
    group = "esxcli network vswitch standard portgroup policy"
    run(host, "esxcli network vswitch standard policy shaping set -v vSwitch0 -e true -b 100 -k 200 -t 3")
    run(host, f"{group} shaping set {MANAGEMENT} --enabled=false && {group} security set {MANAGEMENT} -o true")
    own, computed = host.net.groups["Management Network"].policy, host.net.computed("Management Network").shapingPolicy
    assert (computed.enabled, computed.averageBandwidth, computed.burstSize) == (False, 100_000, 3072)
    for part in ("shaping", "security"):
        run(host, f"{group} {part} set {MANAGEMENT} --use-vswitch")
    own = host.net.groups["Management Network"].policy
    assert (own.shapingPolicy.enabled, own.security.allowPromiscuous) == (None, None)
    assert own.nicTeaming.policy == "loadbalance_srcid"


def test_security_is_set_and_shown_on_both_levels(host: Host) -> None:
    run(host, "esxcli network vswitch standard policy security set -v vSwitch0 -o true -m no -f 1")
    run(host, f"esxcli network vswitch standard portgroup policy security set {MANAGEMENT} -o false")
    shown = run(host, f"esxcli network vswitch standard portgroup policy security get {MANAGEMENT}")
    assert "Allow Promiscuous: false\n" in shown and "Override Vswitch Allow Promiscuous: true\n" in shown
    assert "Allow MAC Address Change: false\n" in shown and "Override Vswitch Allow MAC Address Change: false" in shown


def test_uplinks_come_active_and_go_from_every_order(host: Host) -> None:
    run(host, "esxcli network vswitch standard uplink add -u vmnic2 -v vSwitch0")
    assert teaming(host, "VM Network")[1] == ["vmnic0", "vmnic2"]
    run(host, "esxcli network vswitch standard uplink remove -u vmnic0 -v vSwitch0")
    assert host.net.uplinks("vSwitch0") == ["vmnic2"] and teaming(host)[1] == []


def test_switches_and_port_groups_are_made_changed_and_removed(host: Host) -> None:
    run(host, "esxcli network vswitch standard add -v vSwitch1 -P 56 && esxcli network vswitch standard list")
    run(host, "esxcli network vswitch standard set -v vSwitch1 -m 9000")
    run(host, "esxcli network vswitch standard portgroup add -p vMotion -v vSwitch1")
    run(host, "esxcli network vswitch standard portgroup set --portgroup-name vMotion --vlan-id 30")
    assert (host.net.switches["vSwitch1"].mtu, host.net.groups["vMotion"].vlanId) == (9000, 30)
    assert "vMotion             vSwitch1                     0       30\n" in run(
        host, "esxcli network vswitch standard portgroup list"
    )
    run(host, "esxcli network vswitch standard portgroup remove -p vMotion -v vSwitch1")
    run(host, "esxcli network vswitch standard remove -v vSwitch1")
    assert list(host.net.switches) == ["vSwitch0"]


def test_nics_and_interfaces_are_listed(host: Host) -> None:
    host.nics["vmnic1"].dark = True
    nics = json.loads(run(host, "esxcli --formatter=json network nic list"))
    assert [(nic["Name"], nic["LinkStatus"]) for nic in nics][:2] == [("vmnic0", "Up"), ("vmnic1", "Down")]
    assert "Portgroup: Management Network" in run(host, "esxcli network ip interface list")
    assert "192.0.2.1" in run(host, "esxcli network ip interface ipv4 get -i vmk0")


def test_vim_cmd_sets_the_switch_or_one_port_group(host: Host) -> None:
    two_uplinks(host)
    run(host, "vim-cmd hostsvc/net/vswitch_setpolicy --nicteaming-policy=loadbalance_ip vSwitch0")
    assert (teaming(host, "VM Network")[0], teaming(host)[0]) == ("loadbalance_ip", "loadbalance_srcid")
    run(host, 'vim-cmd hostsvc/net/portgroup_set --nicteaming-policy=loadbalance_ip vSwitch0 "Management Network"')
    assert teaming(host)[0] == "loadbalance_ip"
    assert "computedPolicy" in run(host, "vim-cmd hostsvc/net/refresh; vim-cmd hostsvc/net/info")


def test_the_blog_posts_command_without_a_port_group_is_refused(host: Host) -> None:
    output = shell.run(host, "vim-cmd hostsvc/net/portgroup_set --nicteaming-policy=loadbalance_ip vSwitch0")
    assert output.status == 1 and "Insufficient arguments" in output.text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (f"{SWITCH} set -v vSwitch0 -x 1", "Invalid option -x"),
        (f"{SWITCH} set -v vSwitch0 --colour=red", "Invalid option --colour"),
        (f"{SWITCH} set -l iphash", "Missing required parameter -v|--vswitch-name"),
        (f"{SWITCH} set -v vSwitch0 -l best", "best"),
        (f"{SWITCH} set -v vSwitch0 -n perhaps", "not a boolean"),
        (f"{SWITCH} set -v vSwitch0 -l", "requires an argument"),
        (f"{SWITCH} set -v vSwitch0 -a vmnic3", "vmnic3 is not an uplink"),
        (f"{SWITCH} set -v vSwitch9 -l iphash", "vSwitch9"),
        (f"{GROUP} set -p nothing -l iphash", "nothing"),
        ("esxcli network vswitch standard uplink remove -u vmnic3 -v vSwitch0", "vmnic3"),
        ("esxcli network vswitch standard portgroup remove -p 'VM Network' -v vSwitch1", "vSwitch1"),
        ("esxcli network vswitch standard portgroup set -p 'VM Network' -v 4096", "vlanId"),
        ("esxcli storage list", "Unknown command or namespace storage list"),
        ("vim-cmd hostsvc/net/vswitch_add vSwitch1", "Invalid command"),
        ("vim-cmd hostsvc/net/vswitch_setpolicy --mtu=9000 vSwitch0", "Invalid option"),
    ],
)
def test_what_is_wrong_is_refused_with_its_name_and_changes_nothing(host: Host, line: str, text: str) -> None:
    before = plainform.write(host)
    output = shell.run(host, line)
    assert output.status == 1 and text in output.text
    assert plainform.write(host) == before


def test_a_failure_stops_what_is_joined_by_and_but_not_by_a_semicolon(host: Host) -> None:
    wrong = "esxcli network vswitch standard list -v nothing"
    assert "vmnic0" not in shell.run(host, f"{wrong} && esxcli network nic list").text
    assert "vmnic0" in shell.run(host, f"{wrong}; esxcli network nic list").text
    assert shell.run(host, "uname -a").status == 127


@pytest.mark.parametrize("line", ["esxcli network nic list | head", "esxcli network nic list > /tmp/x", "esxcli 'x"])
def test_what_needs_a_real_shell_is_refused(host: Host, line: str) -> None:
    with pytest.raises(RefusedError):
        shell.run(host, line)
