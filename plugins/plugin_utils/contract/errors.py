# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a device: one class for each cause that a caller acts on; the device's own words are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from .seen import Seen


class Word(Protocol):
    """One thing that a device said."""

    by: ClassVar[str]
    """What kind of device said it."""


class DeviceError(Exception):
    """Something failed; `words` are the device's own, `mend` says what to do."""

    def __init__(self, what: str, mend: str = "", words: str | Sequence[Word] = ()) -> None:
        self.what, self.mend, self.words = what, mend, words
        super().__init__(self.text())

    def text(self) -> str:
        """Return the message that the user reads."""
        words = [("host", self.words)] if isinstance(self.words, str) else [(word.by, word) for word in self.words]
        said = "".join(f"\n  the {by} says: {word}" for by, word in words if word)
        return f"{self.what}{said}\n{self.mend}" if self.mend else f"{self.what}{said}"

    def after(self, what: str) -> DeviceError:
        """Return the same error with a sentence more about the state of things."""
        return type(self)(f"{self.what} {what}", self.mend, self.words)

    def evidence(self) -> dict[str, Any]:
        """Return what a task returns beside the message."""
        return {}


class ConnectError(DeviceError):
    """There is no session."""


class UnreachableError(ConnectError):
    """There is no way to the device, or nobody listens, or nobody answers."""


class HostKeyError(ConnectError):
    """The device's SSH key is unknown, or another one than the known one."""


class AuthenticationError(ConnectError):
    """The device answers, and refuses user, key or password."""


AWAY = (UnreachableError, HostKeyError)
"""What Ansible calls unreachable, of other hosts too; not a login that is refused, for then the device answers."""


class RefusedError(DeviceError):
    """The device refuses what it was asked for; it has not been done."""


class DeniedError(DeviceError):
    """The user of the device may not do this."""


class LostError(DeviceError):
    """The session broke or no answer came: what was sent last may or may not have taken effect."""


class VerificationError(DeviceError):
    """The device does not have what it should have; `seen` is what was looked at, where that is known as data."""

    seen: tuple[Seen, ...] = ()

    def evidence(self) -> dict[str, Any]:
        """Return what was looked at."""
        return {"seen": [each.plain() for each in self.seen]}
