# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases that issue 13 was filed with, where they are at hand (JUNOS_CASES, or ../shared/cases/junos).

Each is a file of JSON: what a switch has (`set`, `xml`, or `running`, which is parsed where it shall be gathered), the
task, and what must hold afterwards (`want`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from .module import Done, run
from .reader import from_text, to_set

FOLDER = Path(os.environ.get("JUNOS_CASES", Path(__file__).resolve().parents[3] / "shared" / "cases" / "junos"))
FILES = sorted(FOLDER.glob("*.json"))
TASK = ("state", "ports", "bundles", "vlans", "consent", "management_vlan")
KNOWN = {"effective_kept", "effective_gone", "or_refused", "gathered", "no_change", "no_findings", "refused", "finding"}
KNOWN |= {"committed_has", "committed_not"}

pytestmark = pytest.mark.skipif(not FILES, reason=f"the cases of issue 13 are not in {FOLDER} (set JUNOS_CASES)")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_case_wants_holds(switches, file: Path):
    case = json.loads(file.read_text())
    want, task = case["want"], {key: case[key] for key in TASK if key in case}
    assert set(want) <= KNOWN, "this reader does not know all that is wanted"
    if "running" in case and "gathered" in want:
        _gathered(run({}, state="parsed", running_config=case["running"], style=case["style"]), want)
        return
    switch = switches[case["style"]]
    switch.has(to_set(from_text(case["xml"])) if "xml" in case else case.get("set") or case["running"])
    switch.lab.control("far_end", ports={port: {"lacp": "active"} for port in _members(case)})
    if "gathered" in want:
        _gathered(switch.run(state="gathered").result, want)
        return
    done = switch.run(**{"state": "merged", **task})
    _holds(done, want, switch.effective())


def _members(case: dict[str, Any]) -> list[str]:
    bundles = case.get("bundles", {})
    return [port for name in bundles if isinstance(bundles, dict) for port in bundles[name].get("members", ())]


def _holds(done: Done, want: dict[str, Any], effective: frozenset[str]) -> None:
    words = [*want.get("refused", ()), *want.get("finding", ())]
    if words:
        assert any(word in done.refused for word in words), done.refused or "nothing was said"
    elif done.refused:
        assert want.get("or_refused"), done.refused
    if done.refused or want.get("no_change"):
        assert not done.result["changed"]
        assert not done.gained | done.lost
        return
    kept = {f"interfaces {port} {line}" for port, lines in want.get("effective_kept", {}).items() for line in lines}
    gone = {f"interfaces {port} {line}" for port, lines in want.get("effective_gone", {}).items() for line in lines}
    assert kept - effective == set() == gone & effective
    assert [line for line in want.get("committed_has", ()) if line not in done.lines] == []
    assert [line for line in want.get("committed_not", ()) if line in done.lines] == []


def _gathered(result: dict[str, Any], want: dict[str, Any]) -> None:
    if result.get("failed"):
        assert want.get("or_refused"), result["msg"]
        return
    found = result.get("parsed") or result["gathered"]
    for place, value in want["gathered"].items():
        kind, name, key = place.split(".", 1)[0], *place.split(".", 1)[1].rsplit(".", 1)
        assert found[kind].get(name, {}).get(key) == value, place
