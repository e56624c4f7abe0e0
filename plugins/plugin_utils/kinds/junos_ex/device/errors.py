# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a switch: one class for each cause that a caller acts on; the switch's own words are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract import errors

SwitchError = errors.DeviceError
AWAY = errors.AWAY
AuthenticationError = errors.AuthenticationError
ConnectError = errors.ConnectError
DeniedError = errors.DeniedError
LostError = errors.LostError
RefusedError = errors.RefusedError
UnreachableError = errors.UnreachableError


@dataclass(frozen=True)
class Word:
    """One rpc-error as the switch sent it."""

    severity: str
    message: str
    source: str = ""
    edit_path: str = ""
    bad_element: str = ""
    by: ClassVar[str] = "switch"

    def __str__(self) -> str:
        parts = [self.edit_path, self.bad_element, self.message]
        text = " ".join(" ".join(part.split()) for part in parts if part)
        return f"{self.source}: {text}" if self.source else text


class HostKeyUnknownError(errors.HostKeyError):
    """No key of this host is known."""


class HostKeyChangedError(errors.HostKeyError):
    """The host shows another key than the known one."""


class KeyFileError(AuthenticationError):
    """A private key of the controller cannot be used, so that the switch never saw it."""


class LockedError(SwitchError):
    """Somebody else holds the configuration, or left changes in the candidate."""


class TimedOutError(LostError):
    """No reply came in time: what was sent last may or may not have taken effect."""


class ClientError(LostError):
    """The client library failed in a way of its own: what was sent last may or may not have taken effect."""


class PendingCommitError(SwitchError):
    """A confirmed commit awaits its confirmation; whatever is done now might confirm it."""


class NotTheTokenError(SwitchError):
    """The newest commit is not the one that the token names."""


class VerificationError(errors.VerificationError):
    """The links did not come up as they must."""

    def evidence(self) -> dict[str, Any]:
        """Return each thing that is not as declared as well."""
        return {"failures": self.what.splitlines()[1:] or [self.what], **super().evidence()}


class ConfirmedError(VerificationError):
    """The commit is confirmed, and what was to be proven after it was not."""

    def evidence(self) -> dict[str, Any]:
        """Return that the switch keeps what was done."""
        return {"changed": True, **super().evidence()}
