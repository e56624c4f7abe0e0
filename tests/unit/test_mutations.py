# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that every mutation still fits the product, and that the script tells red from all else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "mutations"))

from mutation import ROOT, Mutation, mutations
from run import Runner

ALL = mutations()


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.id)
def test_its_old_text_stands_once_in_its_file_and_the_tests_that_it_names_exist(mutation):
    assert mutation.applied((ROOT / mutation.file).read_text()) != (ROOT / mutation.file).read_text()
    named = re.findall(r"tests/\S+?(?=::|[\s']|$)(?:::(\w+))?", mutation.command)
    paths = re.findall(r"tests/[\w./]+", mutation.command)
    assert paths, "it names no test"
    assert [path for path in paths if not (ROOT / path).exists()] == []
    text = "".join((ROOT / path).read_text() for path in paths if path.endswith(".py"))
    assert [name for name in named if name and f"def {name}(" not in text] == []


def test_an_id_is_given_once():
    ids = [mutation.id for mutation in ALL]
    assert len(ids) == len(set(ids)) > 0


@pytest.fixture
def runner(tmp_path):
    (tmp_path / "product").write_text("one two\n")
    return Runner(tmp_path)


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        ("grep -q one product", "red"),
        ("grep -q two product", "GREEN with it"),
        ("grep -q three product", "NOT GREEN without it"),
        ("grep -q one product || exit 4", "exit status 4"),
    ],
)
def test_red_is_a_command_that_is_green_before_and_whose_tests_fail_after(runner, command, verdict):
    found = runner.verdict(Mutation("m", "product", "one", "1", command))
    assert found.startswith(verdict)
    assert (runner.copy / "product").read_text() == "one two\n"


@pytest.mark.parametrize("old", ["three", " "])
def test_an_old_text_that_is_not_there_or_more_than_once_is_refused(old):
    with pytest.raises(ValueError, match=r"stands \d times in product"):
        Mutation("m", "product", old, "1", "true").applied("one two one")


def test_a_key_that_is_unknown_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text("[m]\nfile = 'f'\nold = 'o'\nnew = 'n'\ncommand = 'c'\nlabs = true\n")
    with pytest.raises(TypeError, match="labs"):
        mutations(tmp_path)
