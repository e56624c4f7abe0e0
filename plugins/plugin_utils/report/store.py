# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's folder: one JSON file for each host, and the page and the machine's file made of all of them.

Every host writes its own part, so that a run over a subset of the hosts renews just that subset. What lies in the
folder may be of anybody: no link is followed, and a part that cannot be shown is told and keeps no other one away.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.plugin_utils import private_files
from ansible_collections.netstack.datacenter.plugins.plugin_utils.readable import readable
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.links import joined
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.page import render
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.part import fault

FORMAT = 5
"""Of a part; parts of another format, left by another release, are not shown."""
PRIVATE = 0o600


class Written(NamedTuple):
    """Where the page is, and which files beside it are no parts that it could show, each with the reason."""

    page: Path
    broken: dict[str, str]


class Parts(NamedTuple):
    """What the folder holds: the parts by host, and the files that are none, each with the reason."""

    sound: dict[str, dict[str, Any]]
    broken: dict[str, str]


def write(folder: Path, host: str, part: dict[str, Any], mode: int = PRIVATE) -> Written:
    """Write the part of one host and make the report anew; `mode` is that of its files.

    Workers of one run write at the same time: a lock on the folder keeps the page whole.

    Raises:
        OSError: the folder cannot be written.

    """
    hosts = folder / "hosts"
    for each in (folder, hosts):
        own_files.make_folder(str(each), _of_folder(mode), 0o755)
    if hosts.is_symlink():
        raise private_files.LinkError(f"{hosts} is a link, which is not followed")
    hosts.chmod(_of_folder(mode))
    with _locked(folder / ".lock", mode):
        text = json.dumps({**readable(part), "format": FORMAT, "host": host}, indent=1, sort_keys=True)
        private_files.write(hosts / part_name(host), text, mode, durable=False)
        parts, run = _parts(hosts), readable(part["run"])
        ends = {name: {"ends": link["ends"]} for name, link in joined(parts.sound, run).items()}
        report = {"run": run, "hosts": parts.sound, "links": ends, "broken": parts.broken}
        private_files.write(folder / "report.json", json.dumps(report, indent=1, sort_keys=True), mode, durable=False)
        page = folder / "index.html"
        private_files.write(page, render(parts.sound, run, parts.broken), mode, durable=False)
    return Written(page, parts.broken)


def part_name(host: str) -> str:
    """Return the name of the file with the part of a host."""
    return f"{private_files.file_name(host)}.json"


def _parts(hosts: Path) -> Parts:
    found = Parts({}, {})
    for name in sorted(each for each in os.listdir(hosts) if each.endswith(".json") and not each.startswith(".")):
        try:
            part = json.loads(private_files.read(hosts / name))
            reason = "" if _is_old(part) else fault(part) or _misplaced(part, name, found.sound)
        except (OSError, ValueError, RecursionError) as error:
            part, reason = {}, str(error)
        if reason:
            found.broken[readable(name)] = readable(reason)
        elif not _is_old(part):
            found.sound[readable(part["host"])] = readable(part)
    return found


def _is_old(part: Any) -> bool:
    return isinstance(part, dict) and part.get("format") != FORMAT


def _misplaced(part: dict[str, Any], name: str, known: Container[str]) -> str:
    host = part["host"]
    if readable(host) in known:
        return f"{host} is shown already"
    return "" if part_name(host) == name else f"it is said to be of {host}"


def _of_folder(mode: int) -> int:
    """Return the mode of a folder whose files have this one: who reads may enter."""
    return 0o700 | mode & 0o044 | (mode & 0o044) >> 2


@contextlib.contextmanager
def _locked(file: Path, mode: int) -> Iterator[None]:
    """Hold the lock. A link in its place is of somebody else, and goes."""
    if file.is_symlink():
        file.unlink()
    handle = private_files.opened(file, os.O_RDWR | os.O_CREAT, mode)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
