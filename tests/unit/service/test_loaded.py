# SPDX-License-Identifier: GPL-3.0-or-later
"""A process has read its files as they are now: by the note of who loaded them, else by the kernel's clock."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service import loaded
from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import (
    Loaded,
    contents,
    named_in,
    started,
    youngest_child,
)

TICK = 0.03  # seconds; the kernel stamps files and processes by its ticks of 10 ms at most


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return two files, one in a folder that is read as a whole."""
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "a.pem").write_text("a")
    (tmp_path / "main.cfg").write_text("main")
    time.sleep(TICK)
    return [str(tmp_path / "main.cfg"), str(folder)]


@pytest.fixture
def process(files: list[str]) -> Iterator[int]:
    """Return a process that was started after the files had been written."""
    with subprocess.Popen(["sleep", "600"]) as sleeping:
        time.sleep(TICK)
        yield sleeping.pid
        sleeping.kill()


def unread(process: int, files: list[str], tmp_path: Path) -> list[str]:
    return Loaded("x", str(tmp_path / "run")).unread(process, contents(files))


def test_a_process_that_is_younger_than_its_files_has_read_them(process: int, files: list[str], tmp_path: Path) -> None:
    assert unread(process, files, tmp_path) == []


def test_a_file_with_an_old_date_that_came_later_was_not_read(process: int, files: list[str], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("by hand")
    os.utime(other, (1, 1))
    other.replace(files[0])
    assert os.stat(files[0]).st_mtime == 1
    assert unread(process, files, tmp_path) == [files[0]]


def test_a_file_in_a_folder_counts_as_the_folder(process: int, files: list[str], tmp_path: Path) -> None:
    (Path(files[1]) / "a.pem").write_text("b")
    assert unread(process, files, tmp_path) == [files[1]]


def test_a_link_that_was_turned_counts_as_its_file(files: list[str], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(files[0])
    time.sleep(TICK)
    with subprocess.Popen(["sleep", "600"]) as sleeping:
        time.sleep(TICK)
        assert unread(sleeping.pid, [str(link)], tmp_path) == []
        (tmp_path / "new").symlink_to(files[0])
        (tmp_path / "new").replace(link)
        assert unread(sleeping.pid, [str(link)], tmp_path) == [str(link)]
        sleeping.kill()


def test_what_is_noted_counts_more_than_any_clock(process: int, files: list[str], tmp_path: Path) -> None:
    Loaded("x", str(tmp_path / "run")).note(process, contents(files))
    Path(files[0]).write_text("main")  # the same again, later
    assert unread(process, files, tmp_path) == []
    Path(files[0]).write_text("by hand")
    assert unread(process, files, tmp_path) == [files[0]]


def test_what_is_noted_of_another_process_does_not_count(process: int, files: list[str], tmp_path: Path) -> None:
    """Of the same number too: numbers come again."""
    notes = Loaded("x", str(tmp_path / "run"))
    notes.note(process, contents(files))
    text = notes.path.read_text()
    Path(files[0]).write_text("main")
    for mine in (f"[{process}, ", f", {started(process)}, "):
        notes.path.write_text(text.replace(mine, f"{mine[:-2]}1, "))
        assert unread(process, files, tmp_path) == [files[0]]
    notes.path.write_text("{")
    assert unread(process, files, tmp_path) == [files[0]]


def test_a_file_that_was_not_read_at_all_is_unread(process: int, files: list[str], tmp_path: Path) -> None:
    Loaded("x", str(tmp_path / "run")).note(process, contents(files[:1]))
    assert unread(process, files, tmp_path) == files[1:]


def test_of_a_process_that_is_not_there_nothing_is_proven(files: list[str], tmp_path: Path) -> None:
    notes = Loaded("x", str(tmp_path / "run"))
    notes.note(0, contents(files))
    assert notes.unread(0, contents(files)) == files


def test_only_root_reads_what_is_noted(process: int, files: list[str], tmp_path: Path) -> None:
    Loaded("x", str(tmp_path / "run")).note(process, contents(files))
    assert (tmp_path / "run" / "x.loaded").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_the_youngest_child_serves() -> None:
    assert youngest_child(0) == 0
    with subprocess.Popen(["sleep", "600"]) as old:
        time.sleep(TICK)
        with subprocess.Popen(["sleep", "600"]) as young:
            assert youngest_child(os.getpid()) == young.pid
            young.kill()
        old.kill()


def test_the_files_that_a_configuration_names_are_found(files: list[str], tmp_path: Path) -> None:
    main, folder = files
    text = f"""
    acl bad src -f {main}
    # errorfile 503 {main}.not
    use_backend %[path,map_beg({main},default)]
    bind :443 ssl crt {folder}
    chroot {tmp_path}
    pidfile {folder}/a.pem
    log /dev/null
    Err503 "{folder}/a.pem"
    monitor-uri /healthz
    """
    assert named_in(text, ("pidfile",), ("crt",)) == [main, folder, f"{folder}/a.pem"]
    assert named_in(f"pidfile {main}", ("pidfile",)) == []
    assert named_in(f"chroot {folder}", folders=("crt",)) == []


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    assert contents([str(tmp_path / "none")]) == {}
    assert loaded.RUN == "/run/netstack"
