# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a run after each task until it is told to go on: a test sees what the task left, or kills the run there."""

from __future__ import annotations

import os
import socket

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: stops
type: aggregate
short_description: Hold a run after each task
description: Says what has ended on the socket that STOPS_SOCKET names, as tests/integration/stepped.py has it.
"""


class CallbackModule(CallbackBase):
    """Tells `PLAY<tab>TASK` of what has ended on all hosts, and waits for a line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stops"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.play = self.task = ""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.environ["STOPS_SOCKET"])
        self.lines = connection.makefile("rw")

    def _ended(self):
        if not self.task:
            return
        print(self.play, self.task, sep="\t", file=self.lines, flush=True)
        self.task = ""
        if not self.lines.readline():
            os._exit(1)  # whoever watched is gone

    def v2_playbook_on_play_start(self, play):
        self._ended()
        self.play = play.get_name().strip()

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._ended()
        self.task = task.get_name().strip()

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def v2_playbook_on_stats(self, stats):
        self._ended()
