# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that rollback.yml puts one end of a link back alone only where its other end may stay, or on demand."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from unit.junos.builders import declared
from unit.junos.switches import Lab

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.neutral import ChangeKind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.restore import restore
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

from .playbooks import PLAYBOOK, ROOT, environment, variables

SITE = {
    "plugin": "netstack.datacenter.stack",
    "vlans": {"lan": {"id": 20}},
    "devices": {name: {"kind": "junos_ex", "model": "ex4300-48t"} for name in ("ex1", "ex2")},
    "links": {
        "core": {
            "bundle": "none",
            "vlans": {"tagged": ["lan"]},
            "ends": {"ex1": {"ports": ["ge-0/0/1"]}, "ex2": {"ports": ["ge-0/0/1"]}},
        }
    },
}


def changed(lab: Lab, run_id: str, number: int, text: str) -> None:
    """Commit what a run would have committed."""
    port = {"mode": "trunk", "tagged": ["lan"], "description": text}
    wanted = declared({"lan": {"id": number}}, None, {"ge-0/0/1": port})
    apply(lab.open, Request(wanted, run_id=run_id, verification=Verification(False, 5, 0.2)))


def rollback(folder, lab: Lab, run_id: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{lab.target.port} {lab.simulator.host_key(lab.style)}\n")
    (folder / "stack.yml").write_text(yaml.safe_dump(SITE))
    (folder / "host_vars").mkdir(exist_ok=True)
    (folder / "host_vars" / "ex1.yml").write_text(yaml.safe_dump(variables(lab.target.port, known)))
    nowhere = {**variables(1, known), "address": "127.0.0.2"}
    (folder / "host_vars" / "ex2.yml").write_text(yaml.safe_dump(nowhere))
    book = [str(ROOT / "playbooks" / "rollback.yml"), "-e", f"stack_rollback_to={run_id}", "--limit", "ex1"]
    return subprocess.run(
        [str(PLAYBOOK), "-i", str(folder / "stack.yml"), *book, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )


@pytest.fixture
def renumbered(lab):
    """Return a switch on which one run changed a description, and the next one the id of a VLAN."""
    changed(lab, "first", 20, "a")
    changed(lab, "text", 20, "b")
    return lab


def test_what_a_rollback_puts_back_is_told_as_data(renumbered):
    changed(renumbered, "id", 21, "b")
    before = renumbered.lines()
    done = restore(renumbered.open, Request(declared({}), run_id="id", check_mode=True))
    assert {(each.kind, each.before, each.after) for each in done.changes} == {(ChangeKind.VLAN_ID, 21, 20)}
    assert ("ge-0/0/1",) in {each.concerns for each in done.changes}
    assert renumbered.lines() == before == renumbered.lines("candidate")


def test_one_end_alone_goes_back_only_where_that_is_neutral_or_on_demand(renumbered, tmp_path):
    neutral = rollback(tmp_path, renumbered, "text")
    assert neutral.returncode == 0, neutral.stdout
    assert "set interfaces ge-0/0/1 description a" in renumbered.lines()
    changed(renumbered, "id", 21, "a")
    refused = rollback(tmp_path, renumbered, "id")
    assert refused.returncode == 2
    assert "its other end ex2 is not in this run" in refused.stdout
    assert "set vlans lan vlan-id 21" in renumbered.lines()
    alone = rollback(tmp_path, renumbered, "id", "-e", "stack_rollback_alone=true")
    assert alone.returncode == 0, alone.stdout
    assert "set vlans lan vlan-id 20" in renumbered.lines()
