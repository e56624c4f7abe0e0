# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves whose id a run takes: the plan's, the user's, the job's, the pipeline's, else one of its own; "" is none."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.run import RUN_ID, run_id

from .real_ansible import Place

WORKFLOW = {"awx_workflow_job_id": 811, "awx_job_id": 812, "tower_workflow_job_id": 811, "tower_job_id": 812}
SLICES = [{**WORKFLOW, "awx_job_id": number, "tower_job_id": number} for number in (812, 813, 814)]
BOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - netstack.datacenter.stack_preflight: {scope: site}
      run_once: true
    - ansible.builtin.debug:
        msg: "this is run <{{ ansible_facts.netstack_run }}>"
"""


def id_of(given: dict[str, object], **environment: str) -> str:
    return run_id(given.get, environment)


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ({"netstack_planned_run_id": "p", "netstack_run_id": "u", **WORKFLOW}, {"CI_PIPELINE_ID": "5"}, "p"),
        ({"netstack_run_id": "u", **WORKFLOW}, {"CI_PIPELINE_ID": "5"}, "u"),
        ({"netstack_planned_run_id": "", "netstack_run_id": " ", **WORKFLOW}, {}, "awx-811"),
        ({"awx_job_id": 812, "tower_job_id": 812}, {"GITHUB_RUN_ID": "77"}, "awx-812"),
        ({"tower_workflow_job_id": "", "tower_job_id": 9}, {}, "awx-9"),
        ({}, {"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2"}, "github-77-2"),
        ({}, {"CI_PIPELINE_ID": "5", "CI_JOB_ID": "6"}, "gitlab-5"),
        ({}, {"BUILD_TAG": "jenkins-my site-4"}, "jenkins-jenkins-my_site-4"),
        ({"netstack_run_id": ""}, {"GITHUB_RUN_ATTEMPT": "2", "CI_PIPELINE_ID": ""}, RUN_ID),
    ],
)
def test_the_id_is_that_of_who_started_the_run(given, environment, expected):
    assert id_of(given, **environment) == expected


def test_all_slices_of_a_launch_and_all_jobs_of_a_pipeline_have_one_id():
    assert {id_of(given) for given in SLICES} == {"awx-811"}
    assert {id_of({}, CI_PIPELINE_ID="5", CI_JOB_ID=job) for job in "678"} == {"gitlab-5"}


def test_the_plan_hands_its_id_on_and_a_job_of_a_sliced_node_takes_it(tmp_path):
    """As AWX does it: artifacts and answers come as extra variables, and a question that nobody answered as ""."""
    place = Place(tmp_path)
    (tmp_path / "second.yml").write_text("all: {hosts: {one: {}, two: {}}}\n")
    (tmp_path / "book.yml").write_text(BOOK)

    def play(**given: object) -> tuple[set[str], dict[str, object]]:
        extra = json.dumps({"netstack_run_id": "", **given})
        shown = {"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
        done = place.run("ansible-playbook", "-i", "second.yml", "book.yml", "-e", extra, **shown)
        assert done.returncode == 0, done.stdout + done.stderr
        artifacts = re.search(r"RUN: (\{.*\})", done.stdout)
        assert artifacts, done.stdout
        return set(re.findall(r"this is run <(.*)>", done.stdout)), json.loads(artifacts[1])

    ids, artifacts = play(**WORKFLOW)
    assert (ids, artifacts) == ({"awx-811"}, {"netstack_planned_run_id": "awx-811"})
    assert play(awx_workflow_job_id=900, awx_job_id=901, **artifacts) == (ids, artifacts)
