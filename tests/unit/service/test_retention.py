# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that former keys go by number and age, at once by command, and never what taking back a run needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import original
from ansible_collections.netstack.datacenter.plugins.module_utils.service.retention import Keep, keep_of, surplus
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import (
    File,
    GoneError,
    Transaction,
)
from ansible_collections.netstack.datacenter.plugins.modules import backup_forget, backup_info

from .test_transaction import file

DAY = 24 * 3600


def ours(saved: File) -> bool:
    return b"ours" in (saved.content or b"")


class Host:
    """A host whose one file is changed by run after run."""

    def __init__(self, folder: Path, role: str = "haproxy", **more: Any) -> None:
        self.folder, self.store, self.role = folder, folder / "store", role
        self.file, self.more = folder / "a.pem", {"is_ours": ours, **more}

    def transaction(self, run: str = "") -> Transaction:
        return Transaction(self.role, run, str(self.store), **self.more)

    def change(self, content: str, run: str = "") -> str:
        work = self.transaction(run)
        return work.apply(work.plan([file(self.file, content.encode(), 0o600, secret=True)]))

    def holding(self, word: str) -> list[str]:
        return sorted(str(path) for path in self.store.rglob("*") if path.is_file() and word in path.read_text())


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_leaked_key_goes_after_so_many_changes(host):
    host.change("ours LEAKED", "r0")
    for number in range(10):
        host.change(f"ours {number}", f"r{number + 1}")
        assert len(host.holding("LEAKED")) == 1
    host.change("ours last", "r11")
    assert host.holding("LEAKED") == []
    assert len(host.transaction().generations()) == 12


def test_a_key_goes_by_its_age_in_a_run_without_a_change(host, monkeypatch):
    for number in range(5):
        host.change(f"ours SECRET{number}", f"r{number}")
    now = retention.time.time()
    monkeypatch.setattr(retention.time, "time", lambda: now + 91 * DAY)
    retention.keep_house(Module("present"), host.transaction())
    assert len(host.holding("SECRET")) == 2
    assert host.transaction().saved(host.transaction().newest("r4"))[0].content == b"ours SECRET3"


class Module:
    """What a module is to the house-keeping."""

    def __init__(self, state: str, check_mode: bool = False) -> None:
        self.params, self.check_mode, self.warnings = {"state": state}, check_mode, []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.mark.parametrize(
    ("state", "check"), [("present", True), ("verified", False), ("restored", False), ("checked", False)]
)
def test_what_reads_only_removes_nothing(host, monkeypatch, state, check):
    for number in range(5):
        host.change(f"ours SECRET{number}", f"r{number}")
    now = retention.time.time()
    monkeypatch.setattr(retention.time, "time", lambda: now + 91 * DAY)
    before = host.holding("SECRET")
    retention.keep_house(Module(state, check), host.transaction())
    assert host.holding("SECRET") == before


def test_former_files_that_cannot_be_removed_are_told_and_fail_nothing(host, monkeypatch):
    host.change("ours 1")

    def refuse(_transaction):
        raise OSError("read-only file system")

    monkeypatch.setattr(retention, "prune", refuse)
    assert host.change("ours 2")
    module = Module("present")
    retention.keep_house(module, host.transaction())
    assert "read-only file system" in module.warnings[0]


@pytest.mark.parametrize("keep", [Keep(1, 0), Keep(1, 1), Keep(0, 1)])
def test_whatever_the_limits_are_the_last_two_runs_can_be_taken_back(tmp_path, keep):
    host = Host(tmp_path, keep=keep)
    for run in ("r1", "r2", "r3", "r4"):
        for step in "abc":
            host.change(f"ours {run}{step}", run)
    work = host.transaction()
    gone = surplus(work, keep, now=retention.time.time() + 400 * DAY)
    assert {work.describe(name)["run_id"] for name in gone} == {"r1", "r2"}
    work.restore(work.newest("r4"))
    assert host.file.read_text() == "ours r3c"
    work = host.transaction()
    work.restore(work.newest("r3"))
    assert host.file.read_text() == "ours r2c"


def test_an_attempt_that_is_forgotten_leaves_the_run_before_it(tmp_path):
    host = Host(tmp_path, keep=Keep(1, 0))
    for run in ("r1", "r2", "r3"):
        host.change(f"ours {run}", run)
    host.transaction("r4").take_back(host.change("ours refused", "r4"))
    work = host.transaction()
    work.restore(work.newest("r3"))
    assert host.file.read_text() == "ours r2"


def test_a_run_whose_files_are_gone_is_refused_by_name(tmp_path):
    host = Host(tmp_path, keep=Keep(1, 0))
    for run in ("r1", "r2", "r3", "r4"):
        host.change(f"ours {run}", run)
    work = host.transaction()
    with pytest.raises(
        GoneError, match=r"what run r2 replaced cannot be put back: generation 0002-\S+ of haproxy was emptied"
    ):
        work.saved(work.newest("r2"))
    kept = {entry["run_id"]: entry["kept"] for entry in backup_info.generations(str(host.store))}
    assert kept == {"r1": True, "r2": False, "r3": True, "r4": True}  # before r1 there was nothing to keep


def test_what_was_there_before_the_role_came_is_given_back_after_many_changes(host):
    host.file.write_text("of the package")
    for number in range(30):
        host.change(f"ours {number}", f"r{number}")
    found = original(host.transaction(), File(str(host.file), None), lambda text: "ours" in text)
    assert found.content == b"of the package"


def test_an_edit_by_a_hand_is_not_given_back_though_the_history_before_it_has_no_contents(host):
    host.file.write_text("of the package")
    for number in range(15):
        host.change(f"ours {number}", f"r{number}")
    host.file.write_text("by a hand")
    for number in range(15, 30):
        host.change(f"ours {number}", f"r{number}")
    assert host.holding("by a hand") == []
    found = original(host.transaction(), File(str(host.file), None), lambda text: "ours" in text)
    assert found.content == b"of the package"


def test_who_wrote_a_file_last_is_known_of_a_restore_whose_contents_are_gone(tmp_path):
    host = Host(tmp_path, keep=Keep(1, 0))
    host.change("ours 1", "r1")
    second = host.change("ours 2", "r2")
    host.transaction("r2").restore(second)
    for number in range(4):
        other = host.transaction(f"s{number}")
        other.apply(other.plan([file(tmp_path / "b", str(number).encode())]))
    assert not host.transaction().describe(second)["kept"]
    assert host.transaction().wrote(str(host.file), ours)


def test_a_removal_that_was_cut_short_is_finished_by_the_next(host, monkeypatch):
    host.change("ours LEAKED", "r0")
    generation = host.change("ours 1", "r1")
    real = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, *rest: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        host.transaction().empty(generation, [])
    monkeypatch.setattr(Path, "unlink", real)
    assert host.transaction().describe(generation)["kept"]
    assert host.transaction().empty(generation, [])
    assert host.holding("LEAKED") == []
    assert not host.transaction().empty(generation, [])


@pytest.mark.parametrize("given", [{"number": -1}, {"days": -1}])
def test_limits_that_are_none_are_refused(given):
    with pytest.raises(OSError, match="0 is no limit"):
        keep_of(given)


def test_no_limit_keeps_everything(tmp_path):
    host = Host(tmp_path, keep=keep_of({"number": 0, "days": 0}))
    for number in range(40):
        host.change(f"ours SECRET{number}", f"r{number}")
    assert len(host.holding("SECRET")) == 39


def removed(host: Host, what: str, act: bool = True, roles: tuple[str, ...] = ()) -> dict[str, int]:
    return {role: len(names) for role, names in backup_forget.removed(str(host.store), list(roles), what, act).items()}


@pytest.fixture
def full(tmp_path: Path) -> Host:
    """A host with six changes of two roles each."""
    host = Host(tmp_path, "tls_certificate")
    for number in range(6):
        host.change(f"ours SECRET{number}", f"r{number}")
    shutil.copytree(host.store / "tls_certificate", host.store / "linux_bond")
    return host


@pytest.mark.parametrize(
    ("what", "count", "left"), [("older", 3, 4), ("everything", 5, 0), ("history", 6, 0)]
)  # the first change replaced nothing
def test_one_command_removes_former_secrets_of_every_role_and_check_mode_says_the_same(full, what, count, left):
    foretold = removed(full, what, act=False)
    assert len(full.holding("SECRET")) == 10
    assert removed(full, what) == foretold == {"tls_certificate": count, "linux_bond": count}
    assert len(full.holding("SECRET")) == left
    assert removed(full, what) == {}


def test_only_the_roles_that_are_named_lose_anything(full):
    assert removed(full, "everything", roles=("linux_bond",)) == {"linux_bond": 5}
    assert len(full.holding("SECRET")) == 5


def test_a_role_that_nobody_knows_is_refused(full):
    with pytest.raises(
        OSError, match="no role is called haprxy; with backups there are here: linux_bond, tls_certificate"
    ):
        removed(full, "everything", roles=("haprxy",))


def test_what_absent_gives_back_stays_but_for_everything(host):
    host.file.write_text("of the package SECRET")
    for number in range(4):
        host.change(f"ours {number}", f"r{number}")
    removed(host, "older")
    assert len(host.holding("SECRET")) == 1
    removed(host, "everything")
    assert host.holding("SECRET") == []
    assert original(host.transaction(), File(str(host.file), None), lambda text: "ours" in text).content is None


def test_a_change_reads_the_history_so_many_times_and_not_once_for_each_of_its_generations(host, monkeypatch):
    reads = []
    real = Transaction.manifest
    monkeypatch.setattr(Transaction, "manifest", lambda work, name: (reads.append(name), real(work, name))[1])
    counts = {}
    for number in range(1, 49):
        reads.clear()
        host.change(f"ours {number}", f"r{number}")
        counts[number] = len(reads)
    assert 0 < counts[24] < counts[48] < 2.4 * counts[24]


def test_no_manifest_has_contents(full):
    assert all("SECRET" not in json.dumps(json.loads(path.read_text())) for path in full.store.rglob("manifest.json"))
