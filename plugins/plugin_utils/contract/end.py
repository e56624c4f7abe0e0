# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine asks of the two ends of a link, whatever they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from .link_state import Step

Proof = Callable[[], None]
"""Raises EndError where what was changed must not last."""


def nothing() -> None:
    """Prove nothing."""


class EndError(Exception):
    """An end could not be asked, changed or put back, or is not as it must be; the text is for the user."""


class Change(Protocol):
    """One prepared change of one end, which knows what was there before."""

    @property
    def commands(self) -> list[str]:
        """Return what will be done, in the end's own words; empty where nothing is left to do."""

    def make(self, first: Proof, proof: Proof) -> None:
        """Do it and call `proof` before it becomes lasting, where the end can hold it back so long.

        A change that disables ports calls `first` as soon as it is done, before anything else is looked at: where that
        fails the ports are enabled again at once.

        Raises:
            EndError: it failed; `undo` says what is there now.

        """

    def kept(self) -> dict[str, Any]:
        """Return as plain data what `undo` needs, for a later run that takes this one back."""

    def undo(self, first: Proof = nothing) -> None:
        """Put back what was there before, as far as it is not there; also after a `make` of which nothing is known.

        `first` is called as in `make`, where this disables ports.

        Raises:
            EndError: it could not be put back.

        """


class End(Protocol):
    """One end of the link."""

    @property
    def name(self) -> str:
        """Return its name, for messages."""

    def change(self, step: Step) -> Change:
        """Read what is there and prepare a step."""

    def prove(self) -> None:
        """Log in anew: raises EndError where this end cannot be reached."""

    def verify(self) -> list[str]:
        """Return what was verified of the declared state; raises EndError with everything that is wrong."""


class NicReader(Protocol):
    """An open session with a host that tells which of its NICs have link."""

    patience: float
    """The longest that a reading takes, in seconds."""

    def up(self) -> frozenset[str]:
        """Return all NICs with link; raises EndError where the host does not answer."""

    def close(self) -> None:
        """End the session."""


class HostSide(End, Protocol):
    """The end whose NICs tell whether a cable is where it is declared."""

    def nic_reader(self) -> NicReader:
        """Open a session; raises EndError where the host cannot be reached."""


class Watch(Protocol):
    """Who started the conversion, and who reads what happens."""

    def alive(self) -> bool:
        """Tell whether the one who started it is still there to hear of the end."""

    def tell(self, text: str) -> None:
        """Note what happens."""
