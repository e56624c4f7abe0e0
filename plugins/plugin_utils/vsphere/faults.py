# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the vSphere API and failures of its connection, each as what it means to a user."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers.expat import ExpatError

from ..declared.findings import RefusalError
from . import errors
from .third_party import vim, vmodl

_RESTRICTED = "The licence of {where} allows no change over the API (vim.fault.RestrictedVersion)."
_USE_SSH = "Say transport: ssh, or give the host a licence."
_NAME_MISMATCH = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""


@contextmanager
def told(where: str, what: str) -> Iterator[None]:
    """Turn what goes wrong inside into one of our errors; `what` is a sentence about what was tried.

    Raises:
        errors.HostError: one of its kinds.

    """
    try:
        yield
    except vmodl.MethodFault as fault:
        raise meaning(fault, where, what) from None
    except ssl.SSLCertVerificationError as error:
        raise untrusted(error, where) from None
    except ExpatError as error:
        raise errors.LostError(f"{what} The answer of {where} is no XML: {error}.") from None
    except (OSError, http.client.HTTPException) as error:
        raise errors.LostError(f"{what} The connection to {where} broke: {_cause(error)}.") from None
    except (RefusalError, errors.HostError):
        raise
    except Exception as error:  # pyVmomi reads an answer by its types, and a part that is missing is None
        said = f"{type(error).__name__}: {str(error)[:200]}"
        raise errors.LostError(f"{what} The answer of {where} cannot be read ({said}).") from error


def _cause(error: Exception) -> str:
    return "no answer came in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def words(fault: Any) -> str:
    """Return a fault's own words: its type, its message, the property that is wrong, and the messages behind it."""
    name = type(fault).__name__
    said = [str(fault.msg)] if getattr(fault, "msg", None) else []
    if getattr(fault, "invalidProperty", None):
        said.append(f"invalidProperty {fault.invalidProperty}")
    said += [str(each.message) for each in getattr(fault, "faultMessage", None) or [] if each.message]
    return f"{name}: {'; '.join(said)}" if said else str(name)


def meaning(fault: Any, where: str, what: str) -> errors.HostError:
    """Return what a fault means."""
    said = words(fault)
    for kind, make in _MEANINGS:
        types = [getattr(place, kind, None) for place in (vim.fault, vmodl.fault)]
        if any(each is not None and isinstance(fault, each) for each in types):
            return make(where, what, said)
    return errors.RefusedError(what, "", said)


def untrusted(error: ssl.SSLCertVerificationError, where: str) -> errors.CertificateError:
    """Return what is wrong with a certificate."""
    if error.verify_code in _NAME_MISMATCH:
        what = f"The certificate of {where} is for another name."
        mend = "Say ansible_host by the name that is in the certificate, or give the host a certificate with this one."
    else:
        what = f"The certificate of {where} is not trusted."
        mend = "Give ca_file the certificate of the authority that signed it (a vCenter offers its own for download)."
    return errors.CertificateError(what, f"{mend} Nothing was sent to it.", str(error.verify_message))


def _restricted(where: str, what: str, said: str) -> errors.HostError:
    return errors.RestrictedError(f"{what} {_RESTRICTED.format(where=where)}", _USE_SSH, said)


def _login(where: str, what: str, said: str) -> errors.HostError:
    return errors.AuthenticationError(
        f"{where} answers, and refuses the login.", "Look at ansible_user, ansible_password.", said
    )


def _denied(where: str, what: str, said: str) -> errors.HostError:
    return errors.DeniedError(f"{what} The user may not do this.", "It needs the privilege Host.Config.Network.", said)


def _expired(where: str, what: str, said: str) -> errors.HostError:
    return errors.LostError(f"{what} The session with {where} is no longer valid.", "", said)


def _used(where: str, what: str, said: str) -> errors.HostError:
    return errors.RefusedError(f"{what} It is in use.", "Move what uses it first.", said)


def _taken_back(where: str, what: str, said: str) -> errors.HostError:
    mend = "The far end does not suit the change yet. Connect to the host itself, or change one leg at a time."
    return errors.TakenBackError(f"{what} It cut the host off, so vCenter has taken it back.", mend, said)


def _away(where: str, what: str, said: str) -> errors.HostError:
    return errors.LostError(f"{what} vCenter does not reach the host.", "", said)


def _disconnected(where: str, what: str, said: str) -> errors.HostError:
    mend = "Reconnect it in vCenter, or look whether it runs."
    return errors.AwayError(f"{what} The host is not connected to vCenter.", mend, said)


def _failed(where: str, what: str, said: str) -> errors.HostError:
    mend = "The host's own log (/var/log/hostd.log) says more."
    return errors.RefusedError(f"{what} The host could not do it.", mend, said)


_MEANINGS = (
    ("RestrictedVersion", _restricted),
    ("InvalidLogin", _login),
    ("NotAuthenticated", _expired),
    ("NoPermission", _denied),
    ("ResourceInUse", _used),
    ("NetworkDisruptedAndConfigRolledBack", _taken_back),
    ("RollbackFailure", _away),
    ("HostNotConnected", _disconnected),
    ("HostCommunication", _away),
    ("HostConfigFault", _failed),
)
"""The first that fits counts: NotAuthenticated is a kind of NoPermission."""
