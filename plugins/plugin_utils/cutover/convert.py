# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert links one after the other, or foretell it: look at both ends, find the path, walk it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from ..contract.changes import Change
from ..contract.end import EndError, HostEnd, SwitchEnd, Watch
from ..contract.link_state import Link, Step
from ..contract.neutral import ChangeKind
from .cables import SECONDS, Cables, Clock
from .route import GROUPWISE, HOST_FIRST, NoRouteError, route, unproven
from .run import Conversion, FailedError, Keeper, Outcome, nobody
from .where import Declared, situation
from .wording import describe

AUTO = "auto"
STRATEGIES = (AUTO, GROUPWISE, HOST_FIRST)


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
class Report(Outcome):
    """What was done, or would be, with all links; `failure` is why it ended early.

    `switches` has what would change of each switch, whoever's links it concerns.
    """

    changed: bool = False
    strategies: dict[str, str] = field(default_factory=dict)
    switches: dict[str, list[Change]] = field(default_factory=dict)
    failure: str = ""

    def device_count(self, switch: str) -> int:
        """Return the number of aggregated interfaces that a switch will have by what is foretold so far."""
        found = [change.after for change in self.switches.get(switch, ()) if change.kind is ChangeKind.DEVICE_COUNT]
        return max((count for count in found if isinstance(count, int)), default=0)


def convert(pairs: Iterable[Pair], watch: Watch, check: bool = False) -> Report:
    """Convert the links; the first that fails ends it, and was taken back itself."""
    report = Report()
    for pair in pairs:
        try:
            link, steps = _path(pair, report)
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
            watch.report(f"{pair.name}: {error}")
            return report
        report.changed = True
        for name, lines in asdict(done).items():
            getattr(report, name).extend(lines)
        watch.report(f"{pair.name}: done")
    return report


def _path(pair: Pair, report: Report) -> tuple[Link, list[Step]]:
    seen = pair.switch.look(), pair.host.look()
    names = pair.switch.names, pair.host.names
    link, start = situation(Declared(pair.name, *names, pair.switch.goal, pair.host.goal, pair.waived), *seen)
    _refuse_leaving(pair, link)
    strategy = pair.strategy
    if strategy == AUTO:
        strategy = GROUPWISE if link.management else HOST_FIRST
    if strategy == HOST_FIRST and link.management and not pair.consent and start != link.goal:
        what = f"{pair.name}: host_first would cut the host's management off for a while"
        raise NoRouteError(f"{what}. Use the strategy legs, or add management to consent.")
    try:
        steps = route(link, start, strategy)
    except NoRouteError as error:
        if not pair.consent:
            what = f"{error} {pair.switch.name} and {pair.host.name} stay as they are."
            raise NoRouteError(f"{what} Add management to consent to change them all the same.") from None
        strategy = HOST_FIRST
        steps = route(link, start, strategy)
    if steps:
        report.strategies[pair.name] = strategy
    return link, steps


def _refuse_leaving(pair: Pair, link: Link) -> None:
    """Refuse to take a port out of its bundle over which the host, that does not see it, goes on sending."""
    if pair.switch.leaving and link.management and not pair.consent:
        what = f"{link.name}: {', '.join(pair.switch.leaving)} leaves its bundle at {pair.switch.name}"
        why = f"{pair.host.name} does not see it, and the frames of its management over it are lost"
        raise NoRouteError(f"{what}, but {why}. Disable it at {pair.switch.name} first, or add management to consent.")


def _foretell(pair: Pair, link: Link, steps: list[Step], report: Report) -> None:
    """Tell the steps, and of each end what it will have been told when all is done."""
    report.changed = True
    report.warnings += pair.cables().unproven(link.pairs(unproven(link, steps)))
    for number, step in enumerate(steps, 1):
        text = describe(link, step, pair.host.name, pair.switch.name)
        report.steps.append(f"{link.name}: step {number} of {len(steps)}: {text}")
    _foretell_switch(pair, report)
    for end, at_host in ((pair.switch, False), (pair.host, True)):
        own = [step for step in steps if step.at_host is at_host]
        if own:
            commands = end.change(link, Step(own[0].before, link.goal), True).commands
            # What an earlier link has brought to a switch that they share is there already.
            report.commands += [line for line in commands if line not in report.commands]


def _foretell_switch(pair: Pair, report: Report) -> None:
    """Keep what changes of the switch, and let this link find what the earlier ones will have left."""
    count = report.device_count(pair.switch.name)
    pair.switch.foretold_count = count
    changes = report.switches.setdefault(pair.switch.name, [])
    changes += [each for each in pair.switch.changes if each not in changes and not _reached(each, count)]


def _reached(change: Change, count: int) -> bool:
    """Tell whether an earlier link brings as many aggregated interfaces."""
    return change.kind is ChangeKind.DEVICE_COUNT and isinstance(change.after, int) and change.after <= count
