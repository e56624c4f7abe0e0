# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is every backend reached, and does a client stay where it was put? Asked from outside, with requests alone.

A backend is told by the header that the service names (``identify_header``), or by the value of the stickiness cookie.
HAProxy (`cookie NAME insert indirect`) sets that cookie only for a client that shows none of a server which is up: an
answer that sets no other value proves that the server named by the client's cookie gave it.
"""

from __future__ import annotations

from typing import Callable

from .service import Backend, Finding, Report, Settings
from .wire import Answer, Client

SEE_STATE = "See the servers' states on the statistics page, and their health checks' last answers in HAProxy's log"


def check_backends(report: Report, client: Client, settings: Settings) -> None:
    """Check that every backend answers and that stickiness does what the service declares.

    Raises:
        WireError: a request got no answer.
    """
    service = report.service
    if not service.backends:
        report.leave("backends", "the service declares none")
    elif service.stickiness == "cookie":
        _cookie(report, client, settings)
    elif not service.identify_header:
        why = "nothing in its answers tells the backends apart; name a header that does as identify_header"
        report.leave("every backend reached", why)
        if service.stickiness == "source":
            report.leave("stickiness", why)
    elif service.stickiness == "source":
        _source(report, client, settings)
    else:
        _spread(report, client, settings)


def _cookie(report: Report, client: Client, settings: Settings) -> None:
    service = report.service
    first: dict[str, Answer] = {}

    def ask() -> str | None:
        answer = client.get()
        value = answer.cookies.get(service.cookie)
        if value is not None:
            first.setdefault(value, answer)
        return value

    seen, asked = _collect(report, settings, {backend.cookie for backend in _active(report)}, ask)
    if not first:
        expected = f"answers that set the cookie {service.cookie}"
        mend = "Check that the backend section has this cookie and that HAProxy runs the new configuration"
        report.findings.append(Finding("stickiness", expected, f"none of {asked} did", mend))
        return
    _judge_reach(report, seen, {backend.cookie: backend.name for backend in service.backends}, asked)
    moved = [text for value in sorted(first) for text in _replay(client, settings, value, first[value])]
    _judge_stay(report, moved, f"the cookie {service.cookie}", settings.sticky_requests)


def _replay(client: Client, settings: Settings, value: str, first: Answer) -> list[str]:
    """Show a cookie again and again; return a text for each answer that came from elsewhere."""
    header = client.service.identify_header.lower()
    moved = []
    for _unused in range(settings.sticky_requests):
        answer = client.get(cookie=value)
        given = answer.cookies.get(client.service.cookie, value)
        server, before = answer.headers.get(header), first.headers.get(header)
        if given != value:
            moved.append(f"a client with {client.service.cookie}={value} was given {given}")
        elif header and server != before:
            moved.append(f"a client with {client.service.cookie}={value}, first served by {before}, met {server}")
    return moved


def _source(report: Report, client: Client, settings: Settings) -> None:
    """Ask from each source address several times; each must meet one server only."""
    met: dict[str, list[str]] = {}
    for address in settings.source_addresses or ("",):
        met[address] = [_server(client, client.get(source=address)) for _unused in range(settings.sticky_requests)]
    moved = [
        "{} met {}".format("from " + address if address else "this host", ", ".join(sorted(set(servers))))
        for address, servers in met.items()
        if len(set(servers)) > 1
    ]
    _judge_stay(report, moved, "the client's address", settings.sticky_requests)
    seen = {server for servers in met.values() for server in servers}
    names = {backend.name: backend.name for backend in report.service.backends}
    if len(settings.source_addresses) > 1:
        _judge_reach(report, seen, names, sum(len(servers) for servers in met.values()))
        return
    report.backends_reached = sorted(seen)
    why = "with stickiness by source one address meets one server; give the prober several source_addresses"
    report.leave("every backend reached", why)


def _spread(report: Report, client: Client, settings: Settings) -> None:
    if report.service.balance in ("source", "first"):
        why = f"balance {report.service.balance} sends all requests of one prober to one server"
        report.leave("every backend reached", why)
        return
    names = {backend.name for backend in _active(report)}
    seen, asked = _collect(report, settings, names, lambda: _server(client, client.get()))
    _judge_reach(report, seen, {backend.name: backend.name for backend in report.service.backends}, asked)


def _collect(
    report: Report, settings: Settings, wanted: set[str], ask: Callable[[], str | None]
) -> tuple[set[str], int]:
    """Ask as a new client until all wanted servers were met or the requests are used up."""
    seen: set[str] = set()
    limit = settings.requests_per_backend * max(1, len(report.service.backends))
    for asked in range(1, limit + 1):
        server = ask()
        if server is not None:
            seen.add(server)
        if wanted and wanted <= seen:
            return seen, asked
    return seen, limit


def _server(client: Client, answer: Answer) -> str:
    return answer.headers.get(client.service.identify_header.lower(), "")


def _active(report: Report) -> list[Backend]:
    return [backend for backend in report.service.backends if not backend.spare]


def _judge_reach(report: Report, seen: set[str], names: dict[str, str], asked: int) -> None:
    """Compare the servers met with the declared ones; ``names``: as met -> as declared."""
    report.backends_reached = sorted(names[server] for server in seen if server in names)
    missing = sorted(backend.name for backend in _active(report) if backend.name not in report.backends_reached)
    strangers = sorted(server or "(not named)" for server in seen if server not in names)
    if missing:
        expected = "all of {} to answer".format(", ".join(backend.name for backend in _active(report)))
        came = "no answer of {} in {} requests".format(", ".join(missing), asked)
        report.findings.append(Finding("backends", expected, came, SEE_STATE, passing=True))
    if strangers:
        mend = "Another configuration than the declared one is running, or other names are declared"
        report.findings.append(Finding("backends", "declared backends only", ", ".join(strangers), mend))
    if not missing and not strangers:
        report.verified.append("every backend answered: {}".format(", ".join(report.backends_reached)))
    for backend in report.service.backends:
        if backend.spare and backend.name not in report.backends_reached:
            report.leave(f"backend {backend.name}", "it is a backup or has weight 0, so no new client reaches it")


def _judge_stay(report: Report, moved: list[str], what: str, times: int) -> None:
    if moved:
        expected = f"{what} to keep a client at its server"
        mend = (
            "Compare `stick` and `cookie` lines with the declared stickiness; a server that went down explains it too"
        )
        report.findings.append(Finding("stickiness", expected, "; ".join(moved), mend, passing=True))
    else:
        report.verified.append(f"{what} kept the client at its server, {times} times each")
