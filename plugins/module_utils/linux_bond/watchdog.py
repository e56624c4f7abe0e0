# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The dead man's switch: a change returns by itself unless the controller confirms it over a new connection.

A transient timer of systemd runs a shell script that needs nothing but what lies in the folder of the pending change:
it puts the former files back, takes away what the change made and loads the former configuration. A second timer
loads the new one two seconds after the module has answered, since loading may cut the connection.

Whoever confirms must have come after the change was proven, for a connection that was made before may be dead by then
and the module still running: so the module only proves, and a shell script, run over one more connection, confirms.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change

FOLDER = "/var/lib/netstack/linux_bond/pending"
UNIT = "netstack-linux-bond"
SETTLE = 2  # seconds between the module's answer and the loading
APPLYING, APPLIED, RETURNING, RETURNED = "applying", "applied", "returning", "returned"


class WatchdogError(RuntimeError):
    """The dead man's switch cannot be set, or the pending change is not the one that is meant."""


@dataclass(frozen=True)
class Pending:
    """A change that is not confirmed: whose it is, over which connection it was begun, and how to load it."""

    token: str
    session: str
    seconds: int


def script(body: Sequence[str], folder: str, doing: str, done: str) -> str:
    """Return a shell script that notes what it is doing, and in the end what it came to. Every line must succeed."""
    lines = ["#!/bin/sh", f"cd {shlex.quote(folder)} || exit 1", f"echo {doing} > state", "failed="]
    lines += [f"{{ {line}; }} >> log 2>&1 || failed=1" for line in body]
    lines.append(f'echo "{done}${{failed:+ failed}}" > state')
    return "\n".join(lines) + "\n"


def confirming(folder: str, token: str) -> str:
    """Return the script that stops the timer; it fails where the change is not proven, or goes back already."""
    quoted = shlex.quote(folder)
    lines = ["#!/bin/sh", f'cd {quoted} && [ "$1" = {token} ] && [ -e proven ] || exit 1']
    lines += [f"systemctl stop {UNIT}-return.timer", f'[ "$(cat state)" = {APPLIED} ] || exit 1']
    lines += [f"if systemctl is-active --quiet {UNIT}-return.service; then exit 1; fi"]
    return "\n".join([*lines, f"cd / && rm -rf {quoted}"]) + "\n"


def loading(gone: Sequence[str], flushed: Sequence[str], commands: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines that take interfaces away and then load the files."""
    lines = [f"if [ -e /sys/class/net/{name} ]; then ip link delete {shlex.quote(name)}; fi" for name in gone]
    lines += [f"ip address flush dev {shlex.quote(name)} scope global" for name in flushed]
    return lines + [" ".join(map(shlex.quote, command)) for command in commands]


def putting_back(changes: Sequence[Change]) -> list[str]:
    """Return the lines that put the former files back from the folder, each in one step."""
    lines = []
    for number, change in enumerate(changes):
        path = shlex.quote(os.path.realpath(change.wanted.path))
        old = change.current
        if old is None:
            lines.append(f"rm -f {path}")
            continue
        owner = f"-o {shlex.quote(old.owner)} -g {shlex.quote(old.group)}"
        aside = f"{path}.netstack-return"
        lines.append(f"install -m {old.mode:04o} {owner} old.{number} {aside} && mv -f {aside} {path}")
    return lines


class Watchdog:
    """The pending change of this host; there is at most one."""

    def __init__(self, run: Run, folder: str = FOLDER) -> None:
        self.run, self.folder = run, Path(folder)

    @property
    def pending(self) -> Pending | None:
        """Return the pending change, also one that has returned by itself and was not asked for since."""
        try:
            return Pending(**json.loads((self.folder / "pending.json").read_text()))
        except FileNotFoundError:
            return None

    @property
    def state(self) -> str:
        """Return what the scripts wrote last, "" before."""
        try:
            return (self.folder / "state").read_text().strip()
        except FileNotFoundError:
            return ""

    @property
    def log(self) -> str:
        """Return what the commands said that failed or warned."""
        try:
            return (self.folder / "log").read_text().strip()[-1500:]
        except FileNotFoundError:
            return ""

    @property
    def armed(self) -> bool:
        """Tell whether the timer will still bring the former files back, or is doing so."""
        units = [f"{UNIT}-return.timer", f"{UNIT}-return.service"]
        return any(self.run(["systemctl", "is-active", "--quiet", unit])[0] == 0 for unit in units)

    def refuse_second(self) -> None:
        """Raise WatchdogError while a change is pending; forget one that is over."""
        pending = self.pending
        if pending is not None and self.armed:
            raise WatchdogError(
                f"the change {pending.token} of another run is not confirmed yet; it returns by itself within "
                f"{pending.seconds} s, so run again then"
            )

    def arm(self, pending: Pending, changes: Sequence[Change], back: Sequence[str], forward: Sequence[str]) -> None:
        """Keep the former files and start the timer. Raises WatchdogError when systemd refuses; nothing is changed."""
        shutil.rmtree(str(self.folder), ignore_errors=True)
        own_files.make_folder(str(self.folder), 0o700)
        for number, change in enumerate(changes):
            if change.current is not None:
                self._keep(f"old.{number}", change.current.content or b"")
        forget = ['[ ! -s generation ] || rm -f "$(cat generation)/manifest.json"']
        home = str(self.folder)
        restoring = [*putting_back(changes), *back, *forget]
        self._keep("return", script(restoring, home, RETURNING, RETURNED).encode())
        self._keep("load", script(forward, home, APPLYING, APPLIED).encode())
        self._keep("confirm", confirming(home, pending.token).encode())
        self._keep("pending.json", json.dumps(asdict(pending)).encode())
        self._start("return", pending.seconds)

    def load(self, generation: str) -> None:
        """Have the new files loaded after the module has answered; ``generation`` is forgotten when they go again."""
        self._keep("generation", generation.encode())
        self._start("load", SETTLE)

    def _keep(self, name: str, content: bytes) -> None:
        handle = os.open(str(self.folder / name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    def _start(self, name: str, seconds: int) -> None:
        unit = f"{UNIT}-{name}"
        self.run(["systemctl", "stop", f"{unit}.timer"])
        command = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--on-active={seconds}"]
        command += ["--timer-property=AccuracySec=100ms", "/bin/sh", str(self.folder / name)]
        rc, out, err = self.run(command)
        if rc != 0:
            raise WatchdogError(f"{' '.join(command)} (rc {rc}): {(err or out).strip()}")

    def wait(self, states: Sequence[str], seconds: float) -> bool:
        """Wait until the scripts have written one of the states; tell whether they have."""
        end = time.monotonic() + seconds
        while not self.state.startswith(tuple(states)):
            if time.monotonic() >= end:
                return False
            time.sleep(0.2)
        return True

    def prove(self) -> str:
        """Note that the change works; return the command that confirms it."""
        self._keep("proven", b"")
        pending = self.pending
        return f"/bin/sh {shlex.quote(str(self.folder / 'confirm'))} {pending.token if pending else ''}"

    def fire(self) -> None:
        """Have the former files put back at once, after the module has answered."""
        self.run(["systemctl", "stop", f"{UNIT}-return.timer"])
        self._start("return", SETTLE)
