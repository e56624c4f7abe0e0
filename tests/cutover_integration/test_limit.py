# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves for each kind of change that a run limited to one end of a link loses no flow: it is done, or refused."""

from __future__ import annotations

import copy
import subprocess

import pytest
import yaml
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.request import Request, Verification
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.junos.transaction import apply

from .conftest import delivered
from .labs import DELIVERED, NICS, PLAYBOOK, PORTS, ROOT, STYLES, Pair, Watched, environment
from .test_site import connections, site

HASH = {"policy": "loadbalance_ip", "nicOrder": {"activeNic": NICS, "standbyNic": []}}
DONE, REFUSED, NO_WAY = "done", "refused", "no way"


def vlan(name, number):
    return lambda found, link, ends: found["vlans"].update({name: {"id": number}})


def on_link(**changed):
    return lambda found, link, ends: link.update(changed)


def fewer_cables(found, link, ends):
    for end in ends.values():
        end["ports"] = end["ports"][:1]


def one_more_vlan(found, link, ends):
    found["vlans"]["nfs"] = {"id": 30}
    link["vlans"]["tagged"].append("nfs")


def one_vlan_less(found, link, ends):
    link["vlans"]["tagged"].remove("vmotion")


def no_bundle(found, link, ends):
    link["bundle"] = "none"
    del next(end for end in ends.values() if end.get("lag") == "ae0")["lag"]


def nothing_native(found, link, ends):
    link["vlans"] = {"tagged": ["server", "vmotion"]}


KINDS = {
    "vlan id": (vlan("vmotion", 21), REFUSED, REFUSED),
    "untagged vlan id": (vlan("server", 11), REFUSED, REFUSED),
    "vlan added": (one_more_vlan, DONE, DONE),
    "vlan removed": (one_vlan_less, REFUSED, DONE),
    "native vlan": (nothing_native, REFUSED, NO_WAY),
    "mtu raised": (on_link(mtu=9000), DONE, DONE),
    "bundle": (no_bundle, REFUSED, DONE),
    "minimum links": (on_link(minimum_links=2), REFUSED, DONE),
    "member removed": (fewer_cables, REFUSED, NO_WAY),
    "description": (on_link(description="to the hall"), DONE, DONE),
}
"""What is changed in the site, and what becomes of it with the switch alone in the run, and with the host alone.

A conversion changes both ends for the host; where it has no way for that, it says so before it begins."""
BY_DEFAULT = {("vlan id", "els", "switch"), ("vlan added", "nonels", "host")}
CASES = [
    pytest.param(
        *(kind, style, end),
        marks=[] if (kind, style, end) in BY_DEFAULT else pytest.mark.all_only("one refused and one done of each side"),
    )
    for kind in KINDS
    for style in STYLES
    for end in ("switch", "host")
]


def converted(joined, style, folder) -> Pair:
    """Return both ends as a declared static bundle has them, without a run of a playbook."""
    pair = delivered(*joined, style, folder)
    state = copy.deepcopy(DELIVERED)
    state["switches"]["vSwitch0"]["policy"] = {"nicTeaming": HASH}
    state["groups"]["Management Network"]["policy"]["nicTeaming"] = HASH
    common = {"mode": "trunk", "untagged": "server", "tagged": ["vmotion"], "peer": "esxi_vss", "payload_mtu": 1500}
    texts = {port: f"{pair.host} {nic}" for port, nic in zip(PORTS, NICS, strict=True)}
    bundle = {"members": PORTS, "lacp": "none", "description": f"{pair.host} vSwitch0", "member_descriptions": texts}
    known = (str(folder / "known_hosts"),)
    where = {"ssh_config": "/dev/null", "known_hosts": known, "look_for_keys": False}
    target = Target("127.0.0.1", pair.switches.port(style), "lab", "lab123", **where)
    wanted = declared({"server": {"id": 10}, "vmotion": {"id": 20}}, {"ae0": {**bundle, **common}}, None)
    apply(lambda: Session(target), Request(wanted, state="replaced", verification=Verification(False, 5, 0.2)))
    pair.hosts.control("reset", host=pair.host, state=state)
    assert pair.lost_flows() == 0
    return pair


def play(pair: Pair, declared_site: dict, *arguments: str) -> subprocess.CompletedProcess[str]:
    (pair.folder / "stack.yml").write_text(yaml.safe_dump(declared_site))
    (pair.folder / "connections.yml").write_text(yaml.safe_dump(connections(pair)))
    inventories = ["-i", str(pair.folder / "stack.yml"), "-i", str(pair.folder / "connections.yml")]
    report = ["-e", f"stack_report_folder={pair.folder / 'report'}"]
    return subprocess.run(
        [str(PLAYBOOK), *inventories, str(ROOT / "playbooks" / "site.yml"), *report, *arguments],
        capture_output=True,
        text=True,
        env={**environment(), "HOME": str(pair.folder)},
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(("kind", "style", "end"), CASES)
def test_one_end_alone_is_changed_without_losing_a_flow_or_refused_with_the_others_name(
    joined, tmp_path, kind, style, end
):
    pair = converted(joined, style, tmp_path)
    here, far = (pair.style, pair.host) if end == "switch" else (pair.host, pair.style)
    wanted = copy.deepcopy(site(pair, "static"))
    link = next(iter(wanted["links"].values()))
    change, at_switch, at_host = KINDS[kind]
    change(wanted, link, link["ends"])
    before = pair.both()
    with Watched(pair) as watched:
        done = play(pair, wanted, "--limit", here)
    told = done.stdout + done.stderr
    assert watched.lost == []
    expected = at_switch if end == "switch" else at_host
    assert done.returncode == (0 if expected == DONE else 2), told
    assert (pair.both() == before) is (expected != DONE)
    if expected == REFUSED:
        assert f"{far} is not in this run" in told or f"{far} itself is not in this run" in told
    if expected == NO_WAY:
        assert far in told
        assert "Nothing was changed" in told or "management to consent" in told
