# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The keepalived of this host: its release, its judgement of a file, and which file it really runs.

``systemctl reload`` only sends a signal and is content. What was taken is asked of the program itself: on SIGUSR1 its
VRRP process writes what it runs to /tmp/keepalived.data (mode 0600), the router id among it, which ends in the digest
of the file that it came from.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run, pid_of

UNIT = "keepalived.service"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/netstack.conf"
DUMP = "/tmp/keepalived.data"
ROOT = 0
ROUTER_ID = re.compile(r"^[ \t]*Router ID = (\S+)[ \t]*$", re.M)
STATE = re.compile(r"^ VRRP Instance = (\S+)\n(?:   .*\n)*?   State = (\w+)", re.M)
COMPLETE = "------< Interfaces >------"  # the dump's last part
VERSION = re.compile(r"v?([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
LOAD_TIMEOUT = 10.0  # seconds; a reload took 0.1 s on an idle host, the dump at most one pass of its scheduler


class DaemonError(RuntimeError):
    """keepalived refused a file, or does not run what it was given; the text has its own words."""


@dataclass(frozen=True)
class Status:
    """What the host says of the service."""

    installed: bool
    enabled: bool
    active: bool
    pid: int
    stale: bool = False
    """Whether systemd has yet to read the unit's files again."""
    stamp: int | None = None
    """When systemd last started or reloaded it, in microseconds of the monotonic clock; None where it does not say."""


class Daemon:
    """keepalived as a systemd service."""

    def __init__(self, run: Run, binary: str | None) -> None:
        self.run = run
        self.binary = binary

    def version(self) -> tuple[int, ...]:
        """Return the installed release, or the one that apt would install; (0, 0, 0) when neither is known."""
        if self.binary:
            _rc, out, err = self.run([self.binary, "--version"])
            return _version(out + err)
        _rc, out, _err = self.run(["env", "LC_ALL=C", "apt-cache", "policy", "keepalived"])  # its labels are translated
        found = re.search(r"Candidate: (?:\d+:)?(\S+)", out)
        return _version(found.group(1) if found else "")

    def check(self, path: str) -> None:
        """Have keepalived judge a file. An empty or missing one it would find good, so that is ruled out first.

        Raises DaemonError with keepalived's words.
        """
        if not os.path.isfile(path) or os.path.getsize(path) == 0:
            raise DaemonError(f"there is no configuration in {path}")
        rc, out, err = self.run([self.binary or "keepalived", "-t", "-f", path])
        if rc != 0:
            raise DaemonError(f"keepalived refuses the configuration (rc {rc}): {(out + err).strip()}")

    def status(self) -> Status:
        """Return what systemd says; a host without the unit is neither enabled nor active."""
        keys = "LoadState,UnitFileState,ActiveState,MainPID,NeedDaemonReload,Restart,StateChangeTimestampMonotonic"
        rc, out, _err = self.run(["systemctl", "show", UNIT, "--property=" + keys])
        found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line) if rc == 0 else {}
        stamp = found.get("StateChangeTimestampMonotonic", "")
        return Status(
            installed=found.get("LoadState") == "loaded",
            enabled=found.get("UnitFileState") == "enabled",
            active=found.get("ActiveState") in ("active", "reloading"),
            pid=pid_of(found),
            stamp=int(stamp) if re.fullmatch("[0-9]{1,18}", stamp) else None,
            # systemd 252 does not see by itself that a folder for drop-ins has come: the setting it has loaded tells.
            stale="yes" in found.get("NeedDaemonReload", "")
            or os.path.exists(DROP_IN) != (found.get("Restart") == "always"),
        )

    def dump(self, pid: int, timeout: float = LOAD_TIMEOUT) -> str:
        """Return what the VRRP process below ``pid`` says of itself, "" when there is no answer in ``timeout`` s."""
        _clear_foreign_dump()
        before = _stamp()
        try:
            os.kill(pid, self._signal())
        except ProcessLookupError:
            return ""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if _stamp() != before:
                text = _read_dump()
                if COMPLETE in text:
                    return text
            time.sleep(0.05)
        return ""

    def running(self, pid: int, timeout: float = LOAD_TIMEOUT) -> str:
        """Return the router id that the VRRP process below ``pid`` has, "" when there is no answer in ``timeout`` s."""
        found = ROUTER_ID.search(self.dump(pid, timeout))
        return found.group(1) if found else ""

    def states(self) -> dict[str, str]:
        """Return the state of each instance (INIT, BACKUP, MASTER or FAULT); nothing where keepalived does not run."""
        status = self.status()
        return dict(STATE.findall(self.dump(status.pid))) if status.active and status.pid else {}

    def _signal(self) -> int:
        rc, out, _err = self.run([self.binary or "keepalived", "--signum=DATA"])
        return int(out) if rc == 0 and re.fullmatch("[0-9]{1,2}", out.strip()) else 10

    def control(self, verb: str) -> None:
        """Have systemd start, reload, stop, enable or disable the service, or read its files again (daemon-reload).

        Raises DaemonError with systemd's words.
        """
        command = ["systemctl", verb] + ([] if verb == "daemon-reload" else [UNIT])
        rc, out, err = self.run(command)
        if rc != 0:
            raise DaemonError(f"{' '.join(command)}: {(err or out).strip()}")

    def refresh(self) -> None:
        """Let systemd read the unit's files again where they have changed."""
        if self.status().stale:
            self.control("daemon-reload")

    def confirm(self, identity: str, timeout: float = LOAD_TIMEOUT) -> None:
        """Wait until keepalived runs the file of this router id. Raises DaemonError after ``timeout`` seconds."""
        end = time.monotonic() + timeout
        seen = ""
        while time.monotonic() < end:
            status = self.status()
            if status.active and status.pid:
                seen = self.running(status.pid, min(2.0, timeout))
                if seen == identity:
                    return
            time.sleep(0.1)
        raise DaemonError(
            "keepalived did not take the configuration {}, it runs {}".format(identity, seen or "nothing")
        )

    def journal(self, lines: int = 12) -> str:
        """Return the service's last words, for messages."""
        _rc, out, _err = self.run(["journalctl", "-u", UNIT, "-n", str(lines), "-o", "cat", "--no-pager"])
        return out.strip()


def _version(text: str) -> tuple[int, ...]:
    found = VERSION.search(text)
    return tuple(int(part) for part in found.groups()) if found else (0, 0, 0)


def _stamp() -> tuple[int, int]:
    """Return what changes with each dump."""
    try:
        status = os.lstat(DUMP)
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)


def _clear_foreign_dump() -> None:
    """Take away what is not root's own file: into another user's keepalived cannot write, so it would never answer."""
    try:
        status = os.lstat(DUMP)
        if stat.S_ISDIR(status.st_mode):
            os.rename(DUMP, tempfile.mkdtemp(prefix="netstack-foreign-", dir=os.path.dirname(DUMP)))
        elif status.st_uid != ROOT or not stat.S_ISREG(status.st_mode):
            os.unlink(DUMP)
    except FileNotFoundError:
        pass


def _read_dump() -> str:
    """Return the dump, provided that root wrote it: anybody may make files in /tmp."""
    try:
        handle = os.open(DUMP, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with os.fdopen(handle, encoding="utf-8", errors="replace") as stream:
        status = os.fstat(stream.fileno())
        if status.st_uid != ROOT or not stat.S_ISREG(status.st_mode):
            return ""
        return stream.read()
