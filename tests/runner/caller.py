# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test must not take over from whoever runs it."""

from __future__ import annotations

RUN_OF_THE_CALLER = ("GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILD_BUILDID", "BUILD_TAG")
"""By which a run of a playbook would take the id of the pipeline that runs the tests."""
