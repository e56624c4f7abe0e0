# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that files are replaced as one transaction and that everything replaced can be put back."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.service import files, transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File, Transaction
from ansible_collections.netstack.datacenter.plugins.modules import backup_info

ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getegid()).gr_name


def file(path, content, mode=0o644, secret=False):
    return File(str(path), content, mode, ME, MY_GROUP, secret)


@pytest.fixture
def work(tmp_path):
    return Transaction("role", "run-1", str(tmp_path / "store"))


def test_a_file_that_is_as_wanted_is_no_change(work, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0o640)
    assert work.plan([file(tmp_path / "a", b"x", 0o640), file(tmp_path / "none", None)]) == []


@pytest.mark.parametrize(("content", "mode"), [(b"y", 0o640), (b"x", 0o600)])
def test_a_difference_in_content_or_in_mode_is_a_change(work, tmp_path, content, mode):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0o640)
    assert len(work.plan([file(tmp_path / "a", content, mode)])) == 1


def test_apply_makes_the_change_with_its_mode_and_planning_again_finds_nothing(work, tmp_path):
    wanted = [file(tmp_path / "deep" / "a", b"new", 0o600)]
    assert work.apply(work.plan(wanted))
    assert (tmp_path / "deep" / "a").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "deep" / "a").stat().st_mode) == 0o600
    assert work.plan(wanted) == []


def test_nothing_to_do_makes_no_generation(work):
    assert work.apply([]) == ""
    assert work.generations() == []


def test_restore_puts_back_old_bytes_and_removes_what_was_not_there(work, tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "gone").write_bytes(b"gone")
    wanted = [file(tmp_path / "old", b"new"), file(tmp_path / "made", b"made"), file(tmp_path / "gone", None)]
    work.restore(work.apply(work.plan(wanted)))
    assert (tmp_path / "old").read_bytes() == b"old"
    assert (tmp_path / "gone").read_bytes() == b"gone"
    assert not (tmp_path / "made").exists()


def test_a_restore_can_itself_be_put_back_by_its_name(work, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    work.restore(work.apply(work.plan([file(tmp_path / "a", b"new")])))
    work.restore(work.generations()[-1])
    assert (tmp_path / "a").read_bytes() == b"new"


def test_restoring_the_newest_twice_changes_nothing_the_second_time(work, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    applied = work.apply(work.plan([file(tmp_path / "a", b"new")]))
    assert work.restore(work.newest())
    assert work.newest() == applied
    assert work.restored_by(applied) == work.generations()[-1] != applied
    assert work.restore(work.newest()) == []
    assert (tmp_path / "a").read_bytes() == b"old"


def test_an_attempt_that_is_taken_back_leaves_the_old_files_and_no_generation(work, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    kept = work.apply(work.plan([file(tmp_path / "a", b"new")]))
    work.take_back(work.apply(work.plan([file(tmp_path / "a", b"refused"), file(tmp_path / "b", b"refused")])))
    assert (tmp_path / "a").read_bytes() == b"new"
    assert not (tmp_path / "b").exists()
    assert work.generations() == [kept]
    work.take_back("")
    assert work.generations() == [kept]


def test_an_attempt_that_cannot_be_taken_back_keeps_its_generation_and_names_the_file(work, tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / name).write_bytes(b"old")
    generation = work.apply(work.plan([file(tmp_path / name, b"new") for name in "ab"]))
    fail_to_write(monkeypatch, tmp_path / "a")
    with pytest.raises(transaction.LeftoverError, match=rf"{tmp_path}/a \(.*{generation}"):
        work.take_back(generation)
    assert (tmp_path / "b").read_bytes() == b"old"
    assert work.generations() == [generation]


def test_of_a_run_the_first_generation_is_found_and_without_a_run_the_newest(work, tmp_path):
    first = work.apply(work.plan([file(tmp_path / "a", b"1")]))
    second = work.apply(work.plan([file(tmp_path / "a", b"2")]))
    other = Transaction("role", "run-2", str(work.folder.parent))
    third = other.apply(other.plan([file(tmp_path / "a", b"3")]))
    assert (work.newest("run-1"), work.newest("run-2"), work.newest()) == (first, third, third)
    assert second != first
    assert work.newest("run-9") is None


def test_the_generations_of_all_roles_are_listed_oldest_first_with_their_runs(tmp_path, monkeypatch):
    store = str(tmp_path / "store")
    for number, (role, run) in enumerate([("vip", "run-1"), ("haproxy", "run-2")]):
        monkeypatch.setattr(transaction.time, "strftime", lambda *_args, n=number: f"2026112{n}T000000Z")
        work = Transaction(role, run, store)
        work.apply(work.plan([file(tmp_path / role, b"x")]))
    found = backup_info.generations(store)
    assert [(entry["role"], entry["run_id"], entry["paths"]) for entry in found] == [
        ("vip", "run-1", [str(tmp_path / "vip")]),
        ("haproxy", "run-2", [str(tmp_path / "haproxy")]),
    ]


def test_saved_bytes_and_folders_are_for_their_owner_only(work, tmp_path):
    (tmp_path / "a").write_bytes(b"secret")
    work.apply(work.plan([file(tmp_path / "a", b"new")]))
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in work.folder.parent.rglob("*")}
    assert set(modes.values()) == {0o600, 0o700}


def test_when_one_file_cannot_be_written_the_others_are_put_back(work, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "file").write_bytes(b"in the way")
    changes = work.plan([file(tmp_path / "a", b"new")])
    changes += [transaction.Change(file(tmp_path / "file" / "below", b"x"), None)]
    with pytest.raises(OSError):
        work.apply(changes)
    assert (tmp_path / "a").read_bytes() == b"old"


def fail_to_write(monkeypatch, path, after=0):
    """Let writing ``path`` fail from the call after the first ``after`` on."""
    real, calls = files.write, []

    def write(wanted):
        calls.extend([wanted.path] if wanted.path == str(path) else [])
        if wanted.path == str(path) and len(calls) > after:
            raise OSError("no space")
        real(wanted)

    monkeypatch.setattr(files, "write", write)


def test_an_owner_whom_the_host_does_not_have_leaves_nothing_behind(work, tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    nobody = File(str(tmp_path / "b"), b"new", 0o600, "no-such-account", MY_GROUP)
    with pytest.raises(transaction.UnknownAccountError, match="no-such-account"):
        work.apply(work.plan([file(tmp_path / "a", b"new"), nobody]))
    assert (tmp_path / "a").read_bytes() == b"old"
    assert not (tmp_path / "b").exists()
    assert work.generations() == []


@pytest.mark.parametrize("cause", [KeyboardInterrupt, ValueError, LookupError])
def test_whatever_stops_it_the_first_file_is_put_back(work, tmp_path, monkeypatch, cause):
    (tmp_path / "a").write_bytes(b"old")
    real = files.put

    def put(wanted):
        if wanted.content == b"bad":
            raise cause
        real(wanted)

    monkeypatch.setattr(files, "put", put)
    with pytest.raises(cause):
        work.apply(work.plan([file(tmp_path / "a", b"new"), file(tmp_path / "b", b"bad")]))
    assert (tmp_path / "a").read_bytes() == b"old"
    assert work.generations() == []


def test_a_file_that_cannot_be_put_back_does_not_keep_the_others_from_it(work, tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / name).write_bytes(b"old")
    fail_to_write(monkeypatch, tmp_path / "b", after=1)
    changes = work.plan([file(tmp_path / name, b"new") for name in "ab"])
    unknown = File(str(tmp_path / "c"), b"new", 0o600, "no-such-account")
    changes.append(transaction.Change(unknown, file(tmp_path / "c", b"old")))
    with pytest.raises(transaction.LeftoverError, match=r"no-such-account; then these .*/b \(no space\)"):
        work.apply(changes)
    assert [(tmp_path / name).read_bytes() for name in "abc"] == [b"old", b"new", b"old"]
    assert len(work.generations()) == 1


def test_a_second_run_waits_until_the_first_has_written(work, tmp_path):
    work.apply(work.plan([file(tmp_path / "a", b"1")]))
    order = []

    def second():
        other = Transaction("role", "run-2", str(work.folder.parent))
        other.apply(other.plan([file(tmp_path / "a", b"2")]))
        order.append("second")

    with work.locked():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_generations_are_numbered_and_sorted_beyond_four_digits(work, tmp_path):
    (work.folder / "9999-20260101T000000Z").mkdir(parents=True)
    first = work.apply(work.plan([file(tmp_path / "a", b"1")]))
    second = work.apply(work.plan([file(tmp_path / "a", b"2")]))
    assert [name.partition("-")[0] for name in (first, second)] == ["10000", "10001"]
    (work.folder / first).rename(work.folder / "9998-20260101T000000Z")
    assert work.generations() == ["9998-20260101T000000Z", second]
    assert work.describe(second)["made"] == second.partition("-")[2]


def test_a_half_written_generation_does_not_count(work, tmp_path):
    (work.folder / "0009-20260101T000000Z").mkdir(parents=True)
    assert work.newest() is None
    made = work.apply(work.plan([file(tmp_path / "a", b"x")]))
    assert made.startswith("0010-")


def test_the_diff_of_a_secret_file_shows_only_that_it_differs(work, tmp_path):
    (tmp_path / "a").write_bytes(b"canary-old")
    changes = work.plan([file(tmp_path / "a", b"canary-new", secret=True)])
    assert "canary" not in str(work.diff(changes)) + work.unified(changes[0])
    assert "10 bytes" in str(work.diff(changes))


def test_a_link_is_followed_and_stays_a_link(work, tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    work.apply(work.plan([file(tmp_path / "link", b"new")]))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


contents = st.one_of(st.none(), st.binary(max_size=20))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(contents, min_size=3, max_size=3), after=st.lists(contents, min_size=3, max_size=3))
def test_any_state_comes_back_after_any_change(tmp_path_factory, before, after):
    folder: Path = tmp_path_factory.mktemp("any")
    for number, content in enumerate(before):
        if content is not None:
            (folder / str(number)).write_bytes(content)
    work = Transaction("role", store=str(folder / "store"))
    changes = work.plan([file(folder / str(number), content) for number, content in enumerate(after)])
    generation = work.apply(changes)
    if generation:
        work.restore(generation)
    now = [(folder / str(n)).read_bytes() if (folder / str(n)).exists() else None for n in range(3)]
    assert now == before
