# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts of the dead man's switch, run by a real shell: what they put back, and when they let a change stay."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.watchdog import (
    Pending,
    Watchdog,
    WatchdogError,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File

PENDING = Pending("cafe", "192.0.2.1 4000 192.0.2.11 22", 60)


class Systemd:
    """Notes the commands; `active` are the units that are at work, and `refuses` makes systemd-run fail."""

    def __init__(self, folder):
        self.ran, self.active, self.refuses = [], set(), False
        (folder / "bin").mkdir()
        self.path = folder / "bin/systemctl"
        self.path.write_text('#!/bin/sh\n[ "$1" != is-active ] || exit 3\n')
        self.path.chmod(0o755)

    def __call__(self, command):
        self.ran.append(" ".join(command))
        if command[0] == "systemd-run" and self.refuses:
            return 1, "", "no such thing"
        asked = "is-active" in command and command[-1] not in self.active
        return (3 if asked else 0), "", ""

    @property
    def environment(self):
        return {"PATH": f"{self.path.parent}:{os.environ['PATH']}"}


@pytest.fixture
def systemd(tmp_path):
    return Systemd(tmp_path)


@pytest.fixture
def files(tmp_path):
    """Return a file that changes and one that comes; both as the change leaves them."""
    kept, came = tmp_path / "kept", tmp_path / "came"
    kept.write_text("new")
    came.write_text("new")
    user, group = str(os.getuid()), str(os.getgid())
    return [
        Change(File(str(kept), b"new"), File(str(kept), b"old", 0o640, user, group)),
        Change(File(str(came), b"new"), None),
    ]


@pytest.fixture
def watchdog(systemd, tmp_path, files):
    made = Watchdog(systemd, str(tmp_path / "pending"))
    made.arm(PENDING, files, [f"echo back >> {tmp_path}/did"], [f"echo forward >> {tmp_path}/did"])
    return made


def shell(systemd, watchdog, name, *arguments):
    command = ["/bin/sh", str(watchdog.folder / name), *arguments]
    done = subprocess.run(command, env=systemd.environment | {"HOME": "/"}, check=False)
    return done.returncode


def test_the_timer_starts_before_anything_is_loaded(systemd, watchdog):
    runs = [line for line in systemd.ran if line.startswith("systemd-run")]
    assert len(runs) == 1 and "--on-active=60" in runs[0] and runs[0].endswith("pending/return")
    assert watchdog.state == ""


def test_returning_puts_the_former_files_back_and_then_loads_them(systemd, watchdog, tmp_path):
    shell(systemd, watchdog, "return")
    assert (tmp_path / "kept").read_text() == "old" and not (tmp_path / "came").exists()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o640
    assert ((tmp_path / "did").read_text(), watchdog.state) == ("back\n", "returned")


def test_a_backup_of_what_went_back_does_not_count_any_more(systemd, watchdog, tmp_path):
    (tmp_path / "generation").mkdir()
    (tmp_path / "generation/manifest.json").write_text("{}")
    watchdog.load(str(tmp_path / "generation"))
    shell(systemd, watchdog, "return")
    assert not (tmp_path / "generation/manifest.json").exists()


def test_a_command_that_fails_is_noted_with_its_words(systemd, tmp_path, files):
    watchdog = Watchdog(systemd, str(tmp_path / "pending"))
    watchdog.arm(PENDING, files, [], ["echo no carrier >&2; false"])
    shell(systemd, watchdog, "load")
    assert (watchdog.state, watchdog.log) == ("applied failed", "no carrier")


def test_a_change_that_is_not_proven_is_not_confirmed(systemd, watchdog):
    shell(systemd, watchdog, "load")
    assert shell(systemd, watchdog, "confirm", "cafe") == 1 and watchdog.pending == PENDING


def test_a_proven_change_is_confirmed_by_its_token_only(systemd, watchdog):
    shell(systemd, watchdog, "load")
    command = watchdog.prove()
    assert shell(systemd, watchdog, "confirm", "beef") == 1
    assert subprocess.run(["sh", "-c", command], env=systemd.environment, check=False).returncode == 0
    assert watchdog.pending is None


def test_a_change_that_went_back_is_not_confirmed(systemd, watchdog):
    shell(systemd, watchdog, "load")
    watchdog.prove()
    shell(systemd, watchdog, "return")
    assert shell(systemd, watchdog, "confirm", "cafe") == 1


def test_a_second_change_waits_for_the_first(systemd, watchdog):
    systemd.active.add("netstack-linux-bond-return.timer")
    with pytest.raises(WatchdogError, match="the change cafe of another run is not confirmed yet"):
        watchdog.refuse_second()


def test_a_change_that_is_over_stands_in_nobodys_way(watchdog):
    watchdog.refuse_second()


def test_without_a_timer_nothing_is_begun(systemd, tmp_path, files):
    systemd.refuses = True
    with pytest.raises(WatchdogError, match="no such thing"):
        Watchdog(systemd, str(tmp_path / "pending")).arm(PENDING, files, [], [])
