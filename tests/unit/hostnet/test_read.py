# SPDX-License-Identifier: GPL-3.0-or-later
"""What ifupdown reads is found as interfaces(5) says: source with patterns, source-directory with plain names only."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.ifupdown import read, reads


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "interfaces.d").mkdir()
    for name in ("lan", "lan.cfg", "more"):
        (tmp_path / "interfaces.d" / name).write_text("auto eth0\n")
    return tmp_path


def names(folder, text):
    (folder / "interfaces").write_text(text)
    return [path.name for path in read(folder / "interfaces")]


@pytest.mark.parametrize(
    "line, found",
    [
        ("source interfaces.d/*", ["lan", "lan.cfg", "more"]),
        ("source {}/interfaces.d/*.cfg", ["lan.cfg"]),
        ("source interfaces.d/lan interfaces.d/more", ["lan", "more"]),
        ("source-directory interfaces.d", ["lan", "more"]),
        ("# source interfaces.d/*", []),
        ("source interfaces.d", []),
        ("source absent/*", []),
    ],
)
def test_follows_the_lines_that_source(folder, line, found):
    assert names(folder, line.format(folder) + "\nauto lo\n") == ["interfaces", *found]


def test_reads_a_file_once_though_files_source_one_another(folder):
    (folder / "interfaces.d/lan").write_text("source more\nsource ../interfaces\n")
    assert names(folder, "source interfaces.d/*\n") == ["interfaces", "lan", "more", "lan.cfg"]


def test_without_a_file_nothing_is_read(tmp_path):
    assert read(tmp_path / "interfaces") == {}


@pytest.mark.parametrize(
    "line, answer",
    [
        ("source interfaces.d/*", True),
        ("source-directory interfaces.d", True),
        ("source interfaces.d/*.cfg", False),
        ("source */*", True),
        ("source *", False),
        ("auto eth0", False),
    ],
)
def test_tells_whether_a_file_that_is_not_there_yet_would_be_read(folder, line, answer):
    (folder / "interfaces").write_text(line + "\n")
    assert reads(folder / "interfaces", folder / "interfaces.d/netstack-bond") is answer


def test_a_name_that_source_directory_leaves_out_would_not_be_read(folder):
    (folder / "interfaces").write_text("source-directory interfaces.d\n")
    assert not reads(folder / "interfaces", folder / "interfaces.d/netstack.bond")
