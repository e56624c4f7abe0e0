# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that one declared link is configured and verified at both ends by the playbooks, from a declared site."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml

from .conftest import EITHER_STYLE
from .labs import HOST_OF, NICS, PLAYBOOK, PORTS, ROOT, STYLES, VLANS, Pair, Watched, environment


def site(pair: Pair, bundle: str) -> dict:
    """Return the declared site: both pairs' devices, the link of one of them."""
    ends = {pair.style: {"ports": PORTS}, pair.host: {"lag": "vSwitch0", "ports": NICS}}
    if bundle == "static":
        ends[pair.style]["lag"] = "ae0"
    return {
        "plugin": "netstack.datacenter.stack",
        "vlans": VLANS,
        "devices": {
            pair.style: {"kind": "junos_ex", "model": STYLES[pair.style]},
            pair.host: {"kind": "esxi_vss", "management_vlan": "server"},
        },
        "links": {
            f"{pair.host}-lan": {
                "bundle": bundle,
                "vlans": {"untagged": "server", "tagged": ["vmotion"]},
                "ends": ends,
            }
        },
    }


def connections(pair: Pair) -> dict:
    """Return how the devices are reached; the half of each is derived from the site."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_host": "127.0.0.1"}
    quick = {"timeout": 5, "interval": 0.2}
    switch = {
        **local,
        **{"ansible_port": pair.switches.port(pair.style), "ansible_user": "lab", "ansible_password": "lab123"},
        "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={pair.folder / 'known_hosts'}",
        "junos_lag_verify": quick,
    }
    host = {
        **local,
        **{"ansible_port": pair.hosts.port(pair.host), "ansible_user": "root", "ansible_password": "lab123"},
        **{"esxi_teaming_ca_file": pair.hosts.ca_file, "esxi_teaming_restore_dir": str(pair.folder / "points")},
        "stack_cutover_verify": quick,
    }
    return {"all": {"hosts": {pair.style: switch, pair.host: host}}}


def play(pair: Pair, name: str, bundle: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return play_site(pair, name, site(pair, bundle), *arguments)


def play_site(pair: Pair, name: str, declared: dict, *arguments: str) -> subprocess.CompletedProcess[str]:
    (pair.folder / "stack.yml").write_text(yaml.safe_dump(declared))
    (pair.folder / "connections.yml").write_text(yaml.safe_dump(connections(pair)))
    inventories = ["-i", str(pair.folder / "stack.yml"), "-i", str(pair.folder / "connections.yml")]
    report = ["-e", f"stack_report_folder={pair.folder / 'report'}"]
    return subprocess.run(
        [str(PLAYBOOK), *inventories, str(ROOT / "playbooks" / f"{name}.yml"), *report, *arguments],
        capture_output=True,
        text=True,
        env={**environment(), "HOME": str(pair.folder)},
        timeout=300,
        check=False,
    )


pytestmark = EITHER_STYLE


def watched_play(pair: Pair, *arguments: str) -> str:
    """Run a playbook while the flows of the management are watched; return its output."""
    with Watched(pair) as watched:
        done = play(pair, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert watched.lost == []
    return done.stdout + done.stderr


def assert_nothing_is_left_to_do(pair: Pair, *arguments: str) -> None:
    before = pair.both()
    again = play(pair, *arguments)
    assert again.returncode == 0, again.stdout + again.stderr
    assert [line for line in again.stdout.splitlines() if "changed=" in line and "changed=0" not in line] == []
    assert pair.both() == before


def test_a_link_is_converted_and_verified_at_both_ends_and_taken_back_by_the_runs_id(pair):
    """Nothing is lost either way, and second runs change nothing."""
    before = pair.both()
    done = watched_play(pair, "site", "static", "--diff")
    assert "step 7 of 7" in done
    found = json.loads((pair.folder / "report" / "report.json").read_text())
    assert {pair.style, pair.host} <= set(found["hosts"])
    assert all(not part["failures"] for part in found["hosts"].values())
    (run,) = {part["run"] for part in found["hosts"].values()}
    assert re.fullmatch(r"\d{8}T\d{6}Z-\d+", run)
    assert f"Run {run}; " in done
    assert pair.both() != before
    assert_nothing_is_left_to_do(pair, "site", "static")
    back = ("rollback", "static", "-e", f"stack_rollback_to={run}")
    after, elsewhere = pair.both(), pair.folder / "another controller"
    lost = play(pair, *back, "-e", json.dumps({"esxi_teaming_restore_dir": str(elsewhere)}))
    assert lost.returncode == 2
    assert f"the run {run} changed both ends of {pair.host}-lan, and what takes them back is not there" in lost.stdout
    assert f"{elsewhere}/{run}/{pair.host}~links.json" in lost.stdout
    assert pair.both() == after
    assert "link_cutover with state restored takes both back" in watched_play(pair, *back)
    assert pair.both() == before
    assert_nothing_is_left_to_do(pair, *back)


@pytest.mark.all_only("part switches does it each time, on the demo's lab")
def test_check_mode_of_site_yml_foretells_the_conversion_and_changes_nothing(pair):
    before = pair.both()
    told = play(pair, "site", "static", "--check")
    assert told.returncode == 0, told.stdout + told.stderr
    assert pair.both() == before
    assert "changed=0" not in next(line for line in told.stdout.splitlines() if line.startswith(HOST_OF[pair.style]))


@pytest.mark.all_only("part switches does it each time, on the demo's lab")
def test_a_switch_alone_is_planned_and_not_changed(pair):
    """A slice may hold the switch without its host: the plan tells what there is to do, a change is refused."""
    before = pair.both()
    planned = play(pair, "plan", "static", "--limit", pair.style)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "bundle ae0" in planned.stdout
    refused = play(pair, "site", "static", "--limit", pair.style)
    assert refused.returncode == 2
    assert f"its other end {pair.host} is not in this run" in refused.stdout
    assert pair.both() == before


OTHERS_NOTICE = pytest.mark.all_only("part junos takes a VLAN's id back with one end alone, and is refused it")


@pytest.mark.parametrize("renumbered", [False, pytest.param(True, marks=OTHERS_NOTICE)])
def test_a_host_alone_goes_back_with_its_switchs_end_unless_other_links_would_notice(pair, renumbered):
    """Its conversion is taken back at both ends, whoever is in the run; a VLAN's id is that of the whole switch."""
    before, declared = pair.both(), site(pair, "static")
    if renumbered:
        declared["vlans"] = {**VLANS, "vmotion": {"id": 21}}
    assert play_site(pair, "site", declared, "-e", "netstack_run_id=r1").returncode == 0
    after = pair.both()
    assert after != before
    back = ("rollback", declared, "-e", "stack_rollback_to=r1")
    done = play_site(pair, *back, "--limit", pair.host)
    told = done.stdout + done.stderr
    assert done.returncode == (2 if renumbered else 0), told
    assert pair.both() == (after if renumbered else before)
    if renumbered:
        assert f"and {pair.style} itself is not in this run" in told
        assert "vlan id vmotion: 21 -> 20" in told
        assert play_site(pair, *back).returncode == 0
        assert pair.both() == before
