# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Probes services: each check once, all findings of a service at once, again while time may mend them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Sequence
from urllib.parse import urlsplit

from .certificate import check_certificate, check_refusal
from .service import Finding, Report, Service, Settings
from .sticking import check_backends
from .wire import Client, WireError, connect, reason, trusting, verifying

AT_ONCE = 8  # services probed at the same time
PAUSE = 0.5  # seconds between two attempts
REDIRECTS = (301, 302, 303, 307, 308)
SEE_VIP = "See who holds the VIP and whether HAProxy listens there: netstack.datacenter.verify tells both"


def probe_all(services: Sequence[Service], settings: Settings) -> list[Report]:
    """Probe services and return their reports in the same order.

    Raises:
        WireError: the CA file cannot be read.
    """
    begun = settings.begun()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda service: probe_patiently(service, begun), services))


def probe_patiently(service: Service, settings: Settings) -> Report:
    """Probe until all is well, or what is wrong will not pass by waiting, or patience ends."""
    end = time.monotonic() + settings.patience
    while True:
        report = probe(service, settings)
        lasting = any(not finding.passing for finding in report.findings)
        if not report.findings or lasting or time.monotonic() + PAUSE > end:
            return report
        time.sleep(PAUSE)


def probe(service: Service, settings: Settings) -> Report:
    """Probe one service once."""
    report = Report(service)
    context = None
    if service.encrypted:
        context = verifying(settings) if check_certificate(report, settings) else trusting()
    client = Client(service, settings, context)
    if service.client_certificate == "required":
        check_refusal(report, settings)
        report.leave("requests, backends, stickiness", "clients have to show a certificate, and the probe has none")
    elif not service.speaks_http:
        _connects(report, settings)
    try:
        if _takes_requests(service) and _status(report, client):
            check_backends(report, client, settings)
        if service.redirect_port:
            _redirects(report, client)
    except WireError as error:
        report.findings.append(_silent(str(error)))
    report.requests = client.requests
    return report


def _takes_requests(service: Service) -> bool:
    return service.speaks_http and service.client_certificate != "required"


def _silent(came: str) -> Finding:
    return Finding("request", "an answer to every request", came, SEE_VIP, passing=True)


def _connects(report: Report, settings: Settings) -> None:
    """Check that a service which speaks no HTTP accepts connections; no more can be known from outside."""
    try:
        connect(report.service, settings, report.service.port).close()
    except OSError as error:
        report.findings.append(Finding("connection", "an open port", reason(error), SEE_VIP, passing=True))
        return
    report.verified.append("the port accepts connections")
    if report.service.backends:
        report.leave(
            "every backend reached, stickiness", "the service speaks no HTTP, so nothing tells its backends apart"
        )


def _status(report: Report, client: Client) -> bool:
    """Check the status of one request; return whether it is as expected."""
    service = report.service
    status = client.get().status
    low, high = service.expect_status
    if low <= status <= high:
        report.verified.append(f"GET {service.path} gives {status}")
        return True
    expected = f"status {low}" if low == high else f"a status from {low} to {high}"
    mend = "Ask a backend directly for the same path"
    if status == 503:
        mend = "HAProxy answers so when no backend is up; see the servers' states on the statistics page"
    came = f"status {status} for {service.path}"
    report.findings.append(Finding("request", expected, came, mend, passing=status >= 500))
    return False


def _pointed(location: str) -> tuple[str, str | None]:
    """Return scheme and host of an URL; nothing of what is none, as `https://[x`, or has a port that is none."""
    try:
        parts = urlsplit(location)
        return (parts.scheme, parts.hostname) if parts.port != 0 else ("", None)
    except ValueError:
        return "", None


def _redirects(report: Report, client: Client) -> None:
    service = report.service
    answer = client.get(plain_port=service.redirect_port)
    wanted = f"https://{service.host}"
    if answer.status in REDIRECTS and _pointed(answer.location) == ("https", service.host.lower()):
        report.verified.append(f"port {service.redirect_port} redirects to {answer.location}")
        return
    came = f"status {answer.status}, Location {answer.location or 'missing'}"
    expected = f"port {service.redirect_port} to redirect to {wanted}"
    mend = f"See the redirect of the frontend for port {service.redirect_port}"
    report.findings.append(Finding("redirect", expected, came, mend))
