# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a run with one end of a link alone is refused for each change that is not neutral, however it was cut."""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.limit import one_ended, shaken
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import DEVICE_WIDE, NEUTRAL
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind as Kind
from unit.stack import real_ansible


def link(name="esx1-lan", **changed):
    found = {"link": name, "host": "ex1", "lag": "ae0", "ports": ["ge-0/0/0"], "peer": "esx1", "peer_lag": "vSwitch0"}
    return {**found, "peer_kind": "esxi_vss", "peer_via": None, "provisioned": True, **changed}


def change(kind=Kind.VLAN_ID, side="switch"):
    return Change(kind, side, "ae0", 10, 11, "lan", ("ae0",))


def refused(present, *, ends=None, made=None, both=(), apart=None):
    ends = ends or [link()]
    by_link = {each["link"]: [made or change()] for each in ends}
    return list(one_ended("ex1", ends, by_link, present, both, apart))


@pytest.mark.parametrize(("kind", "side"), list(NEUTRAL), ids=lambda each: getattr(each, "value", each))
def test_one_end_alone_is_refused_for_each_change_that_is_not_neutral_and_for_no_other(kind, side):
    found = refused({"ex1"}, made=change(kind, side))
    assert bool(found) is not NEUTRAL[kind, side].yes
    assert refused({"ex1", "esx1"}, made=change(kind, side)) == []
    for each in found:
        assert "its other end esx1 is not in this run" in str(each)
        assert NEUTRAL[kind, side].why in str(each)
        assert "add esx1 to --limit" in str(each)


def test_the_host_of_a_vcenter_is_there_when_its_vcenter_is():
    ends = [link(peer_via="vc1")]
    (found,) = refused({"ex1", "esx1"}, ends=ends)
    assert "vc1, by which its other end esx1 is changed, is not in this run" in str(found)
    assert refused({"ex1", "vc1"}, ends=ends) == []


def test_a_host_of_a_vcenter_that_takes_no_change_keeps_its_switch_from_it_and_no_other_link():
    ends = [link(peer_via="vc1"), link("esx2-lan", peer="esx2", peer_via="vc1")]
    (found,) = refused({"ex1", "vc1"}, ends=ends, apart={"esx1": "vCenter says of esx1: notResponding"})
    assert found.link == "esx1-lan"
    assert "esx1 does not change in this run (vCenter says of esx1: notResponding)" in str(found)
    assert "ex1 was not changed." in str(found)
    neutral = change(Kind.DESCRIPTION)
    assert refused({"ex1", "vc1"}, ends=ends, made=neutral, apart={"esx1": "away"}) == []


def test_an_end_that_nobody_can_change_in_any_run_refuses_none():
    assert refused({"ex1"}, ends=[link(peer="filer", provisioned=False)]) == []


@pytest.mark.parametrize("kind", [kind for kind, side in NEUTRAL if side == "switch"], ids=lambda kind: kind.value)
def test_a_link_that_is_changed_in_steps_needs_its_switch_only_for_what_takes_effect_everywhere_at_once(kind):
    found = refused({"esx1"}, made=change(kind), both=["esx1-lan"])
    assert bool(found) is (kind in DEVICE_WIDE)
    assert all("ex1 itself is not in this run" in str(each) for each in found)


def test_links_of_other_hosts_that_the_same_switch_renumbers_are_refused_or_told():
    ends = [link(), link("esx2-lan", peer="esx2")]
    assert [each.link for each in refused({"ex1", "esx1"}, ends=ends, both=["esx1-lan"])] == ["esx2-lan"]
    by_link = {each["link"]: [change()] for each in ends}
    assert shaken(ends, by_link, ["esx1-lan"]) == {"lan": ["esx2-lan"]}


PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Compare",
                "netstack.datacenter.stack_limit": {
                    "links": "{{ stack_links | default([]) }}",
                    "by_link": "{{ stack_by_link | default({}) }}",
                    "converted": "{{ converted | default([]) }}",
                    "switches": "{{ switches | default({}) }}",
                },
                "when": "stack_by_link is defined",
            }
        ],
    }
]


def inventory() -> dict:
    at_switch = {"esx1-lan": [change().plain()], "srv": [change(Kind.DESCRIPTION).plain()]}
    linux = link("srv", peer="srv1", peer_kind="linux", peer_lag="bond0")
    ex1 = {"stack_links": [link(), linux], "stack_by_link": at_switch}
    own = link(host="esx1", lag="vSwitch0", peer="ex1", peer_kind="junos_ex")
    conversion = {"ex1": {"by_link": at_switch, "links": [link()]}}
    esx1 = {"stack_links": [own], "stack_by_link": {}, "converted": ["esx1-lan"], "switches": conversion}
    return {"ex1": ex1, "esx1": esx1, "srv1": {}}


def run(folder, hosts, *arguments, **options):
    play = json.loads(json.dumps(PLAY))
    play[0]["tasks"][0]["netstack.datacenter.stack_limit"].update(options)
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": json.loads(json.dumps(hosts))}}))
    (folder / "play.yml").write_text(yaml.safe_dump(play))
    (folder / "only.retry").write_text("ex1\n")
    return real_ansible.run(folder, "ansible-playbook", "-i", "hosts.yml", "play.yml", *arguments)


ONE_IS_ENOUGH = pytest.mark.all_only("ansible-core reads the limit; a file of hosts and one host are two ways of many")


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("@only.retry", "its other end esx1 is not in this run"),
        pytest.param("all:!esx1", "its other end esx1 is not in this run", marks=ONE_IS_ENOUGH),
        ("esx1", "ex1 itself is not in this run"),
        pytest.param("e*1", "", marks=ONE_IS_ENOUGH),
    ],
)
def test_whatever_cuts_a_run_is_judged_by_the_hosts_that_are_left(tmp_path, limit, told):
    done = run(tmp_path, inventory(), "--limit", limit)
    assert (done.returncode == 0) is not told, done.stdout
    assert told in done.stdout


def test_what_a_vcenter_has_kept_of_its_hosts_is_judged_by_every_switch(tmp_path):
    away = {"esx1": {"outcome": "failed", "reason": "vCenter says of esx1: notResponding.\nBring it back."}}
    hosts = {"ex1": inventory()["ex1"], "vc1": {"stack_apart": away}, "srv1": {}}
    hosts["ex1"]["stack_links"][0] = link(peer_via="vc1")
    done = run(tmp_path, hosts)
    assert done.returncode == 2
    assert "esx1 does not change in this run (vCenter says of esx1: notResponding)" in done.stdout
    hosts["vc1"] = {}
    assert run(tmp_path, hosts).returncode == 0


def test_a_slice_that_lacks_the_other_end_is_refused(tmp_path):
    done = run(tmp_path, {name: each for name, each in inventory().items() if name != "esx1"})
    assert done.returncode == 2
    assert "its other end esx1 is not in this run" in done.stdout


def test_a_plan_of_any_part_tells_of_a_linux_end_with_its_role_and_refuses_nothing(tmp_path):
    done = run(tmp_path, inventory(), "--limit", "ex1", refuse=False)
    assert done.returncode == 0
    assert "role linux_bond changes the end of srv1 (bond0)" in " ".join((done.stdout + done.stderr).split())
