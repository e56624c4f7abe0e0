# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that every mutation still fits the product, and that the script tells red from all else."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest

pytest.importorskip("tomllib", reason="Python has tomllib since 3.11; the mutations are read with it")

from mutations.mutation import ROOT, Mutation, mutations
from mutations.run import Runner
from mutations.selected import commands, paths_of
from runner import parts
from runner.slices import slices

ALL = mutations()
THINNED = [mutation for mutation in ALL if mutation.before]
TABLE = parts.load(ROOT)
NEVER_THINNED = {"side_by_side", "libraries", "newest"}
"""What was left to --all from their first day: nothing went."""


def problems(command: str) -> list[str]:
    """Return what a command names that is not there: tests, or for a script parts and checks."""
    program, *words = shlex.split(command)
    if program == "script/test":
        return [word for word in words if word not in (*TABLE.names(), "--all")] or ["no part"][len(words) > 1 :]
    if program == "script/lint":
        text = (ROOT / program).read_text()
        return [word for word in words if f'check "{word}"' not in text and not word.startswith("ansible-test ")]
    if program == "script/peers":
        return [] if words[:1] == ["-k"] else ["the clients that are asked (-k)"]
    if program not in ("pytest", "script/matrix"):
        return [program]
    paths = [word for word in words if word.startswith("tests/")]
    return [path for path in paths if not (ROOT / path).exists()] or ["no test"][bool(paths) :]


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.id)
def test_its_old_text_stands_once_in_its_file_and_what_its_commands_name_exists(mutation):
    assert mutation.applied((ROOT / mutation.file).read_text()) != (ROOT / mutation.file).read_text()
    assert problems(mutation.command) == []
    assert bool(mutation.before) is bool(mutation.part)
    if mutation.before:
        assert problems(mutation.before) == []


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("pytest -q tests/unit -k some", []),
        ("pytest -q tests/none tests/unit", ["tests/none"]),
        ("pytest -q -k some", ["no test"]),
        ("script/test --all molecule-pound", []),
        ("script/test --all molecule-apache", ["molecule-apache"]),
        ("script/test --all", ["no part"]),
        ("script/lint ruff 'ansible-test pylint'", []),
        ("script/lint rufff", ["rufff"]),
        ("script/matrix --all tests/none", ["tests/none"]),
        ("script/peers", ["the clients that are asked (-k)"]),
        ("true", ["true"]),
    ],
)
def test_a_command_that_names_what_is_not_there_is_found(command, found):
    assert problems(command) == found


def alone(path: str) -> str:
    """Return the folder with a conftest of its own name, which no other's is collected beside."""
    own = ("integration", "exchange_integration", "vm")
    return folder if (folder := path.split("/")[1]) in own else ""


@pytest.mark.parametrize("folder", sorted({alone(path) for command, _ in commands() for path in paths_of(command)}))
def test_each_command_selects_tests(folder):
    paths = {path for command, _ in commands() for path in paths_of(command) if alone(path) == folder}
    collect = ["pytest", "-p", "mutations.selected", "--collect-only", "-q", "--assert", "plain"]  # nothing is run
    done = subprocess.run(
        [sys.executable, "-m", *collect, *sorted(paths)],
        cwd=ROOT,
        env={**os.environ, "NETSTACK_ALL": "1", "PYTHONPATH": f"{ROOT / 'tests'}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("selects nothing")] == []


def parts_that_leave_something_to_all():
    """Return the parts that only --all runs, or runs whole: as tests/parts.yml says, and as the tests' slices say."""
    found = {part.name for part in TABLE.parts if part.only_all}
    for path in {each.path for each in slices(ROOT)}:
        own = set(re.findall(r'mark\.part\("(\w+)"\)', (ROOT / path).read_text()))
        found |= own or {
            part.name
            for part in TABLE.whole()
            if any(word.startswith("tests/") and path.startswith(word) for word in part.words())
        }
    return found


def test_each_part_that_leaves_something_to_all_has_one_that_its_whole_notices():
    assert parts_that_leave_something_to_all() - NEVER_THINNED - {mutation.part for mutation in THINNED} == set()


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
