# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived says of itself is read from a file in /tmp, where anybody may have put something first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip import daemon as subject
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon

ANSWER = f" Router ID = lb1-1\n{subject.COMPLETE}\n"


@pytest.fixture
def dump(tmp_path, monkeypatch):
    """Let the tests' user be root, and keepalived answer as the kernel lets it: into no file of another user."""
    path = tmp_path / "keepalived.data"
    monkeypatch.setattr(subject, "DUMP", str(path))
    monkeypatch.setattr(subject, "ROOT", os.geteuid(), raising=False)

    def answer(_pid, _number):
        if not os.path.lexists(path):
            path.write_text(ANSWER)

    monkeypatch.setattr(subject.os, "kill", answer)
    return path


def ask(timeout=0.3):
    return Daemon(lambda _command: (0, "10", ""), "/usr/sbin/keepalived").running(1, timeout)


def foreign_file(path: Path, monkeypatch):
    path.write_text(" Router ID = forged\n")
    real = os.lstat

    def lstat(name, **more):
        status = real(name, **more)
        return os.stat_result([*status[:4], os.geteuid() + 1, *status[5:]]) if status.st_size < len(ANSWER) else status

    monkeypatch.setattr(subject.os, "lstat", lstat)


@pytest.mark.parametrize("kind", ["file", "link", "directory", "pipe"])
def test_what_another_user_put_in_the_place_of_the_dump_is_no_obstacle(dump, tmp_path, monkeypatch, kind):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    if kind == "file":
        foreign_file(dump, monkeypatch)
    elif kind == "link":
        dump.symlink_to(elsewhere)
    elif kind == "directory":
        (dump / "full").mkdir(parents=True)
    else:
        os.mkfifo(str(dump))
    assert ask() == "lb1-1"
    assert elsewhere.read_text() == "precious"


def test_the_dump_of_an_earlier_question_is_not_taken_away(dump, monkeypatch):
    dump.write_text("old")
    node = dump.stat().st_ino
    monkeypatch.setattr(subject.os, "kill", lambda *_arguments: dump.write_text(ANSWER))
    assert ask() == "lb1-1"
    assert dump.stat().st_ino == node


def test_the_release_that_apt_would_install_is_read_whatever_language_the_host_speaks():
    def run(command):
        label = "Candidate" if "LC_ALL=C" in command else "Installationskandidat"
        return 0, f"keepalived:\n  {label}: 1:2.3.3-1\n", ""

    assert Daemon(run, None).version() == (2, 3, 3)
