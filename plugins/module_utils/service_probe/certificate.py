# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificate as clients see it: chain, names, expiry. OpenSSL judges; this explains."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

from .service import Finding, Report, Service, Settings
from .wire import connect, handshake, reason, trusting, verifying

DAY = 86400
# X509_V_ERR_* of OpenSSL's x509_vfy.h that users meet
MENDS = {
    10: "Renew the certificate (role tls_certificate)",
    18: "It is self-signed: name it as ca_path, or use a certificate of a CA that the clients trust",
    19: "Its root is not trusted by the prober: name the CA's certificate as ca_path",
    20: "An intermediate certificate is missing in the chain that is served, or the CA is not trusted by the prober: "
    "give the certificate its chain_file, or name the CA as ca_path",
    21: "An intermediate certificate is missing in the chain that is served: give the certificate its chain_file",
    62: "Get a certificate whose subject alternative names cover it, or mend server_names",
    64: "Declare server_names: without them the certificate has to name the VIP's address",
}


#: The alerts certificate_required of TLS 1.3 and handshake_failure of TLS 1.2, as OpenSSL calls them.
_WANTS_ONE = ("ALERT_CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE")


def check_certificate(report: Report, settings: Settings) -> bool:
    """Check what is served for every name; return whether all is well.

    Raises:
        WireError: the CA file cannot be read.
    """
    service, context = report.service, verifying(settings)
    found: list[Finding] = []
    for name in _names(service):
        try:
            with handshake(connect(service, settings, service.port), context, name, settings) as connection:
                certificate: dict[str, Any] = connection.getpeercert() or {}
                report.certificate = describe(certificate, connection.version() or "")
        except ssl.SSLCertVerificationError as error:
            found.append(_refused(name, error, settings))
        except OSError as error:
            found += [] if _asks_for_one(service, error) else [_no_handshake(name, error)]
        except ValueError as error:
            found.append(Finding("certificate", f"one for {name}", reason(error), "Get one whose fields can be read"))
    if report.certificate:
        found += _expiring(report.certificate, settings)
    report.findings += found
    if not found and not report.certificate:
        report.leave("the certificate", "TLS 1.2 ends before it can be judged where clients have to show one")
    elif not found:
        names, days = ", ".join(_names(service)), report.certificate["days_left"]
        report.verified.append(f"the certificate is valid for {names} and {days} more days")
    return not found


def check_refusal(report: Report, settings: Settings) -> None:
    """Check that a client without a certificate is refused; it sends nothing, so that the refusal is not overtaken."""
    service, mend = report.service, "See client_certificates of the service, and what HAProxy runs"
    expected = "a client without a certificate to be refused"
    try:
        with handshake(connect(service, settings, service.port), trusting(), service.host, settings) as connection:
            connection.settimeout(settings.next())
            came = "the end of the connection" if connection.recv(1) == b"" else "an answer"
    except socket.timeout:
        came = "it is let in"
    except OSError as error:
        if _asks_for_one(service, error):
            report.verified.append("a client without a certificate is refused")
            return
        came = reason(error)
    report.findings.append(Finding("client certificate", expected, came, mend, passing=True))


def _asks_for_one(service: Service, error: OSError) -> bool:
    """Tell whether a server has ended TLS because the client shows no certificate (RFC 8446, 6.2; RFC 5246, 7.2.2)."""
    told = str(getattr(error, "reason", None) or "")
    return service.client_certificate == "required" and told.endswith(_WANTS_ONE)


def _names(service: Service) -> tuple[str, ...]:
    """Return what the certificate has to cover."""
    return service.server_names or (service.vip,)


def describe(certificate: dict[str, Any], protocol: str) -> dict[str, Any]:
    """Return the parts of a certificate that a reader wants, from what ssl.getpeercert gives."""
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    return {
        "subject": _flat(certificate.get("subject", ())),
        "issuer": _flat(certificate.get("issuer", ())),
        "names": [value for _kind, value in certificate.get("subjectAltName", ())],
        "not_after": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends)),
        "days_left": int((ends - time.time()) // DAY),
        "protocol": protocol,
    }


def _flat(name: Any) -> str:
    return ", ".join("{}={}".format(*pair) for part in name for pair in part)


def _refused(name: str, error: ssl.SSLCertVerificationError, settings: Settings) -> Finding:
    anchor = settings.ca_path or "the system's CAs"
    mend = MENDS.get(error.verify_code, f"See OpenSSL's verification error {error.verify_code}")
    expected = f"a certificate for {name} that chains to {anchor}"
    return Finding("certificate", expected, reason(error).rstrip("."), mend)


def _no_handshake(name: str, error: OSError) -> Finding:
    mend = "See who holds the VIP and whether HAProxy listens there with TLS: netstack.datacenter.verify tells both"
    return Finding("TLS handshake", f"one for {name}", reason(error), mend, passing=True)


def _expiring(certificate: dict[str, Any], settings: Settings) -> list[Finding]:
    if certificate["days_left"] >= settings.minimum_days:
        return []
    expected = f"at least {settings.minimum_days} more days of validity (minimum_days)"
    came = "{}, until {}".format(certificate["days_left"], certificate["not_after"])
    return [Finding("certificate", expected, came, "Renew the certificate (role tls_certificate)")]
