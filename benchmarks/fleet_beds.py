# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches of junos_fleet.py: simulated ones, one that is recorded, or ports that play what was recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lab"))

from replay import Replay

from kinds.junos_ex.client import Simulator

START = "set chassis aggregated-devices ethernet device-count 64"


def bundles(count: int) -> dict[str, dict[str, Any]]:
    """Declare bundles of two ports each, on as many members of a virtual chassis as they need."""
    ports = [f"ge-{index // 48}/0/{index % 48}" for index in range(2 * count)]
    return {
        f"ae{index}": {
            "members": ports[2 * index : 2 * index + 2],
            "lacp": "active",
            "periodic": "slow",
            "tagged": ["v10", "v20"],
        }
        for index in range(count)
    }


class Bed:
    """Simulated switches, and the inventories of the contestants."""

    server = "simulator"

    def __init__(self, folder: Path, size: int, lags: int, model: str) -> None:
        self.folder, self.size, self.lags, self.model = folder, size, lags, model
        self.key, self.known = folder / "key", folder / "known_hosts"
        if not self.key.exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)]
            subprocess.run(command, check=True)
        self.names = [f"ex{number}" for number in range(size)]
        self.simulator = Simulator(
            dict.fromkeys(self.names, model), authorized_keys=f"{self.key}.pub", known_hosts=self.known
        )

    @contextmanager
    def up(self) -> Iterator[None]:
        """Let the switches run."""
        with self.simulator:
            yield

    @property
    def processes(self) -> list[int]:
        """Return the processes that are not the contestant's; the first one has the switches."""
        return [self.simulator.process.pid]

    def port(self, name: str) -> int:
        """Return the SSH port of a switch."""
        return self.simulator.port(name)

    def deliver(self) -> None:
        """Leave every switch nothing but device-count, and cable its ports."""
        ports = {port: {"lacp": "active"} for each in bundles(self.lags).values() for port in each["members"]}
        for name in self.names:
            self.simulator.control("reset", switch=name, set=START)
            self.simulator.control("far_end", switch=name, ports=ports)

    def wrong(self) -> str:
        """Say what is missing on the switches."""
        wanted = set(bundles(self.lags))
        for name in self.names:
            up = {bundle for bundle, each in self.simulator.control("state", switch=name).items() if each["up"]}
            if missing := wanted - up:
                return f"{name} lacks {', '.join(sorted(missing))}"
        return ""

    def begin_again(self) -> None:
        """Take note that the second run begins."""
        self.simulator.control("clear_log")

    def changed(self) -> str:
        """Say which switch was committed to in the second run."""
        for name in self.names:
            asked = [entry["rpc"] for entry in self.simulator.control("log", switch=name)]
            if "commit-configuration" in asked or "commit" in asked:
                return f"the second run commits on {name}"
        return ""

    def inventory(self, connection: str, python: Path) -> Path:
        """Write the inventory; the port and nothing else differs from host to host."""
        common = {
            "ansible_connection": connection,
            "ansible_network_os": "junipernetworks.junos.junos",
            "ansible_python_interpreter": str(python),
            "ansible_host": "127.0.0.1",
            "ansible_user": "lab",
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_private_key_file": str(self.key),
        }
        if connection == "local":
            common["ansible_ssh_common_args"] = f"-F /dev/null -o UserKnownHostsFile={self.known}"
        hosts = {name: {"ansible_port": self.port(name)} for name in self.names}
        file = self.folder / f"{connection}.json"
        file.write_text(json.dumps({"all": {"vars": common, "hosts": hosts}}))
        return file


class Recording(Bed):
    """One simulated switch, and before it a recorder."""

    def __init__(self, folder: Path, lags: int, model: str) -> None:
        super().__init__(folder, 1, lags, model)
        self.file = folder / "recording.json"
        self.first = 0

    @contextmanager
    def up(self) -> Iterator[None]:
        """Let the switch and the recorder run; what was recorded is written in the end."""
        with self.simulator:
            real = self.simulator.port(self.names[0])
            with Replay("record", real, authorized_keys=f"{self.key}.pub", known_hosts=self.known) as self.recorder:
                yield
                self.file.write_text(json.dumps(self.recorder.control("recording")))

    @property
    def processes(self) -> list[int]:
        """Return the processes that are not the contestant's."""
        return [*super().processes, self.recorder.process.pid]

    def port(self, name: str) -> int:
        """Return the port of the recorder."""
        return int(self.recorder.about["ports"][0])

    def begin_again(self) -> None:
        """Keep how many sessions the first run had."""
        super().begin_again()
        self.first = len(self.recorder.control("recording"))


class Stage(Bed):
    """Any number of ports that play what was recorded."""

    server = "replay"

    def __init__(self, recording: Recording, size: int) -> None:
        super().__init__(recording.folder, size, recording.lags, recording.model)
        self.first = recording.first
        self.player = Replay("play", recording.file, size, authorized_keys=f"{self.key}.pub", known_hosts=self.known)

    @contextmanager
    def up(self) -> Iterator[None]:
        """Let the player run."""
        with self.player:
            yield

    @property
    def processes(self) -> list[int]:
        """Return the player."""
        return [self.player.process.pid]

    def port(self, name: str) -> int:
        """Return the port that is played for a switch."""
        return int(self.player.about["ports"][self.names.index(name)])

    def deliver(self) -> None:
        """Begin anew at every port."""
        self.player.control("reset")

    def wrong(self) -> str:
        """Say where the first run was not what was recorded, to its end and no further."""
        return differs(dict(zip(self.names, self.player.control("state"), strict=True)), self.first)

    def begin_again(self) -> None:
        """Go on: the sessions are counted from the first one."""

    def changed(self) -> str:
        """Say where the second run was not what was recorded, which is a run without a commit, to its end."""
        return differs(dict(zip(self.names, self.player.control("state"), strict=True)), None)


def differs(ports: dict[str, dict[str, Any]], sessions: int | None) -> str:
    """Say which switch was not asked what was recorded in the first `sessions` (None: in all), or was asked more."""
    for name, played in ports.items():
        if played["mismatches"]:
            return f"{name}: {played['mismatches'][0]}"
        if played["unrecorded"] or (sessions is not None and played["opened"] > sessions):
            return f"{name}: {played['opened']} sessions, which is more than was recorded"
        if left := sum(played["left"][:sessions]):
            return f"{name}: {left} recorded requests were not made"
    return ""
