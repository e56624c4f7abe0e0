# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a host: one class for each cause that a caller acts on; the host's own words are kept."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract import errors

HostError = errors.DeviceError
AuthenticationError = errors.AuthenticationError
ConnectError = errors.ConnectError
HostKeyError = errors.HostKeyError
LostError = errors.LostError
RefusedError = errors.RefusedError
UnreachableError = errors.UnreachableError
VerificationError = errors.VerificationError


class AwayError(UnreachableError):
    """VCenter does not reach the host; nothing was sent to it."""


class CertificateError(ConnectError):
    """The host's certificate is not to be trusted."""


class RestrictedError(RefusedError):
    """The host's licence allows no change over the API."""


class DeniedError(RefusedError):
    """The user may not do this."""


class TakenBackError(RefusedError):
    """VCenter has taken the change back, because it cut the host off."""


class UnknownError(HostError):
    """It could not be found out what the host has now."""


class SomeHostsError(HostError):
    """Some hosts of a vCenter have failed, each for its own reason, which `failed` has by name."""

    failed: Mapping[str, HostError] = {}
