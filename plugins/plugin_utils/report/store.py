# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's folder: one JSON file for each host, and the page and the machine's file made of all of them.

Every host writes its own part, so that a run over a subset of the hosts renews just that subset.
"""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.links import joined
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.page import render

FORMAT = 3
"""Of a part; parts of another format, left by another release, are not shown."""


def write(folder: Path, host: str, part: dict[str, Any]) -> Path:
    """Write the part of one host and make the report anew; return the page's path.

    Workers of one run write at the same time: a lock on the folder keeps the page whole.

    Raises:
        OSError: the folder cannot be written.
    """
    hosts = folder / "hosts"
    hosts.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _replace(hosts / f"{host}.json", json.dumps({"format": FORMAT, **part}, indent=1, sort_keys=True))
        parts = {path.stem: json.loads(path.read_text()) for path in sorted(hosts.glob("*.json"))}
        parts = {name: entry for name, entry in parts.items() if entry.get("format") == FORMAT}
        ends = {name: {"ends": link["ends"]} for name, link in joined(parts, part["run"]).items()}
        report = {"run": part["run"], "hosts": parts, "links": ends}
        _replace(folder / "report.json", json.dumps(report, indent=1, sort_keys=True))
        page = folder / "index.html"
        _replace(page, render(parts, part["run"]))
    return page


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text)
    temporary.replace(path)
