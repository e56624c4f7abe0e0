# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin that writes what a session came to, with each skip and its reason, into the part's folder.

The folder is named by NETSTACK_TEST_RECORD; without it nothing is written. A session that does not end leaves its
record unfinished, and that counts as a failure.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest

FOLDER = "NETSTACK_TEST_RECORD"


class Recorder:
    """Counts what the session reports, as pytest's last line does."""

    def __init__(self, folder: Path) -> None:
        """Write at once that a session began."""
        self.file = folder / f"{uuid.uuid4().hex}.json"
        self.record: dict[str, Any] = {"passed": 0, "failed": 0, "skips": [], "status": None}
        self._write()

    def _write(self) -> None:
        self.file.write_text(json.dumps(self.record))

    def _skip(self, test: str, reason: str) -> None:
        self.record["skips"].append([test, reason])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of one test. One that was to fail and passed is a failure, also where strict is off."""
        expected = getattr(report, "wasxfail", None)
        if report.skipped and expected is not None:
            self._skip(report.nodeid, f"expected to fail: {expected}")
        elif report.skipped:
            self._skip(report.nodeid, reason_of(report.longrepr))
        elif report.failed or (report.when == "call" and expected is not None):
            self.record["failed"] += 1
        elif report.when == "call":
            self.record["passed"] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that skips as a whole, or cannot be read."""
        if report.skipped:
            self._skip(report.nodeid, reason_of(report.longrepr))
        elif report.failed:
            self.record["failed"] += 1

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the record."""
        self.record["status"] = int(exitstatus)
        self._write()


def reason_of(longrepr: Any) -> str:
    """Return a skip's reason without pytest's own words."""
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ").strip()


def pytest_configure(config: pytest.Config) -> None:
    """Record this session, and none that its tests start."""
    folder = os.environ.pop(FOLDER, "")
    if folder:
        config.pluginmanager.register(Recorder(Path(folder)), "netstack-recorder")
