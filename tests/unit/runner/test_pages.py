# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that tests/README.md is what parts, slices and known skips say, and that a slice has its reason."""

from __future__ import annotations

import shutil

import pytest
from runner import pages, slices
from runner.parts import PartsError, load

from . import graph


def test_the_readme_is_that_of_the_data(golden):
    golden(graph.ROOT / "tests" / "README.md", pages.readme(graph.ROOT))


def test_what_only_all_proves_is_in_the_readme_as_it_is_printed():
    printed = pages.left_to_all(load(graph.ROOT), load(graph.ROOT).default(), graph.ROOT)[1:]
    section = pages.readme(graph.ROOT).split("proves\n\n")[-1].split("\n\n")[0]
    assert printed and section.splitlines() == [f"- {line}" for line in printed]


def source(folder, text):
    file = folder / "tests" / "test_one.py"
    file.parent.mkdir()
    file.write_text(text)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        '@pytest.mark.all_only("the reason")\ndef test_one(): pass',
        'pytest.param(1, marks=pytest.mark.all_only("the " "reason"))',
        'whole_or_slice(5, 1, "the reason")',
        'slices.whole_or_slice(whole=5, piece=1, reason="the reason")',
        '@pytest.mark.all_only(reason="the reason")\ndef test_one(): pass',
    ],
)
def test_a_slice_is_found_with_its_reason(tmp_path, text):
    assert list(slices.slices(source(tmp_path, text))) == [slices.Slice("tests/test_one.py", "the reason")]


@pytest.mark.parametrize(
    "text", ["all_only()", "all_only('')", "all_only(WHY)", "whole_or_slice(1, 2)", "whole_or_slice(1, 2, f'{x}')"]
)
def test_a_slice_without_a_literal_reason_is_refused(tmp_path, text):
    with pytest.raises(ValueError, match=r"line 1: \w+ wants its reason"):
        list(slices.slices(source(tmp_path, text)))


@pytest.mark.parametrize(("value", "amount"), [("1", 5), ("0", 1), ("", 1)])
def test_an_amount_is_whole_in_a_run_with_all(monkeypatch, value, amount):
    monkeypatch.setenv("NETSTACK_ALL", value)
    assert slices.whole_or_slice(5, 1, reason="why") == amount


def test_the_seconds_of_the_last_run_come_into_the_table_and_nothing_else_changes(tmp_path):
    (tmp_path / "tests").mkdir()
    file = tmp_path / "tests/parts.yml"
    shutil.copy(graph.ROOT / "tests/parts.yml", file)
    before = file.read_text().splitlines()
    (tmp_path / ".cache/test").mkdir(parents=True)
    (tmp_path / ".cache/test/seconds.json").write_text('{"site": 98765, "gone": 1}')
    pages.set_seconds(tmp_path, whole=False)
    assert {part.name: part.seconds for part in load(tmp_path).parts}["site"] == 98765
    assert sum(old != new for old, new in zip(before, file.read_text().splitlines(), strict=True)) == 1


def test_a_key_that_the_table_does_not_have_is_refused(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/parts.yml").write_text("everthing: [script/setup]\nparts: []")
    with pytest.raises(PartsError, match="everthing is no key"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{name: a, proves: x, command: x, seconds: 1, lanes: 2}",
            "part a: got an unexpected keyword argument 'lanes'",
        ),
        ("{name: a, proves: x, command: x}", "part a: missing 1 required positional argument: 'seconds'"),
        (
            "{name: a, proves: x, command: x, seconds: 1, default: false}",
            "part a is not in the default run and does not",
        ),
        ("{name: a, proves: x, command: x, seconds: 1, counts: two}", "part a: counts is tests or one, not two"),
        ("{name: a, proves: x, command: x, seconds: 1, prepare: x}", "part a: prepare and without"),
        ("{name: a, proves: x, command: x, seconds: 1, within: b}", "part a is within b, and no part is called b"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path, entry, message):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/parts.yml").write_text(f"parts: [{entry}]")
    with pytest.raises(PartsError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(message)
