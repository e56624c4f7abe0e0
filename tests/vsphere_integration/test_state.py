# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in one job's home, its rollback in another's: with one store it is found, without it nobody pretends."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from unit.state.dav import nginx

from .test_center_plays import connections, site
from .test_playbook import PLAYBOOK, ROOT

ESX = "vc1-esx001"
AWX = {"AWX_HOST": "https://towerhost", "JOB_ID": "812", "AWX_PRIVATE_DATA_DIR": "/runner"}


class Jobs:
    """Jobs of one site, each with an empty home."""

    def __init__(self, lab, folder: Path) -> None:
        self.lab, self.folder, self.homes = lab, folder, 0
        found = connections(lab, folder)
        del found["all"]["hosts"]["vc1"]["esxi_teaming_restore_dir"]
        (folder / "stack.yml").write_text(yaml.safe_dump(site()))
        (folder / "connections.yml").write_text(yaml.safe_dump(found))

    def play(self, name: str, *arguments: str, state: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        self.homes += 1
        home = self.folder / f"home{self.homes}"
        home.mkdir()
        inventories = ["-i", str(self.folder / "stack.yml"), "-i", str(self.folder / "connections.yml")]
        given = {"stack_report_folder": str(home / "report"), "netstack_state": state, "netstack_run_id": ""}
        collections = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"), "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(
            [str(PLAYBOOK), *inventories, str(ROOT / "playbooks" / f"{name}.yml"), "-e", json.dumps(given), *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **collections, "HOME": str(home), **environment},
            cwd=home,
            check=False,
        )

    def state(self):
        return self.lab.state(ESX)


@pytest.fixture
def jobs(vc1, tmp_path) -> Jobs:
    return Jobs(vc1, tmp_path)


BACK = ("-e", "stack_rollback_to=awx-811")
LAUNCH = ("-e", '{"awx_workflow_job_id": 811, "awx_job_id": 812}')


def done(made: subprocess.CompletedProcess[str]) -> None:
    assert made.returncode == 0, made.stdout + made.stderr


def refused(made: subprocess.CompletedProcess[str], *said: str) -> None:
    assert made.returncode != 0, made.stdout
    assert [text for text in said if text not in made.stdout] == [], made.stdout


def test_a_job_takes_back_what_another_one_did_only_from_the_same_state_as_it_was_written(jobs, tmp_path):
    """Without the state nobody knows the run, and that is no success; what was edited meanwhile is refused by name."""
    before, state = jobs.state(), str(tmp_path / "state")
    done(jobs.play("site", *LAUNCH, state=state))
    after = jobs.state()
    assert after != before
    looked = f"vc1: {jobs.folder}/home2/.ansible/netstack/restore/awx-811/vc1.json"
    refused(jobs.play("rollback", *BACK), "No host of this run knows the run awx-811", looked, "Nothing was changed.")
    file = tmp_path / "state" / "restore" / "awx-811" / "vc1.json"
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({**whole, "content": {}}))
    refused(jobs.play("rollback", *BACK, state=state), f"{file} was edited")
    assert jobs.state() == after
    file.write_text(json.dumps(whole))
    done(jobs.play("rollback", *BACK, state=state))
    assert jobs.state() == before


def test_a_job_in_a_container_takes_back_what_another_one_did_from_a_url(jobs, tmp_path):
    """And neither the password of the store nor that of the hosts is in the store or on a screen."""
    before = jobs.state()
    secrets = tmp_path / "secrets.yml"
    secrets.write_text("netstack_state_user: kept\nnetstack_state_password: canary-4711\n")
    more = ("-e", f"@{secrets}", "-vvv", "--diff")
    with nginx(tmp_path / "server", user="kept", password="canary-4711") as url:
        made = [jobs.play("site", *LAUNCH, *more, state=f"{url}/kept", **AWX)]
        assert jobs.state() != before
        made.append(jobs.play("rollback", *BACK, *more, state=f"{url}/kept/", **AWX))
    for each in made:
        done(each)
    assert jobs.state() == before
    kept = [file.read_text() for file in (tmp_path / "server" / "data").rglob("*") if file.is_file()]
    assert len(kept) == 1
    shown = [*kept, *(each.stdout + each.stderr for each in made)]
    assert [secret for secret in ("canary-4711", "lab123") if any(secret in text for text in shown)] == []


def test_in_a_jobs_container_a_change_without_a_lasting_state_is_refused_before_any_device_is_asked(jobs):
    before = jobs.state()
    jobs.lab.clear()
    vanishing = "vc1: ~/.ansible/netstack/restore goes with the container of this job"
    refused(jobs.play("site", *LAUNCH, **AWX), vanishing, "Set netstack_state to a folder that is mounted into the job")
    assert (jobs.lab.log(), jobs.state()) == ([], before)
    done(jobs.play("site", "--check", *LAUNCH, **AWX))
    assert jobs.state() == before
