# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes what a run reports as changed, so that what check mode predicted can be compared with what then happened."""

from __future__ import annotations

DOCUMENTATION = r"""
name: changes
type: aggregate
short_description: Write every change of a run to a file, a JSON line each
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Writes a line for each task that reports V(changed) on a host; for a loop a line for each item that does.
  - A line holds C(host), C(task) (its name), C(path) (its file and line) and C(item) (the item's label; null without a
    loop). Two runs of the same playbook can be compared by their sets of lines, which shows whether C(--check) told the
    truth.
  - Results are never written, only the names, so that no secret of a result gets into the file. The label of an item
    under C(no_log) is left out, too; such items are numbered. Up to ansible-core 2.18 such a loop gives one line, for
    its items are not told to callbacks.
  - The file is emptied when the run starts. A new one can be read by the user of the run alone, and a link in its place
    is refused. What would steer a terminal stands in it as JSON writes it, C(\u001b).
requirements:
  - Enabled by C(callbacks_enabled) or E(ANSIBLE_CALLBACKS_ENABLED).
options:
  file:
    description: The file to write to.
    type: path
    required: true
    env:
      - name: NETSTACK_CHANGES_FILE
"""

EXAMPLES = r"""
# ANSIBLE_CALLBACKS_ENABLED=netstack.datacenter.changes NETSTACK_CHANGES_FILE=predicted.jsonl \
#   ansible-playbook netstack.datacenter.site -i inventories/lab --check
# ANSIBLE_CALLBACKS_ENABLED=netstack.datacenter.changes NETSTACK_CHANGES_FILE=happened.jsonl \
#   ansible-playbook netstack.datacenter.site -i inventories/lab
# diff <(sort predicted.jsonl) <(sort happened.jsonl)
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import opened


def label_of(item: dict[str, Any], number: int) -> str:
    """Return the text by which an item of a loop is told from the others."""
    if "censored" in item:
        return f"(item {number})"
    label = item.get("_ansible_item_label", item.get(item.get("ansible_loop_var", "item")))
    return label if isinstance(label, str) else json.dumps(label, sort_keys=True, default=str)


def changed_items(result: dict[str, Any], looped: bool) -> Iterable[str | None]:
    """Yield the label of each changed item of a result; None for a changed task without a loop.

    Up to ansible-core 2.18 the result of a loop under `no_log` holds no items; such a task counts as one.
    """
    if not looped or "results" not in result:
        if result.get("changed"):
            yield None
        return
    for number, item in enumerate(result["results"]):
        if item.get("changed"):
            yield label_of(item, number)


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no type information
    """Writes the lines as results come."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "netstack.datacenter.changes"
    CALLBACK_NEEDS_ENABLED = True

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Read the file's name and empty the file. Raises OSError, with which Ansible switches this plugin off.

        It is opened once, so that its name can come to mean nothing else during the run.
        """
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self.file = opened(Path(self.get_option("file")), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note what a task changed."""
        self._note(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Note what a task changed before it failed: some items of its loop, say."""
        self._note(result)

    def _note(self, result: Any) -> None:
        # ansible-core 2.19 made names without the underscore; these are the ones that 2.17 has, too
        host, task, data = result._host, result._task, result._result
        lines = [
            {"host": host.get_name(), "task": task.get_name(), "path": task.get_path(), "item": item}
            for item in changed_items(data, looped=task.loop is not None)
        ]
        os.write(self.file, "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines).encode())
