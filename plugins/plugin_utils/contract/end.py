# SPDX-License-Identifier: GPL-3.0-or-later
"""One end of a link, as a cut-over asks it: what it has, what a step of it would do, and how that is taken back.

A kind that can be an end has a module `end` with `TRAITS`, `protocol(options)`, by which its device is reached, and
`end_of(EndData)`, which makes the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from .changes import Change
from .link_state import HostForm, Link, PortForm, Step
from .neutral import Side

Proof = Callable[[], None]
"""Raises EndError where what was changed must not last."""
Variable = Callable[[str], Any]
"""Gives a variable of the device, templated; None where there is none."""


def nothing() -> None:
    """Prove nothing."""


class EndError(Exception):
    """An end could not be asked, changed or put back, or is not as it must be; the text is for the user."""


@contextmanager
def as_end_error(name: str, *causes: type[Exception]) -> Iterator[None]:
    """Say what a device said as an error of its end."""
    try:
        yield
    except causes as error:
        raise EndError(f"{name}: {error}") from None


@dataclass(frozen=True)
class Traits:
    """What a kind says of its ends.

    Attributes:
        side: which end of a link it is
        title: what of the device the link ends at, for messages
        short: the same in the device's own word, before its name
        bundles: the bundles that a link may have here while it is changed

    """

    side: Side
    title: str
    short: str
    bundles: tuple[str, ...]


@dataclass(frozen=True)
class EndData:
    """The plain data that an end is made of.

    Attributes:
        link: an entry of `stack_links` of the host
        connection: how the device of this end is reached
        variable: gives its variables
        options: those of the task
        check_mode: nothing is to be changed
        link_down: how many seconds a NIC may take to lose its link
        declared: what is declared counts; otherwise the link is taken back, and nothing needs to be

    """

    link: Mapping[str, Any]
    connection: Any
    variable: Variable
    options: Mapping[str, Any]
    check_mode: bool
    link_down: float
    declared: bool = True


@dataclass(frozen=True)
class SwitchSeen:
    """What the switch has.

    Attributes:
        forms: of each port
        final: the ports at which nothing of the declaration is missing, but that they may be disabled
        disabled: the ports that are disabled by an earlier conversion
        disabled_by_hand: the ports that somebody else disabled
        dead: the ports without light, though they are enabled

    """

    forms: dict[str, PortForm] = field(default_factory=dict)
    final: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    disabled_by_hand: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HostSeen:
    """What the host has.

    Attributes:
        uplinks: that the management's port group sends over (without management on this vSwitch: the vSwitch itself)
        form: how it sends
        final: nothing of the declaration is missing, but that it may use some of the uplinks only
        management: the host's management runs over this vSwitch
        down: the NICs without link

    """

    uplinks: tuple[str, ...]
    form: HostForm
    final: bool
    management: bool = True
    down: frozenset[str] = frozenset()


class Undo(Protocol):
    """Takes a change of one end back."""

    def undo(self, first: Proof = nothing) -> None:
        """Put back what was there before, as far as it is not there; also after a `make` of which nothing is known.

        `first` is called as soon as it is done, where this disables ports.

        Raises:
            EndError: it could not be put back.

        """


class EndChange(Undo, Protocol):
    """One prepared change of one end, which knows what was there before."""

    @property
    def commands(self) -> list[str]:
        """Return what will be done, in the end's own words; empty where nothing is left to do."""

    def make(self, first: Proof, proof: Proof) -> None:
        """Do it; an end whose steps revert by themselves calls `proof` before it lets the change last.

        A change that disables ports calls `first` as soon as it is done, before anything else is looked at: where that
        fails the ports are enabled again at once.

        Raises:
            EndError: it failed; `undo` says what is there now.

        """

    def plain(self) -> dict[str, Any]:
        """Return as plain data what `undo` needs, for a later run that takes this one back."""


Seen = TypeVar("Seen", covariant=True)


class End(Protocol[Seen]):
    """One end of the link.

    Attributes:
        name: of its device, for messages
        reverts: a step that is not confirmed reverts by itself, so it can be held until both ends are proven. A step of
            another end lasts at once: it is proven afterwards, and who made it puts it back

    """

    name: str
    reverts: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Return the ports or NICs of the link at this end, in the order of the cables."""

    def look(self) -> Seen:
        """Return what it has; raises EndError where it cannot be read, or what is declared would be refused."""

    def change(self, link: Link, step: Step, reachable: bool) -> EndChange:
        """Read what is there and prepare a step, after which the host is `reachable`, or is away until the next."""

    def made_before(self, undo: Mapping[str, Any]) -> Undo:
        """Return the change of an earlier run, from what its `plain` returned."""

    def prove(self) -> None:
        """Log in anew: raises EndError where this end cannot be reached."""

    def verify(self) -> list[str]:
        """Return what was verified of the declared state; raises EndError with everything that is wrong."""


class SwitchEnd(End[SwitchSeen], Protocol):
    """The end whose ports are disabled and take another form; other links may end at the same device.

    Attributes:
        goal: what each port shall be, once it was looked at
        foretold_count: how many aggregated interfaces earlier links of the same task will have brought

    """

    goal: PortForm
    foretold_count: int

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what changes of the whole device, by the last look."""

    @property
    def leaving(self) -> tuple[str, ...]:
        """Return the enabled ports that lose their bundle without being ports of the link: no NIC would see that."""

    def undone(self, undos: Iterable[Mapping[str, Any]]) -> list[Change]:
        """Return what would change of the device if changes of an earlier run were taken back. Reads only."""


class NicReader(Protocol):
    """An open session with a host that tells which of its NICs have link.

    Attributes:
        patience: the longest that a reading takes, in seconds

    """

    patience: float

    def up(self) -> frozenset[str]:
        """Return all NICs with link; raises EndError where the host does not answer."""

    def close(self) -> None:
        """End the session."""


class HostEnd(End[HostSeen], Protocol):
    """The end whose NICs tell whether a cable is where it is declared; `goal` is how it shall send, after a look."""

    goal: HostForm

    def nic_reader(self) -> NicReader:
        """Open a session; raises EndError where the host cannot be reached."""


class Watch(Protocol):
    """Who started the conversion, and who reads what happens."""

    def alive(self) -> bool:
        """Tell whether the one who started it is still there to hear of the end."""

    def report(self, text: str) -> None:
        """Note what happens."""
