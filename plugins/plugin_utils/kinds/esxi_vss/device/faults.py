# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the vSphere API and failures of its connection, each as what it means to a user."""

from __future__ import annotations

import http
import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers.expat import ExpatError

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError

from . import errors
from .third_party import vim, vmodl

_RESTRICTED = "The licence of {where} allows no change over the API (vim.fault.RestrictedVersion)."
_USE_SSH = "Say transport: ssh, or give the host a licence."
_NAME_MISMATCH = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""
_TIMES = {9: "is not valid yet", 10: "has expired"}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""
_VIEW = "System.View"
"""Every role but No Access has it."""
_SHUT_OUT = (
    "A host in lockdown mode lets in its vCenter and its exception users only: go through the vCenter (its hosts stand "
    "in esxi_teaming_hosts), or end lockdown mode. At a vCenter the user needs a role at its top (KB 2114561)."
)
_STARTING = "its management services are starting, or have no session left (status 503)"


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
        raise errors.LostError(f"{what} The connection to {where} broke: {cause(error)}.") from None
    except (RefusalError, errors.HostError):
        raise
    except Exception as error:  # pyVmomi reads an answer by its types, and a part that is missing is None
        said = f"{type(error).__name__}: {str(error)[:200]}"
        raise errors.LostError(f"{what} The answer of {where} cannot be read ({said}).") from error


def cause(error: Exception) -> str:
    """Return why a connection failed or broke; pyVmomi tells a status that is no answer of SOAP as a text."""
    if isinstance(error, http.client.HTTPException) and str(error).startswith("503 "):
        return _STARTING
    if isinstance(error, ssl.SSLError) and "PROTOCOL" in str(error.reason):
        return (
            f"it speaks no TLS that the controller allows ({error.reason}); a host before 6.5 is reached by its vCenter"
        )
    return "no answer came in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def unavailable(where: str, status: int) -> errors.ConnectError:
    """Return why a web server that is asked for the API's versions answers with another status than 200."""
    if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        mend = "Wait a minute and run again; else look at hostd, or at the services and sessions of the vCenter."
        return errors.UnreachableError(f"{where} answers, but {_STARTING}.", mend)
    what = f"{where} is no vSphere API (status {status})."
    return errors.ConnectError(what, "Look at ansible_host and ansible_port.")


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
    if isinstance(fault, vim.fault.NoPermission) and not isinstance(fault, vim.fault.NotAuthenticated):
        return _denied(fault, what, said)
    for kind, make in _MEANINGS:
        types = [getattr(place, kind, None) for place in (vim.fault, vmodl.fault)]
        if any(each is not None and isinstance(fault, each) for each in types):
            return make(where, what, said)
    return errors.RefusedError(what, "", said)


def another(where: str, met: str, expected: str) -> errors.CertificateError:
    """Return that a certificate is not the one that the user named."""
    what = f"The certificate of {where} is another one: its SHA-256 is {met}, tls_fingerprint is {expected}."
    mend = "Compare it with the host's console. If its certificate was renewed, say the new one."
    return errors.CertificateError(what, f"{mend} Nothing was sent to it.")


def untrusted(error: ssl.SSLCertVerificationError, where: str) -> errors.CertificateError:
    """Return what is wrong with a certificate."""
    if error.verify_code in _TIMES:
        what = f"The certificate of {where}, or of the authority that signed it, {_TIMES[error.verify_code]}."
        mend = "Renew it, or look at the clocks of both machines; another ca_file cannot help."
    elif error.verify_code in _NAME_MISMATCH:
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


def _denied(fault: Any, what: str, said: str) -> errors.HostError:
    """Return what the user lacks: the fault tells the privilege and the object (vim.fault.NoPermission)."""
    lacking = f"{fault.privilegeId} on {str(fault.object).strip(chr(39))}" if fault.privilegeId else "a privilege"
    mend = _SHUT_OUT if fault.privilegeId == _VIEW else "Give the user a role with that privilege there."
    return errors.DeniedError(f"{what} The user lacks {lacking}.", mend, said)


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
    ("ResourceInUse", _used),
    ("NetworkDisruptedAndConfigRolledBack", _taken_back),
    ("RollbackFailure", _away),
    ("HostNotConnected", _disconnected),
    ("HostCommunication", _away),
    ("HostConfigFault", _failed),
)
"""The first that fits counts."""
