# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device kind can do to one device, by the states that users know: facts, plan, change, verification, way back.

The action gives a driver its task and hands its results on; how a device is talked to is the kind's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

from .errors import AWAY, DeviceError

Result = dict[str, Any]
"""What a task returns, as its module documents it."""


class Waiting(Protocol):
    """What says to people that the device is waited for."""

    def at(self, doing: str) -> object:
        """Say what is waited for from now on."""


class Task(Protocol):
    """What a driver knows of the task that it works for."""

    @property
    def device(self) -> str:
        """Return the inventory's name of the device."""

    @property
    def check_mode(self) -> bool:
        """Tell whether nothing may be changed."""

    def connection(self, protocol: str) -> Any:
        """Return how the device is reached by this protocol."""

    def waiting(self, doing: str) -> AbstractContextManager[Waiting]:
        """Return what says in a `with` block that the device is waited for."""


class Driver(ABC):
    """One device, for one task; a method for each state but those that change it, which are :meth:`apply`.

    What fails raises a :class:`~.errors.DeviceError`, what is refused a :class:`~.finding.RefusalError`.
    """

    AWAY: ClassVar[tuple[type[DeviceError], ...]] = AWAY
    """What is unreachable to Ansible, where the task only reads."""

    def __init__(self, task: Task, options: Mapping[str, Any]) -> None:
        self.task, self.options = task, options

    def result(self) -> Result:
        """Return what the state of the task found or did."""
        reads = {"parsed": self.parse, "rendered": self.render, "gathered": self.gather, "verified": self.verify}
        state = self.options["state"]
        if state in reads:
            return {"changed": False, **reads[state]()}
        return {"restored": self.restore, **self.more_states()}.get(state, self.apply)()

    def more_states(self) -> Mapping[str, Callable[[], Result]]:
        """Return what else changes a device of this kind, by state."""
        return {}

    @abstractmethod
    def parse(self) -> Result:
        """Return what a copy of a configuration has, without a device."""

    @abstractmethod
    def render(self) -> Result:
        """Return what would be sent, without a device."""

    @abstractmethod
    def gather(self) -> Result:
        """Return the facts and, with something declared, the plan (`changed`, `findings`, `by_link` and so on)."""

    @abstractmethod
    def verify(self) -> Result:
        """Return what was seen of what is declared (`verified`, `seen`); raise where it does not hold."""

    @abstractmethod
    def apply(self) -> Result:
        """Bring the device to what is declared, prove it, or put it back; in check mode tell what would be done."""

    @abstractmethod
    def restore(self) -> Result:
        """Put back what a run replaced, with its changes by link as a plan; in check mode tell what would be done."""
