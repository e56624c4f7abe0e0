# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a load balancer decides how it is changed: in place, or while it holds no VIP, and the standby first."""

from __future__ import annotations

import json

import pytest
import yaml

from .real_ansible import Place
from .site_files import ROOT

FACTS = ("stack_pending", "stack_restarts", "stack_standby", "stack_changes")
TASK = "Say whether this node needs a change, and how it is made"
QUIET = {
    "tls_certificate_planned": False, "pound_planned": False, "haproxy_planned": False, "vip_planned": False,
    "pound_restarts": False, "haproxy_restarts": False, "vip_stops": False,
    "tls_certificate_plan": {"certificates": []}, "pound_prediction": {"files": [], "actions": []},
    "haproxy_prediction": {"files": [], "actions": [], "apart": []}, "vip_plan": {"action": []},
    "vip_firewall_plan": {"action": []},
}  # fmt: skip
OTHER = ["02:00:00:00:00:01"]
AWAY = "This node is away from web4 (60 s more)"
HERE, THERE, NOBODY = (
    {"local": local, "others": others} for local, others in ((True, []), (False, OTHER), (False, []))
)


def held(addresses):
    return {"vip_holders": {"holders": addresses}}


APART = {"haproxy_prediction": {"files": ["/a"], "actions": ["reload"], "apart": ["peers edge change to TLS: ..."]}}
CASES = {
    "peers that change to TLS": ({"haproxy_planned": True, **APART, **held({"a": HERE})}, (True, [], False)),
    "nothing": ({**held({"a": HERE})}, (False, [], False)),
    "reload on the holder": ({"haproxy_planned": True, **held({"a": HERE})}, (True, [], False)),
    "reload on the standby": ({"haproxy_planned": True, **held({"a": THERE, "b": THERE})}, (True, [], True)),
    "one VIP each": ({"vip_planned": True, **held({"a": THERE, "b": HERE})}, (True, [], False)),
    "a VIP that nobody has yet": ({"vip_planned": True, **held({"a": THERE, "b": NOBODY})}, (True, [], True)),
    "the first run": ({"haproxy_planned": True, **held({"a": NOBODY})}, (True, [], False)),
    "Pound": ({"pound_planned": True, "pound_restarts": True, **held({"a": HERE})}, (True, ["Pound"], False)),
    "a lease": (
        {"vip_planned": True, "vip_plan": {"action": [], "away": ["web4"], "away_told": [AWAY]}, **held({})},
        (True, [], False),
    ),
    "a lease that is over": (
        {"vip_plan": {"action": [], "away": [], "away_told": [AWAY]}, **held({})},
        (False, [], False),
    ),
    "everything": (
        {"haproxy_planned": True, "pound_restarts": True, "haproxy_restarts": True, "vip_stops": True, **held({})},
        (True, ["Pound", "HAProxy", "keepalived"], False),
    ),
}


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """What the task of the playbooks decides of each case, each as a host of its own."""
    place = Place(tmp_path_factory.mktemp("in-place"))
    tasks = yaml.safe_load((ROOT / "playbooks" / "tasks" / "plan_load_balancer.yml").read_text())
    [task] = [task for task in tasks if task["name"] == TASK]
    facts = [f"{{{{ groups.all | map('extract', hostvars, '{name}') }}}}" for name in FACTS]
    told = {"content": "{{ seen | to_json }}", "dest": str(place.folder / "seen.json")}
    tell = {"ansible.builtin.copy": told, "run_once": True, "vars": {"seen": ["{{ groups.all }}", *facts]}}
    hosts = {name: {**QUIET, **given, "ansible_connection": "local"} for name, (given, _expected) in CASES.items()}
    (place.inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    book = [{"hosts": "all", "gather_facts": False, "tasks": [task, tell]}]
    here = "ansible_python_interpreter={{ ansible_playbook_python }}"
    done = place.plays(yaml.safe_dump(book), "-i", "inventory", "-e", here)
    assert done.returncode == 0, done.stdout
    names, *seen = json.loads((place.folder / "seen.json").read_text())
    return dict(zip(names, zip(*seen, strict=True), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_node_is_changed_in_place_but_for_what_restarts(decided, case):
    _given, expected = CASES[case]
    assert decided[case][:3] == expected


def test_what_would_change_tells_of_a_node_that_is_away_and_of_peers_that_a_change_cuts_off(decided):
    """It is what the report has of this node."""
    told = ["file /a", "haproxy: reload", "haproxy: peers edge change to TLS: ..."]
    changes = {case: changes for case, (*_, changes) in decided.items() if changes}
    assert changes == {"a lease": [AWAY], "peers that change to TLS": told}
