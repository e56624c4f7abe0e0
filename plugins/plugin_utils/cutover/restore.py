# SPDX-License-Identifier: GPL-3.0-or-later
"""Take back at both ends what an earlier run did to links, or foretell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..contract.end import EndError, Watch
from .back import Earlier, refuse, walk_back
from .convert import Pair, Report
from .journal import StepJournal
from .route import NoRouteError


def restore(journal: StepJournal, pairs: Mapping[str, Pair], watch: Watch, check: bool = False) -> Report:
    """Take the links back, the one that was converted last first; the first that fails ends it."""
    report = Report()
    for link in reversed(journal.links()):
        pair = pairs[str(link["link"])]
        steps = list(_earlier(pair, link["steps"]))
        try:
            refuse(pair.name, steps)
            if check:
                report.steps += [f"{step.text}: taken back" for step in reversed(steps)]
                _foretell_switch(pair, link["steps"], report)
            else:
                report.steps += _walk(pair, steps, journal, watch, report)
        except (EndError, NoRouteError) as error:
            report.failure = str(error)
            watch.report(f"{pair.name}: {error}")
            return report
        report.changed = True
    return report


def _walk(pair: Pair, steps: list[Earlier], journal: StepJournal, watch: Watch, report: Report) -> list[str]:
    def forget() -> None:
        journal.forget_last(pair.name)
        report.changed = True

    cables = pair.cables()
    done = walk_back(steps, cables, pair.switch, watch, forget)
    report.verified += cables.verified()
    disabled = {port for step in steps for port in step.disables}
    known = dict(zip(pair.switch.names, pair.host.names, strict=True))
    left = {port: nic for port, nic in known.items() if cables.waived or port not in disabled}
    report.warnings += cables.unproven(left)
    return done


def _foretell_switch(pair: Pair, steps: Iterable[Mapping[str, Any]], report: Report) -> None:
    """Keep what changes of the switch, whoever's links it concerns."""
    changes = report.switches.setdefault(pair.switch.name, [])
    found = pair.switch.undone(step["undo"] for step in reversed(list(steps)) if not step["at_host"])
    changes += [each for each in found if each not in changes]


def _earlier(pair: Pair, steps: Iterable[Mapping[str, Any]]) -> Iterable[Earlier]:
    for step in steps:
        undo = (pair.host if step["at_host"] else pair.switch).made_before(step["undo"]).undo
        yield Earlier(str(step["text"]), bool(step["reachable"]), undo, step.get("disables", {}))
