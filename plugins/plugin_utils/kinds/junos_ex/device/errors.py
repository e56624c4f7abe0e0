# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a switch: one class for each cause that a caller acts on; the switch's own words are kept."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen


@dataclass(frozen=True)
class Word:
    """One rpc-error as the switch sent it."""

    severity: str
    message: str
    source: str = ""
    edit_path: str = ""
    bad_element: str = ""

    def __str__(self) -> str:
        parts = [self.edit_path, self.bad_element, self.message]
        text = " ".join(" ".join(part.split()) for part in parts if part)
        return f"{self.source}: {text}" if self.source else text


class SwitchError(Exception):
    """Something failed; `words` are the switch's own, `mend` says what to do."""

    def __init__(self, what: str, mend: str = "", words: tuple[Word, ...] = ()) -> None:
        self.what, self.mend, self.words = what, mend, words
        super().__init__(self.text())

    def text(self) -> str:
        """Return the message that the user reads."""
        said = "".join(f"\n  the switch says: {word}" for word in self.words)
        return f"{self.what}{said}\n{self.mend}" if self.mend else f"{self.what}{said}"


class ConnectError(SwitchError):
    """There is no session."""


class HostKeyUnknownError(ConnectError):
    """No key of this host is known."""


class HostKeyChangedError(ConnectError):
    """The host shows another key than the known one."""


class AuthenticationError(ConnectError):
    """The switch refuses user, key or password."""


class KeyFileError(AuthenticationError):
    """A private key of the controller cannot be used, so that the switch never saw it."""


class UnreachableError(ConnectError):
    """There is no way to the switch, or nobody listens."""


AWAY = (UnreachableError, HostKeyUnknownError, HostKeyChangedError)
"""What Ansible calls unreachable, of other hosts too; not a login that is refused, for then the switch answers."""


class LockedError(SwitchError):
    """Somebody else holds the configuration, or left changes in the candidate."""


class RefusedError(SwitchError):
    """The switch refuses what it was sent."""


class DeniedError(SwitchError):
    """The user of the switch may not do this."""


class LostError(SwitchError):
    """The session broke: what was sent last may or may not have taken effect."""


class TimedOutError(LostError):
    """No reply came in time: what was sent last may or may not have taken effect."""


class ClientError(LostError):
    """The client library failed in a way of its own: what was sent last may or may not have taken effect."""


class PendingCommitError(SwitchError):
    """A confirmed commit awaits its confirmation; whatever is done now might confirm it."""


class NotTheTokenError(SwitchError):
    """The newest commit is not the one that the token names."""


class VerificationError(SwitchError):
    """The links did not come up as they must; `seen` is what was looked at, where that is known as data."""

    seen: tuple[Seen, ...] = ()


class ConfirmedError(VerificationError):
    """The commit is confirmed, and what was to be proven after it was not."""
