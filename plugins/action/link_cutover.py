# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Both ends of an ESXi host's links, changed so that the host stays reachable, in a process that outlives the task."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ansible_collections.netstack.datacenter.plugins.plugin_utils import progress
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DeviceAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import convert, detached, pairs, restore
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.journal import StepJournal
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES, room
from ansible_collections.netstack.datacenter.plugins.plugin_utils.options.link_cutover import SPEC
from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import file_name, read, write

# Before the workers fork: what sessions need is loaded once, and not by each of them.
_ENDS = {name: end for name in NAMES if (end := room(name, "end")) is not None}
_HOST = next(end for end in _ENDS.values() if end.TRAITS.side == "host")
"""The one kind of host with an end so far; with a second one the links have to say which is theirs."""


_FORETELLS = "reads both ends of its links"
_NEEDS = [("state", "converted", ["links"]), ("state", "restored", ["run_id", "restore_dir"])]


class _Silent:
    """Watches a foretelling: it changes nothing, so there is nothing to note."""

    def alive(self) -> bool:
        return True

    def report(self, text: str) -> None:
        return


class ActionModule(DeviceAction):
    """The device is the host; its switches are other hosts of the inventory, reached by their own variables."""

    SPEC = SPEC
    NEEDS = _NEEDS
    ERRORS = (detached.DetachedError,)

    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what was done at both ends."""
        return self._restore(arguments) if arguments["state"] == "restored" else self._convert(arguments)

    def _convert(self, arguments: dict[str, Any]) -> dict[str, Any]:
        links, left = pairs.chosen(arguments["links"], _HOST.TRAITS, _ENDS)
        if not links:
            return {"changed": False, "steps": [], "commands": [], "left": left}
        builder = self._builder(arguments)
        made = [builder.pair(link, self._switch(link)) for link in links]
        if self._task.check_mode:
            return {**self._foretold(lambda watch: convert.convert(made, watch, check=True), made), "left": left}
        steps = self._steps(arguments)

        def work(journal: detached.Journal) -> dict[str, Any]:
            for pair, link in zip(made, links, strict=True):
                pair.keep = steps.keeper(link) if steps is not None else pair.keep
            return _result(convert.convert(made, journal))

        return {**self._detached(work, arguments), "left": left}

    def _foretold(self, work: Callable[[_Silent], convert.Report], made: Iterable[convert.Pair]) -> dict[str, Any]:
        """Return what would be done, with what changes of each switch by its links, and those links."""
        with self.waiting(_FORETELLS):
            report = work(_Silent())
        found = {}
        for name, changes in report.switches.items():
            links = self.variable_of(name, "stack_links") or []
            plan = grouped(changes, links).plain()
            found[name] = {**plan, "links": [link for link in links if link["link"] in plan["by_link"]]}
        return {**_result(report), "converted": [pair.name for pair in made], "switches": found}

    def _restore(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Take back what the run `run_id` did to the links of this host."""
        steps = self._steps(arguments)
        if steps is None or not steps.links():
            why = "Nothing was converted; neither end was contacted."
            return {"changed": False, "steps": [], "commands": [], "warnings": [why]}
        builder = self._builder(arguments)
        made = {str(link["link"]): builder.pair(link, self._switch(link), declared=False) for link in steps.links()}
        if self._task.check_mode:
            return self._foretold(lambda watch: restore.restore(steps, made, watch, check=True), made.values())
        return self._detached(lambda journal: _result(restore.restore(steps, made, journal)), arguments)

    def _detached(
        self, work: Callable[[detached.Journal], dict[str, Any]], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        file = Path(arguments["journal_dir"]).expanduser() / f"cutover-{file_name(self.device)}.log"
        patience = (arguments["timeouts"] or {}).get("other_run", 300)
        began = time.monotonic()

        def waiting(doing: str) -> None:
            Display().display(progress.line(self.device, doing, time.monotonic() - began))

        return {**detached.run(work, file, patience, waiting), "journal": str(file)}

    def _steps(self, arguments: dict[str, Any]) -> StepJournal | None:
        """Return where the steps of this run are kept; nowhere without a folder or an id."""
        folder, run_id = arguments["restore_dir"], arguments["run_id"]
        if not folder or not run_id:
            return None
        file = Path(folder).expanduser() / file_name(run_id) / f"{file_name(self.device)}~links.json"
        return StepJournal(file, read, write)

    def _builder(self, arguments: dict[str, Any]) -> pairs.Builder:
        host = pairs.Device(_HOST, self.connection(_HOST.protocol(arguments)), partial(self.variable_of, self.device))
        return pairs.Builder(host, arguments, bool(self._task.check_mode))

    def _switch(self, link: Mapping[str, Any]) -> pairs.Device:
        name, kind = str(link["peer"]), _ENDS[link["peer_kind"]]
        return pairs.Device(kind, self.connection_of(name, kind.protocol({})), partial(self.variable_of, name))


def _result(report: convert.Report) -> dict[str, Any]:
    """Return a report as the task's result."""
    found = asdict(report)
    failure = found.pop("failure")
    del found["switches"]
    lines = [*report.steps, *(f"  {line}" for line in report.commands)]
    found["diff"] = {"prepared": "".join(f"{line}\n" for line in lines)}
    return {**found, "failed": True, "msg": failure} if failure else found
