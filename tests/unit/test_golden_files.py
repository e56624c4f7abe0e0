# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a golden file holds the whole text, also as a difference, and what `script/goldens` does to the files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from .golden_files import Golden, beside, difference, read, rebuilt

TESTS = Path(__file__).resolve().parents[1]
LINES = st.sampled_from(["a", "  a", "b", "", "@@ a", "-a", "+a", "same as a but:", "\x0c", " "])
TEXTS = st.lists(st.sampled_from(["a", "b"]), min_size=1) | st.lists(LINES, min_size=1)
FIRST = "node\n  name lb1\n  mode tcp\n  port 80\npeer\n  name lb2\n  port 80\n"
SECOND = "node\n  name lb8\n  mode tcp\n  port 80\npeer\n  name lb9\n  port 80\n"
CASES = """
from pathlib import Path
import pytest
GOLDEN = Path(__file__).parent / "golden"

def test_a(golden):
    golden(GOLDEN / "a.txt", "new\\n")

def test_b(golden):
    golden(GOLDEN / "b.txt", "same\\n")

def test_c(golden):
    golden(GOLDEN / "c.txt", "first\\n")

def test_that_has_none():
    raise AssertionError("is not run")
"""


def text_of(lines):
    return "".join(f"{line}\n" for line in lines)


@given(TEXTS, TEXTS)
def test_the_difference_gives_back_the_whole_text(first, second):
    first, second = text_of(first), text_of(second)
    assert rebuilt(first, difference(first, second, "a")) == second


@given(st.lists(st.tuples(LINES, st.sampled_from([1, 1, 1, 1, 0, 2])), min_size=20))
def test_so_does_one_with_several_hunks_that_add_and_remove_lines(edits):
    first, second = (text_of(item[0] for item in edits), text_of(item[0] for item in edits for _time in range(item[1])))
    assume(second)
    assert rebuilt(first, difference(first, second, "a")) == second


def test_a_difference_has_no_line_numbers_and_says_where_a_reader_is():
    expected = "same as lb1 but:\n@@ node\n node\n-  name lb1\n+  name lb8\n   mode tcp\n"
    expected += "@@ peer\n peer\n-  name lb2\n+  name lb9\n   port 80\n"
    assert difference(FIRST, SECOND, "lb1") == expected
    assert difference(f"more\n{FIRST}", f"more\n{SECOND}", "lb1") == expected


def test_an_empty_line_has_no_blank_and_ends_no_section():
    expected = "same as lb1 but:\n@@ node\n\n-  name lb1\n+  name lb2\n"
    assert difference("node\n\n  name lb1\n", "node\n\n  name lb2\n", "lb1") == expected


def test_a_node_that_is_the_same_is_said_to_be():
    assert difference(FIRST, FIRST, "lb1") == "the same as lb1\n"


def test_lines_around_a_change_are_told_until_it_fits_at_one_place():
    first = "".join(f"port {number}\n  mode tcp\n  check yes\n  end\n" for number in (1, 2))
    second = first[: first.rindex("yes")] + "no\n  end\n"
    assert "\n port 2\n" in difference(first, second, "a")


def test_a_hunk_that_fits_at_two_places_or_at_none_is_refused():
    with pytest.raises(ValueError, match="at 2 places"):
        rebuilt(FIRST, "same as lb1 but:\n@@\n-  port 80\n+  port 81\n")
    with pytest.raises(ValueError, match="at 0 places"):
        rebuilt(FIRST, "same as lb1 but:\n@@\n-  port 82\n+  port 81\n")


def test_another_text_is_red_with_what_changes_and_what_renews_it(tmp_path):
    file = tmp_path / "a.cfg"
    with pytest.raises(pytest.fail.Exception, match="--- /dev/null"):
        Golden()(file, "bind 1\n")
    file.write_text("bind 1\n")
    Golden()(file, "bind 1\n")
    with pytest.raises(pytest.fail.Exception, match=r"-bind 1\n\+bind 2\nscript/goldens writes it anew"):
        Golden()(file, "bind 2\n")


@pytest.mark.parametrize("changed", [SECOND.replace("lb8", "lb7"), FIRST, f"{SECOND}raw\n", SECOND[7:]])
def test_a_change_of_the_second_node_alone_is_red(changed, tmp_path):
    file = tmp_path / "lb2.cfg"
    beside(file).write_text(difference(FIRST, SECOND, "lb1.cfg"))
    Golden()(file, SECOND, like=(tmp_path / "lb1.cfg", FIRST))
    with pytest.raises(pytest.fail.Exception):
        Golden()(file, changed, like=(tmp_path / "lb1.cfg", FIRST))


@pytest.mark.parametrize("second", [FIRST, SECOND])
def test_a_file_that_is_kept_as_a_difference_is_read_whole(second, tmp_path):
    (tmp_path / "lb1.cfg").write_text(FIRST)
    beside(tmp_path / "lb2.cfg").write_text(difference(FIRST, second, "lb1.cfg"))
    assert read(tmp_path / "lb2.cfg") == second


def test_two_tests_that_make_two_texts_of_one_file_are_red(tmp_path):
    renewing = Golden(renewing=True)
    renewing(tmp_path / "a", "1\n")
    with pytest.raises(pytest.fail.Exception, match="two tests"):
        renewing(tmp_path / "a", "2\n")


@pytest.fixture
def folder(tmp_path):
    """Return a folder with tests of three golden files: one is stale, one is current, one is not there."""
    (tmp_path / "golden").mkdir()
    for name, text in (("a.txt", "old\n"), ("b.txt", "same\n"), ("orphan.cfg", "of no test\n")):
        (tmp_path / "golden" / name).write_text(text)
    (tmp_path / "conftest.py").write_text("from unit.conftest import golden\n")
    (tmp_path / "test_cases.py").write_text(CASES)
    return tmp_path


def goldens(folder, *options):
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "unit.golden_run", *options, str(folder)]
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return result, {path.name: path.read_text() for path in (folder / "golden").iterdir()}


def test_its_tests_are_not_counted_by_script_test(folder, tmp_path_factory, monkeypatch):
    records = tmp_path_factory.mktemp("records")
    monkeypatch.setenv("PYTEST_PLUGINS", "runner.recorder")
    monkeypatch.setenv("NETSTACK_TEST_RECORD", str(records))
    assert goldens(folder, "--check")[0].stdout.endswith("3 golden files, 3 stale\n")
    assert list(records.iterdir()) == []


def test_check_says_what_is_stale_and_writes_nothing(folder):
    result, files = goldens(folder, "--check")
    golden = folder / "golden"
    expected = f"stale M {golden}/a.txt\nstale A {golden}/c.txt\nstale D {golden}/orphan.cfg\n"
    assert (result.returncode, result.stdout) == (1, f"{expected}3 golden files, 3 stale\n"), result.stderr
    assert files == {"a.txt": "old\n", "b.txt": "same\n", "orphan.cfg": "of no test\n"}


def test_all_is_renewed_and_what_no_test_makes_is_removed(folder):
    result, files = goldens(folder)
    assert result.returncode == 0, result.stderr
    assert files == {"a.txt": "new\n", "b.txt": "same\n", "c.txt": "first\n"}
    assert goldens(folder, "--check")[0].returncode == 0


@pytest.mark.parametrize(
    "trouble", ["pytest.skip('no program')", "raise ValueError('broken')", "pytest.xfail('later')"]
)
def test_where_a_test_does_not_pass_nothing_is_removed_and_it_is_told(trouble, folder):
    cases = folder / "test_cases.py"
    cases.write_text(CASES.replace("def test_b(golden):", f"def test_b(golden):\n    {trouble}"))
    result, files = goldens(folder)
    assert result.returncode == 1
    assert trouble.split("'")[1] in result.stderr
    assert files == {"a.txt": "new\n", "b.txt": "same\n", "c.txt": "first\n", "orphan.cfg": "of no test\n"}


def test_a_module_that_cannot_be_read_is_told(folder):
    (folder / "test_more.py").write_text("golden = 1 / 0\n")
    result, files = goldens(folder)
    assert (result.returncode, "division by zero" in result.stderr) == (1, True)
    assert "orphan.cfg" in files


def test_a_folder_without_golden_files_is_refused(folder):
    (folder / "test_cases.py").unlink()
    result = goldens(folder)[0]
    assert (result.returncode, "no test below" in result.stderr) == (2, True)
