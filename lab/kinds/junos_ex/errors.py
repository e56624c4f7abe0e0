# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch answers instead of a result: NETCONF errors and warnings, in Junos's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
# Begins every text that is this simulator's own, because no device's text is known for the case (README.md).
SIM = "SIM TEXT: "


@dataclass(frozen=True)
class Report:
    """One `<rpc-error>`: an error or a warning."""

    message: str
    severity: Severity = "error"
    path: str = ""
    bad: str = ""
    daemon: str = ""
    kind: str = "protocol"
    tag: str = "operation-failed"


class JunosError(Exception):
    """The RPC failed; `reports` hold at least one error."""

    def __init__(self, *reports: Report) -> None:
        super().__init__("; ".join(report.message for report in reports))
        self.reports = list(reports)


class CommitError(JunosError):
    """The candidate was refused by the check or the commit; the reports stand inside `<commit-results>`."""


def error(message: str, *, path: str = "", bad: str = "", daemon: str = "") -> JunosError:
    """Make the exception for one plain error."""
    return JunosError(Report(message, path=path, bad=bad, daemon=daemon))


def warning(message: str, *, path: str = "", bad: str = "") -> Report:
    """Make a warning: the RPC goes on."""
    return Report(message, "warning", path=path, bad=bad)


def syntax_error(bad: str, path: str = "") -> JunosError:
    """Make the answer to an unknown statement (facts: `syntax error`, bad-element X, as in PyEZ's own tests)."""
    return error("syntax error", bad=bad, path=path)


def not_simulated(what: str) -> JunosError:
    """Make the answer to what a switch knows and the simulator does not: refused, never accepted and ignored."""
    return JunosError(Report(f"{SIM}{what} is not simulated", tag="operation-not-supported"))
