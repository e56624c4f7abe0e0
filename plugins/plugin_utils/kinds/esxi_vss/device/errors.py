# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a host: one class for each cause that a caller acts on; the host's own words are kept."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen


class HostError(Exception):
    """Something failed; `words` are the host's own, `mend` says what to do."""

    def __init__(self, what: str, mend: str = "", words: str = "") -> None:
        self.what, self.mend, self.words = what, mend, words
        super().__init__(self.text())

    def text(self) -> str:
        """Return the message that the user reads."""
        said = f"\n  the host says: {self.words}" if self.words else ""
        return f"{self.what}{said}\n{self.mend}" if self.mend else f"{self.what}{said}"

    def after(self, what: str) -> HostError:
        """Return the same error with a sentence more about the state of things."""
        return type(self)(f"{self.what} {what}", self.mend, self.words)


class ConnectError(HostError):
    """There is no session."""


class UnreachableError(ConnectError):
    """There is no way to the host, or nobody listens, or nobody answers."""


class AwayError(UnreachableError):
    """VCenter does not reach the host; nothing was sent to it."""


class CertificateError(ConnectError):
    """The host's certificate is not to be trusted."""


class HostKeyError(ConnectError):
    """The host's SSH key is unknown, or another one than the known one."""


class AuthenticationError(ConnectError):
    """The host refuses user or password."""


class RefusedError(HostError):
    """The host refuses what it was asked for; it has not been done."""


class RestrictedError(RefusedError):
    """The host's licence allows no change over the API."""


class DeniedError(RefusedError):
    """The user may not do this."""


class TakenBackError(RefusedError):
    """VCenter has taken the change back, because it cut the host off."""


class LostError(HostError):
    """The connection broke or no answer came: what was asked last may or may not have been done."""


class UnknownError(HostError):
    """It could not be found out what the host has now."""


class SomeHostsError(HostError):
    """Some hosts of a vCenter have failed, each for its own reason, which `failed` has by name."""

    failed: Mapping[str, HostError] = {}


class VerificationError(HostError):
    """The host does not have what it should have; `seen` is what was looked at, where that is known as data."""

    seen: tuple[Seen, ...] = ()
