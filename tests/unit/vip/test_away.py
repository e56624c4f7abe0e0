# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracked files say what keepalived reads from them, also while they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip import away
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths


@pytest.fixture
def paths(tmp_path):
    return Paths(state=str(tmp_path / "vip"))


@pytest.mark.parametrize(
    ("text", "expected"), [("1\n", True), ("0\n", False), ("0", False), ("", False), ("x", False), ("7", True)]
)
def test_a_value_is_read_as_keepalived_reads_it(paths, text, expected):
    Path(paths.state).mkdir()
    Path(paths.away("web4")).write_text(text)
    assert away.is_away(paths, "web4") is expected


def test_a_missing_file_means_at_home(paths):
    assert not away.is_away(paths, "web4")
    assert away.known(paths) == []


def test_a_value_is_written_in_place(paths):
    away.write(paths, "web4", False)
    inode = Path(paths.away("web4")).stat().st_ino
    away.write(paths, "web4", True)
    assert Path(paths.away("web4")).read_text() == "1\n"
    assert Path(paths.away("web4")).stat().st_ino == inode


def test_a_link_is_not_followed(paths, tmp_path):
    Path(paths.state).mkdir()
    (tmp_path / "victim").write_text("precious")
    Path(paths.away("web4")).symlink_to(tmp_path / "victim")
    with pytest.raises(OSError):
        away.write(paths, "web4", True)
    assert (tmp_path / "victim").read_text() == "precious"


def test_tidying_keeps_values_makes_the_missing_and_removes_the_stale(paths):
    away.write(paths, "kept", True)
    away.write(paths, "stale", True)
    away.tidy(paths, ["kept", "new"])
    assert away.known(paths) == ["kept", "new"]
    assert [away.is_away(paths, name) for name in ("kept", "new")] == [True, False]
