# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every result of a run as JSON, invocation and all: what AWX and the JSON callbacks are given."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: everything
type: aggregate
short_description: Write every result of a run as JSON
description: For the search for secrets; the file is the one that EVERYTHING_FILE names.
"""


class CallbackModule(CallbackBase):
    """Writes the lines as results come."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "everything"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.file = Path(os.environ["EVERYTHING_FILE"])

    def _write(self, result, *_, **__):
        with self.file.open("a") as target:
            target.write(json.dumps(result._result, default=str) + "\n")

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_skipped = v2_runner_on_unreachable = _write
    v2_runner_item_on_ok = v2_runner_item_on_failed = v2_runner_item_on_skipped = v2_runner_retry = _write

    def v2_on_file_diff(self, result):
        self._write(result)
