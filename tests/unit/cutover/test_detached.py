# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the work goes on in a session of its own, knows when nobody waits, and is alone at its host."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import detached

COLLECTIONS = Path(__file__).resolve().parents[3] / ".cache" / "collections"
CHILD = """
import sys, time
from pathlib import Path
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import detached
def work(journal):
    journal.report("begun")
    while journal.alive():
        time.sleep(0.01)
    journal.report("nobody waits")
    return {}
detached.run(work, Path(sys.argv[1]))
"""


def test_the_work_is_done_in_another_session_and_its_result_comes_back(tmp_path):
    found = detached.run(lambda _journal: {"pid": os.getpid(), "session": os.getsid(0)}, tmp_path / "log")
    assert found["session"] not in (os.getsid(0), 0)
    assert found["pid"] != os.getpid()
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_nothing_of_the_asking_process_is_kept_open(tmp_path):
    ours, theirs = os.pipe()
    try:
        found = detached.run(lambda _journal: {"open": _is_open(theirs)}, tmp_path / "log")
    finally:
        os.close(ours)
        os.close(theirs)
    assert found == {"open": False}


def _is_open(number: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(number).st_mode)
    except OSError:
        return False


def test_an_error_of_the_work_is_told_and_written_down(tmp_path):
    found = detached.run(lambda _journal: {"never": 1 // 0}, tmp_path / "log")
    assert found["failed"]
    assert "ZeroDivisionError" in found["msg"]
    assert "Traceback" in (tmp_path / "log").read_text()


def test_a_process_that_dies_is_told(tmp_path):
    with pytest.raises(detached.DetachedError, match="died"):
        detached.run(lambda _journal: os.kill(os.getpid(), signal.SIGKILL), tmp_path / "log")


def test_only_one_works_at_a_host(tmp_path):
    def work(_journal) -> dict:
        return detached.run(lambda _inner: {}, tmp_path / "log", patience=0)

    assert "Another conversion of this host is under way" in detached.run(work, tmp_path / "log")["msg"]


def test_when_the_asking_process_is_killed_the_work_knows(tmp_path):
    file = tmp_path / "log"
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(file)], env=environment, start_new_session=True)
    _wait(file, "begun")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _wait(file, "nobody waits")


def _wait(file: Path, text: str) -> None:
    deadline = time.monotonic() + 30
    while not (file.exists() and text in file.read_text()):
        assert time.monotonic() < deadline, f"the journal never says {text!r}"
        time.sleep(0.02)
