# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that no umask decides who reads what the collection makes, and that nobody can plant a file or watch one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils import own_files
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.watchdog import Pending, Watchdog
from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import Loaded
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import detached
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.journal import StepJournal
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import points
from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import read, write

from .test_transaction import file


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


@pytest.mark.usefixtures("umask")
def test_what_a_load_balancer_gets_has_the_same_modes_under_every_umask(tmp_path: Path) -> None:
    work = Transaction("haproxy", store=str(tmp_path / "var/lib/netstack/backup"))
    for content in (b"1", b"2"):
        made = work.apply(work.plan([file(tmp_path / "etc/certs/a.pem", content, 0o600)]))
    store = f"var/lib/netstack/backup/haproxy/{made}"
    own = ["var", "var/lib", "var/lib/netstack", "etc", "etc/certs"]
    private = ["var/lib/netstack/backup", "var/lib/netstack/backup/haproxy", store]
    found = modes(tmp_path)
    assert {path: found[path] for path in own + private} == {
        **dict.fromkeys(own, 0o755),
        **dict.fromkeys(private, 0o700),
    }
    assert {found[path] for path in found if (tmp_path / path).is_file()} == {0o600}


@pytest.mark.usefixtures("umask")
def test_notes_and_the_watchdog_of_a_bond_are_private_under_every_umask(tmp_path: Path) -> None:
    Loaded("pound", str(tmp_path / "run")).note(os.getpid(), {})
    Watchdog(lambda _command: (0, "", ""), str(tmp_path / "bond")).arm(Pending("t", "s", 60), [], [], [])
    assert set(modes(tmp_path).values()) == {0o700, 0o600}


@pytest.mark.usefixtures("umask")
def test_what_the_controller_keeps_is_private_with_every_folder_above_it_under_every_umask(tmp_path: Path) -> None:
    points.keep(str(tmp_path / "a/restore"), "r1", "esx1", {"": {"vswitches": {}, "port_groups": {}}})
    StepJournal(tmp_path / "b/restore/r1/esx1.json", read, write).keeper({"link": "l"})([{"step": 1}])
    detached.run(lambda _journal: {}, tmp_path / "c/cutover/esx1.log")
    found = modes(tmp_path)
    assert {found[path] for path in found if (tmp_path / path).is_dir()} == {0o700}
    assert {found[path] for path in found if (tmp_path / path).is_file()} == {0o600}


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o750)
    own_files.make_folder(str(tmp_path / "there" / "new"), 0o700)
    assert modes(tmp_path) == {"there": 0o750, "there/new": 0o700}


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(FileExistsError, match="/a'"):
        own_files.make_folder(str(tmp_path / "a"))


def test_the_name_of_the_new_file_is_another_one_each_time_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda new, old: (names.append(new), real(new, old)))
    for _each in range(20):
        own_files.replace(str(tmp_path / "a.pem"), b"x")
    assert len({Path(name).name for name in names}) == 20
    assert all(Path(name).name.startswith(".a.pem.netstack-") for name in names)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pem"]


@pytest.mark.parametrize("cause", [OSError, KeyboardInterrupt])
def test_what_fails_leaves_no_copy_of_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: type[BaseException]
) -> None:
    def refuse(_handle: int, _mode: int) -> None:
        raise cause

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(cause):
        own_files.replace(str(tmp_path / "a.pem"), b"secret")
    assert list(tmp_path.iterdir()) == []


def test_a_link_planted_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "a").symlink_to(tmp_path / "victim")
    own_files.replace(str(tmp_path / "a"), b"new")
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / "a").is_symlink()


def test_a_file_that_was_planted_under_the_name_of_earlier_releases_gets_nothing(tmp_path: Path) -> None:
    """Whoever could make the new file first would read the key through his own handle."""
    planted = tmp_path / f".site.pem.netstack-{os.getpid()}"
    planted.write_bytes(b"")
    planted.chmod(0o666)
    with planted.open("rb") as held:
        own_files.replace(str(tmp_path / "site.pem"), b"key")
        assert held.read() == b""
    assert planted.read_bytes() == b""
