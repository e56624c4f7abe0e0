# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write this host's part of the report on the controller."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.options.stack_report import SPEC
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.links import judged
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.store import Written, part_name, write

PENDING = "What is declared is not in service on this host: see the changes. The run that makes them verifies them."
ROLLED_BACK = (
    "Run {run} was taken back, and the inventory still declares what differs on this host, so that it is not verified: "
    "take the change out of the inventory before the next run of site.yml, which would make it again."
)


class ActionModule(Action):
    """Works on the controller; no connection is opened."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the part and return the page's path; fail where the part holds a failure.

        The report is no setting of a device, so nothing ``changed``.
        """
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=SPEC)
        folder, mode = Path(arguments.pop("folder")).absolute(), _mode(arguments.pop("mode"))
        host = str((task_vars or {})["inventory_hostname"])
        arguments["links"] = judged(arguments["links"], arguments["seen"], arguments["failures"], host)
        rolled_back = arguments.pop("rolled_back")
        if arguments.pop("pending"):
            kind = "unverified" if self._task.check_mode or rolled_back else "failures"
            arguments[kind] = [*arguments[kind], ROLLED_BACK.format(run=rolled_back) if rolled_back else PENDING]
        part = {**arguments, "time": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")}
        try:
            written = write(folder, host, part, mode)
        except OSError as error:
            reason = f"The report cannot be written to {folder}: {error}. Name another folder in stack_report_folder."
            return {"changed": False, "failed": True, "msg": reason}
        return _told(written, part["failures"], part_name(host))


def _mode(given: Any) -> int:
    """Return the mode of the report's files. Raises AnsibleActionFail where it is none that works."""
    try:
        mode = given if isinstance(given, int) else int(str(given), 8)
    except ValueError:
        mode = 0
    if mode & 0o600 != 0o600 or mode & ~0o666:
        raise AnsibleActionFail(
            f"mode is {given}, which is no mode of a file that its owner reads and writes; quoted, such as '0640'"
        )
    return mode


def _told(written: Written, failures: list[Any], own: str) -> dict[str, Any]:
    """Return the task's result: failed where the part holds a failure, or is none that the page can show."""
    result: dict[str, Any] = {"changed": False, "page": str(written.page)}
    others = {name: reason for name, reason in written.broken.items() if name != own}
    if others:
        where = written.page.parent / "hosts"
        result["warnings"] = [
            f"{where / name} is no part of the report and not shown: {reason}. Remove it."
            for name, reason in others.items()
        ]
    wrong = ["Not as declared:", *map(str, failures)] if failures else []
    if own in written.broken:
        wrong.append(f"The report does not show this host, for its part is not whole: {written.broken[own]}.")
    if wrong:
        result.update(failed=True, msg="\n".join([*wrong, f"Report: {written.page}"]))
    return result
