# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk a route: one step at a time, each proven; when one fails, it and all before it are taken back in reverse."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..contract.end import EndChange, EndError, HostEnd, SwitchEnd, Watch, nothing
from ..contract.link_state import Link, Step
from . import delivery, route
from .cables import SECONDS, Cables, Clock
from .wording import describe


class FailedError(Exception):
    """A conversion failed; `whole` tells whether both ends have what they had before."""

    def __init__(self, text: str, whole: bool) -> None:
        self.whole = whole
        super().__init__(text)


@dataclass
class Outcome:
    """What was done: the steps, what each end was told, what was verified at the end, and what could not be."""

    steps: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Made:
    """A step that was begun, and its change."""

    text: str
    step: Step
    change: EndChange


Keeper = Callable[[list[dict[str, Any]]], None]
"""Is given the steps that are made, in their order, each time that there is one more or one less."""


def nobody(_steps: list[dict[str, Any]]) -> None:
    """Keep nothing."""


@dataclass
class Conversion:
    """One link, its two ends, who watches, and who keeps what a later run needs to take it back."""

    link: Link
    switch: SwitchEnd
    host: HostEnd
    watch: Watch
    keep: Keeper = nobody
    link_down: float = SECONDS
    clock: Clock = time
    made: list[Made] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self.cables = Cables(self.link.name, self.host, self.link_down, self.link.hidden, self.clock)

    def run(self, steps: list[Step]) -> Outcome:
        """Walk the steps.

        Raises:
            FailedError: one failed; the text says why and what both ends have now.

        """
        try:
            for number, step in enumerate(steps, 1):
                self._step(step, f"step {number} of {len(steps)}", number == len(steps))
                self._keep()
        except EndError as error:
            self._take_back(str(error))
        except Exception as error:  # whatever it is, no link is left half-way for it
            self._take_back(f"{type(error).__name__}: {error}")
        self.outcome.verified += self.cables.verified()
        self.outcome.warnings += self.cables.unproven(self.link.pairs(route.unproven(self.link, steps)))
        return self.outcome

    def _step(self, step: Step, count: str, last: bool) -> None:
        text = f"{self.link.name}: {count}: {describe(self.link, step, self.host.name, self.switch.name)}"
        self.watch.report(text)
        end = self.host if step.at_host else self.switch
        change = end.change(self.link, step, delivery.reachable(self.link, step.after))
        self.made.append(Made(text, step, change))
        self.outcome.steps.append(text)
        self.outcome.commands += change.commands
        proof = partial(self._prove, step, last)
        with self.cables.watched(self.link.pairs(step.disables)) as first:
            change.make(first, proof if end.reverts else nothing)
        if not end.reverts:
            proof()

    def _keep(self) -> None:
        """Give away what takes the steps back, and whether the host is reachable once they are."""
        self.keep(
            [
                {
                    "text": made.text,
                    "at_host": made.step.at_host,
                    "reachable": delivery.reachable(self.link, made.step.before),
                    "undo": made.change.plain(),
                    "disables": self.link.pairs(made.step.enables),
                }
                for made in self.made
            ]
        )

    def _prove(self, step: Step, last: bool) -> None:
        """Demand that both ends answer a fresh login, where they should, and at the end that all is as declared."""
        if delivery.reachable(self.link, step.after):
            self.host.prove()
        self.switch.prove()
        if last:
            self.outcome.verified = [*self.switch.verify(), *self.host.verify()]
        self._somebody_waits()

    def _somebody_waits(self) -> None:
        if not self.watch.alive():
            raise EndError("The run that asked for this is gone.")

    def _take_back(self, cause: str) -> None:
        self.watch.report(f"{self.link.name}: it failed: {cause}")
        while self.made:
            last = self.made[-1]
            self.watch.report(f"{last.text}: taken back")
            try:
                last.change.undo()
            except Exception as error:  # the user must hear of it in any case
                self._stuck(cause, last.text, error)
            self.made.pop()
            self._keep()
        state = f"{self.switch.name} and {self.host.name} have what they had before."
        self.watch.report(f"{self.link.name}: {state}")
        raise FailedError(f"{self.link.name}: {cause}\nAll of it was taken back: {state}", True) from None

    def _stuck(self, cause: str, text: str, error: Exception) -> None:
        state = f"{text} could not be taken back: {error}"
        self.watch.report(state)
        mend = "The steps before it are left as they are. Mend the cause and run it again: it goes on from there."
        raise FailedError(f"{self.link.name}: {cause}\n{state}\n{mend}", False) from None
