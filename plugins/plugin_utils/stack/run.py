# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The id of a run: one for all hosts, roles and slices of a launch, so that all it replaced is put back together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

# Ansible imports an action plugin in the program's own process, before it forks its workers (strategy plugins ask for
# the class first), so every worker of a run inherits this value.
RUN_ID = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"

PLANNED = "netstack_planned_run_id"
"""What a plan hands to the later jobs of its AWX workflow: a slice of one of them has a parent of its own."""
GIVEN = (PLANNED, "netstack_run_id")
_JOBS = ("awx_workflow_job_id", "awx_job_id", "tower_workflow_job_id", "tower_job_id")
"""AWX's variables; all jobs of a workflow, and all slices of a launch, have one parent."""
_PIPELINES = {
    "github": ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"),
    "gitlab": ("CI_PIPELINE_ID",),
    "azure": ("BUILD_BUILDID",),
    "jenkins": ("BUILD_TAG",),
}
"""By CI system the variables of the environment that all jobs of a pipeline share."""


def run_id(given: Callable[[str], Any], environment: Mapping[str, str]) -> str:
    """Return the id; an empty answer, as AWX hands on a question that nobody answered, counts as not given.

    Args:
        given: returns a variable of the run, None where there is none
        environment: that of the process

    """
    for name in GIVEN:
        if text := str(given(name) or "").strip():
            return text
    job = next((text for name in _JOBS if (text := str(given(name) or "").strip())), "")
    return f"awx-{job}" if job else _pipeline(environment) or RUN_ID


def _pipeline(environment: Mapping[str, str]) -> str:
    """Return the id of the pipeline that runs this, as one word; empty outside of one."""
    for system, names in _PIPELINES.items():
        found = [text for name in names if (text := "_".join(environment.get(name, "").split()))]
        if environment.get(names[0], "").strip():
            return "-".join([system, *found])
    return ""
