# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert links one after the other, or foretell it: look at both ends, find the way, walk it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..cutover.cables import SECONDS, Cables, Clock
from ..cutover.ends import EndError, Watch
from ..cutover.model import Link, Step
from ..cutover.route import HOST_FIRST, LEGS, NoRouteError, route, unproven
from ..cutover.run import Conversion, FailedError, Keeper, nobody
from ..cutover.where import Declared, situation
from ..cutover.wording import describe
from .host import HostEnd
from .switch import SwitchEnd

AUTO = "auto"
STRATEGIES = (AUTO, LEGS, HOST_FIRST)


@dataclass
class Pair:
    """One link with its two ends, and who keeps what is done to them.

    `link_down` is how many seconds a NIC may take to lose its link, `waived` why it does not (empty: it does).
    """

    name: str
    switch: SwitchEnd
    host: HostEnd
    strategy: str = AUTO
    consent: bool = False
    keep: Keeper = nobody
    link_down: float = SECONDS
    waived: str = ""
    clock: Clock = time

    def cables(self) -> Cables:
        """Return what proves the cables of the link."""
        return Cables(self.name, self.host, self.link_down, self.waived, self.clock)


@dataclass
class Report:
    """What was done, or would be, with all links; `failure` is why it ended early."""

    changed: bool = False
    steps: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    strategies: dict[str, str] = field(default_factory=dict)
    failure: str = ""


def convert(pairs: Iterable[Pair], watch: Watch, check: bool = False) -> Report:
    """Convert the links; the first that fails ends it, and was taken back itself."""
    report = Report()
    for pair in pairs:
        try:
            link, steps = _way(pair, report)
            if not steps:
                continue
            if check:
                _foretell(pair, link, steps, report)
                continue
            done = Conversion(link, pair.switch, pair.host, watch, pair.keep, pair.link_down, pair.clock).run(steps)
        except (EndError, NoRouteError, FailedError) as error:
            if isinstance(error, FailedError) and not error.whole:
                report.changed = True
            report.failure = str(error)
            watch.tell(f"{pair.name}: {error}")
            return report
        report.changed = True
        report.steps += done.steps
        report.commands += done.commands
        report.verified += done.verified
        report.warnings += done.warnings
        watch.tell(f"{pair.name}: done")
    return report


def _way(pair: Pair, report: Report) -> tuple[Link, list[Step]]:
    seen = pair.switch.look(), pair.host.look()
    nics = pair.host.half.nics
    declared = Declared(pair.name, pair.switch.half.ports, nics, pair.switch.goal, pair.host.goal, pair.waived)
    link, start = situation(declared, *seen)
    pair.switch.link = pair.host.link = link
    strategy = pair.strategy
    if strategy == AUTO:
        strategy = LEGS if link.management else HOST_FIRST
    if strategy == HOST_FIRST and link.management and not pair.consent and start != link.goal:
        what = f"{pair.name}: host_first would cut the host's management off for a while"
        raise NoRouteError(f"{what}. Use the strategy legs, or add management to consent.")
    try:
        steps = route(link, start, strategy)
    except NoRouteError as error:
        if not pair.consent:
            raise NoRouteError(f"{error} Add management to consent to change it all the same.") from None
        strategy = HOST_FIRST
        steps = route(link, start, strategy)
    if steps:
        report.strategies[pair.name] = strategy
    return link, steps


def _foretell(pair: Pair, link: Link, steps: list[Step], report: Report) -> None:
    """Tell the steps, and of each end what it will have been told when all is done."""
    report.changed = True
    report.warnings += pair.cables().unproven(link.pairs(unproven(link, steps)))
    for number, step in enumerate(steps, 1):
        text = describe(link, step, pair.host.name, pair.switch.name)
        report.steps.append(f"{link.name}: step {number} of {len(steps)}: {text}")
    for end in (pair.switch, pair.host):
        own = [step for step in steps if step.at_host == (end is pair.host)]
        if own:
            report.commands += end.change(Step(own[0].before, link.goal)).commands
