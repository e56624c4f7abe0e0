# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system that is full is named with the path, before anything is written where it can be known."""

from __future__ import annotations

import errno
import grp
import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.service import files, space
from ansible_collections.netstack.datacenter.plugins.module_utils.service.space import NoSpaceError, Step, require
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getegid()).gr_name


def file(path: Path, content: bytes | None) -> File:
    return File(str(path), content, 0o600, ME, MY_GROUP)


def room(monkeypatch: pytest.MonkeyPatch, blocks: int, inodes: int = 100, total: int = 1000, root: bool = True) -> None:
    """Give every file system so much room, of which only root may use the half."""
    found = SimpleNamespace(f_frsize=4096, f_bfree=blocks, f_bavail=blocks // 2, f_ffree=inodes, f_favail=inodes // 2)
    found.f_files = total
    monkeypatch.setattr(space.os, "statvfs", lambda _folder: found)
    monkeypatch.setattr(space.os, "geteuid", lambda: 0 if root else 1000)


@pytest.fixture
def work(tmp_path: Path) -> Transaction:
    return Transaction("role", "run-1", str(tmp_path / "store"))


def full_at(monkeypatch: pytest.MonkeyPatch, path: str, times: int = 99) -> list[str]:
    """Let the file system be full whenever this path is replaced, the first ``times`` times; return the tries."""
    real, tries = own_files.replace, []

    def replace(place: str, *rest: Any) -> None:
        if place == path and len(tries) < times:
            tries.append(path)
            raise OSError(errno.ENOSPC, "No space left on device")
        real(place, *rest)

    monkeypatch.setattr(own_files, "replace", replace)
    return tries


def test_what_is_written_in_turn_needs_room_for_the_largest_moment_and_not_for_the_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(monkeypatch, blocks=2)
    step = Step(str(tmp_path / "a"), 5000, 5000)
    require([step, step, step])
    with pytest.raises(NoSpaceError, match="12288 bytes are needed and 8192"):
        require([Step(str(tmp_path / "a"), 9000, 9000)])
    with pytest.raises(NoSpaceError, match=rf"{tmp_path}/b on the file system /\S*: 16384 bytes are needed and 8192"):
        require([Step(str(tmp_path / "a"), 5000), Step(str(tmp_path / "b"), 5000)])


def test_what_goes_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, blocks=0)
    require([Step(str(tmp_path / "a"), None, 9000), Step(str(tmp_path / "b"), 8192)])


@pytest.mark.parametrize(("total", "refused"), [(1000, True), (0, False)])
def test_files_are_counted_where_the_file_system_counts_them(
    total: int, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(monkeypatch, blocks=1000, inodes=1, total=total)
    steps = [Step(str(tmp_path / name), 1) for name in "ab"]
    if not refused:
        require(steps)
        return
    with pytest.raises(NoSpaceError, match=r"/b on .*: 2 new files are needed and 1 are possible \(df -i /"):
        require(steps)


@pytest.mark.parametrize(("root", "refused"), [(True, False), (False, True)])
def test_only_root_counts_what_is_reserved(
    root: bool, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(monkeypatch, blocks=2, root=root)
    steps = [Step(str(tmp_path / "a"), 8000)]
    if not refused:
        require(steps)
        return
    with pytest.raises(NoSpaceError, match="8192 bytes are needed and 4096 are free"):
        require(steps)


def test_a_plan_tells_the_file_system_of_the_restore_point_before_anything_is_written(
    work: Transaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    room(monkeypatch, blocks=2)
    with pytest.raises(
        NoSpaceError, match=rf"the restore point below {tmp_path}/store/role on the file system /.*Nothing was changed"
    ):
        work.plan([file(tmp_path / "a", b"new")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    assert work.plan([]) == []


def test_a_plan_tells_the_file_system_of_the_target(
    work: Transaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(monkeypatch, blocks=10)
    with pytest.raises(NoSpaceError, match=rf"no space left for {tmp_path}/deep/b on the file system /"):
        work.plan([file(tmp_path / "deep" / "b", b"x" * 40960)])


def test_where_the_restore_point_does_not_fit_nothing_of_it_stays(
    work: Transaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"old")
    changes = work.plan([file(tmp_path / name, b"new") for name in "ab"])
    monkeypatch.setattr(work, "_next", lambda: "0001-20260101T000000Z")
    full_at(monkeypatch, str(work.folder / "0001-20260101T000000Z" / "1"))
    with pytest.raises(NoSpaceError, match=r"no space left for \S+/store/role/0001-\S+/1 on the file system /"):
        work.apply(changes)
    assert [path.name for path in work.folder.iterdir()] == [".lock"]
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"old", b"old"]


def test_a_file_that_still_has_its_old_content_is_not_said_to_be_lost(
    work: Transaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o600)
    changes = work.plan([file(tmp_path / name, b"new") for name in "ab"])
    tries = full_at(monkeypatch, str(tmp_path / "b"))
    with pytest.raises(NoSpaceError) as refusal:
        work.apply(changes)
    assert f"no space left for {tmp_path}/b on the file system /" in str(refusal.value)
    assert "put back" not in str(refusal.value)
    assert len(tries) == 1
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"old", b"old"]
    assert work.generations() == []


def test_another_error_keeps_its_words(work: Transaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(*_given: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", "/x")

    monkeypatch.setattr(own_files, "replace", replace)
    with pytest.raises(PermissionError, match="not permitted: '/x'"):
        files.write(file(tmp_path / "a", b"x"))


def test_what_is_taken_back_asks_for_no_room(
    work: Transaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    generation = work.apply(work.plan([file(tmp_path / "a", b"new")]))
    room(monkeypatch, blocks=0, inodes=0)
    work.take_back(generation)
    assert (tmp_path / "a").read_bytes() == b"old"


def test_the_change_of_a_mode_alone_counts_too(work: Transaction, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 5000)
    changes = [Change(file(tmp_path / "a", b"x" * 5000), file(tmp_path / "a", b"x" * 5000))]
    assert work._steps(changes)[-1] == Step(str(tmp_path / "a"), 5000, 5000)
