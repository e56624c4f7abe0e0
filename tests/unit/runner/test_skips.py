# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that no skip is silent: each is counted with its reason, and with CI=true an unknown one is a failure."""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from runner.outcome import Outcome
from runner.skips import KnownSkip, Skip, known_skips

from . import graph

OK = "def test_ok(): pass"
SKIPS = {
    "mark": f"@pytest.mark.skip(reason='no such thing')\ndef test_one(): pass\n{OK}",
    "call": f"def test_one(): pytest.skip('no such thing')\n{OK}",
    "fixture": f"@pytest.fixture\ndef it(): pytest.skip('no such thing')\ndef test_one(it): pass\n{OK}",
    "xfail": f"@pytest.mark.xfail(reason='no such thing')\ndef test_one(): assert 0\n{OK}",
}
KNOWN = "- {part: some, reason: no such, why: it cannot be had}\n"


@pytest.mark.parametrize("way", SKIPS)
def test_each_way_to_skip_is_counted_with_its_reason(checkout, way):
    checkout.parts(checkout.tests("some", SKIPS[way]))
    done = checkout.run()
    assert (done.code, done.last) == (0, "1 passed, 0 failed, 1 skipped")
    assert "no such thing [a failure where CI=true]" in done.output


def test_a_file_that_skips_as_a_whole_is_counted(checkout):
    whole = checkout.tests("whole", f"pytest.importorskip('nosuchmodule', reason='no module')\n{OK}")
    part = checkout.tests("some", OK)
    checkout.parts({**part, "command": f"{part['command']} {whole['command'].split()[-1]}"})
    done = checkout.run()
    assert (done.code, done.last) == (0, "1 passed, 0 failed, 1 skipped")
    assert "tests/test_whole.py: no module [" in done.output


def test_options_of_the_users_own_pytest_leave_nothing_out(checkout, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k test_ok")
    checkout.parts(checkout.tests("some", f"def test_one(): pass\n{OK}"))
    assert checkout.run().last == "2 passed, 0 failed, 0 skipped"


def test_a_test_without_any_case_is_a_skip(checkout):
    checkout.parts(checkout.tests("some", f"@pytest.mark.parametrize('case', [])\ndef test_one(case): pass\n{OK}"))
    done = checkout.run()
    assert done.last == "1 passed, 0 failed, 1 skipped"
    assert "got empty parameter set" in done.output


def test_a_part_whose_tests_all_skip_has_failed(checkout):
    checkout.parts(checkout.tests("some", "pytest.skip('nothing here', allow_module_level=True)"))
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 1 skipped")


def test_ci_takes_an_unknown_skip_for_a_failure(checkout, monkeypatch):
    monkeypatch.setenv("CI", "true")
    checkout.parts(checkout.tests("some", SKIPS["call"]))
    done = checkout.run()
    assert (done.code, done.last) == (1, "1 passed, 1 failed, 0 skipped")
    line = "skipped, and not in tests/known_skips.yml: some: tests/test_some.py::test_one: no such thing"
    assert line in done.output


def test_ci_accepts_a_known_skip_of_this_part_alone(checkout, monkeypatch):
    monkeypatch.setenv("CI", "true")
    checkout.write("tests/known_skips.yml", KNOWN)
    checkout.parts(checkout.tests("some", SKIPS["call"]), checkout.tests("other", SKIPS["call"]))
    done = checkout.run()
    assert (done.code, done.last) == (1, "2 passed, 1 failed, 1 skipped")
    assert "some: tests/test_some.py::test_one: no such thing [known]" in done.output


UNPREPARED = {
    "name": "vm",
    "command": "false",
    "counts": "one",
    "prepare": "echo no archive >&2; exit 1",
    "without": "no QEMU",
}


def test_a_part_that_cannot_be_prepared_is_a_skip(checkout):
    checkout.parts(UNPREPARED)
    done = checkout.run()
    assert (done.code, done.last) == (0, "0 passed, 0 failed, 1 skipped")
    assert "vm: no QEMU (no archive) [a failure where CI=true]" in done.output


def test_ci_takes_a_part_that_cannot_be_prepared_for_a_failure(checkout, monkeypatch):
    monkeypatch.setenv("CI", "true")
    checkout.parts(UNPREPARED)
    assert checkout.run().last == "0 passed, 1 failed, 0 skipped"


def test_a_part_that_can_be_prepared_runs(checkout):
    checkout.parts({**UNPREPARED, "command": "test -e there", "prepare": "touch there"})
    assert checkout.run().last == "1 passed, 0 failed, 0 skipped"


@pytest.mark.parametrize("file", ["tests/unit/lab_junos/test_rules.py", "tests/conformance"])
def test_ci_fails_where_junipers_yang_is_not_there(checkout, monkeypatch, file):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("JUNOS_YANG", "/no/such/folder")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*sys.path, str(graph.ROOT / "tests")]))
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    part = checkout.tests("yang", OK)
    checkout.parts(
        {
            **part,
            "command": f"{sys.executable} -m pytest -q --rootdir {graph.ROOT} -p no:cacheprovider {graph.ROOT / file}",
        }
    )
    done = checkout.run()
    assert done.code == 1
    assert "not in tests/known_skips.yml: yang: " in done.output and "/no/such/folder" in done.output


def test_the_known_skips_are_of_parts_that_exist_and_say_why():
    from runner.parts import load

    names = {part.name for part in load(graph.ROOT).parts}
    known = known_skips(graph.ROOT)
    assert known and all(entry.part in names and entry.why for entry in known)


def test_in_ci_only_what_needs_ubuntus_archive_may_be_missing():
    assert {entry.part for entry in known_skips(graph.ROOT)} == {"molecule-ubuntu2404"}


def test_a_known_skip_covers_what_begins_as_its_reason_does():
    known = KnownSkip("vm", "no QEMU", "why")
    outcome = Outcome("vm", skips=[Skip("vm", "vm", "no QEMU (no archive)"), Skip("vm", "vm", "there is no QEMU")])
    outcome.refuse_unknown_skips([known])
    assert (len(outcome.skips), outcome.bad) == (1, 1)


MATRIX_SETUP = """
say() { :; }
deactivate() { :; }
CACHE=$PWD/.cache VENV=$PWD/venv
"""


@pytest.fixture
def bare(checkout):
    """A checkout whose own environment has ansible-core 2.19.14, on a machine without any other Python."""
    for name in ("script", "bin", "venv/bin"):
        (checkout.root / name).mkdir(parents=True)
    (checkout.root / "script/setup").write_text(MATRIX_SETUP)
    shutil.copy(graph.ROOT / "script" / "matrix", checkout.root / "script")
    (checkout.root / "venv/bin/python").write_text("#!/bin/sh\necho 2.19.14\n")
    (checkout.root / "venv/bin/python").chmod(0o755)
    for name in ("bash", "sh", "awk", "dirname", "mkdir", "readlink"):
        (checkout.root / "bin" / name).symlink_to(shutil.which(name))
    return checkout


def test_a_release_that_no_python_here_runs_is_a_skip(bare, monkeypatch):
    monkeypatch.setenv("PATH", str(bare.root / "bin"))
    monkeypatch.setenv("HOME", str(bare.root))
    bare.parts({"name": "matrix", "command": "script/matrix"})
    done = bare.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 2 skipped")
    assert "matrix: ended with status 1" in done.output
    for release, pythons in (("2.17.14", "3.12 3.11 3.10"), ("2.21.5", "3.14 3.13 3.12")):
        assert f"matrix: ansible-core {release}: none of its Pythons ({pythons}) is on this machine [" in done.output
