# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders for listeners of Pound, and an imitated host."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.pound import host as system
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.render import render
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.schema import CONFIGURATION
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.semantics import faults
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check

CASES = Path(__file__).parent / "cases"
VIP = "192.0.2.100"
PID = os.getpid()  # of the process that stands for Pound: one that lives
RUNNING = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "MainPID": str(PID)}
STOPPED = {"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"}
NO_UNIT = {"LoadState": "not-found", "ActiveState": "inactive", "UnitFileState": ""}


def findings(configuration: dict[str, Any]) -> list[str]:
    """Return every fault of a configuration."""
    clean, found = check(CONFIGURATION, configuration, "pound")
    return found or faults(clean)


def rendered(configuration: dict[str, Any], fingerprints: dict[str, str]) -> str:
    """Return the text of a right configuration."""
    assert findings(configuration) == []
    return render(check(CONFIGURATION, configuration, "pound")[0], fingerprints)


def listener(**more: Any) -> dict[str, Any]:
    """Return a plain listener at the VIP."""
    services = [{"name": "all", "backends": [{"address": "127.0.0.1", "port": 80}]}]
    return {"address": VIP, "port": 8443, "services": services, **more}


def parameters(**more: Any) -> dict[str, Any]:
    """Return the module's parameters for one listener."""
    rest = {"awaited_files": [], "renewed_files": [], "allow_restart": False}
    return {"listeners": {"shop": listener()}, **rest, **more}


class FakeHost(Host):
    """A host whose programs answer from what it is told, and that remembers what systemd is asked to do.

    Args:
        version: of the installed Pound, "" where there is none.
        candidate: the version that apt would install.
        package: what a package file holds, as dpkg-deb tells it.
    """

    def __init__(self, version: str = "4.16", candidate: str = "(none)", package: str = "") -> None:
        super().__init__(self._answer)
        self.program = "/usr/sbin/pound" if version else ""
        self.version, self.candidate, self.package = version, candidate, package
        self.state = dict(RUNNING)
        self.running = ""  # the text that the running Pound has loaded
        self.held: list[str] = []
        self.refuses = ""  # what pound -c says
        self.fails = ""  # the command of systemd that fails
        self.sample = ""
        self.asked: list[str] = []

    def _answer(self, command: Sequence[str]) -> tuple[int, str, str]:
        line = " ".join(command)
        answers = {
            "pound -V": (0, f"pound (pound) {self.version}\nCopyright\n", ""),
            "pound -c": (1, "", f"pound: {command[-1]}:3.1-4: {self.refuses}\n") if self.refuses else (0, "", ""),
            "apt-cache policy pound": (0, f"pound:\n  Candidate: {self.candidate}\n" if self.candidate else "", ""),
            "dpkg-deb": (0, self.package, "") if self.package else (2, "", "dpkg-deb: error: no such file"),
            "dpkg-query": (0, f"\n {system.MAIN} {self.sample}", ""),
            "poundctl": (0, self.running, ""),
            "ip -json": (0, json.dumps([{"ifname": "eth0", "addr_info": [{"local": item} for item in self.held]}]), ""),
        }
        return next((answer for part, answer in answers.items() if part in line), (0, "", ""))

    def unit(self) -> dict[str, str]:
        return self.state

    def systemctl(self, *words: str) -> None:
        self.asked.append(words[0])
        super().systemctl(*words)
