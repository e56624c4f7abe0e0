# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the paths in tests/parts.yml are what the import graph says, and that every test is run by a part."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from runner.changed import broken_by, parts_for
from runner.parts import Part, load

from ..touches_ansible import touches
from . import graph

TABLE = load(graph.ROOT)
UNIT = next(part for part in TABLE.parts if part.name == "unit")
WITHIN = [part for part in TABLE.parts if part.within]
NOT_BY_IMPORTS = ("lint", "artifact")
"""What they read is every file of a kind."""


def fits(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def read_by(part: Part) -> set[str]:
    """Return what the part's tests read. Of unit without the tests that a part within it runs for its own files.

    script/matrix names no tests: it runs those of unit that touch Ansible.
    """
    seeds = {path for path in graph.seeds(part.command) if not path.startswith("tests/unit/runner/")}
    if part.name == "matrix":
        seeds |= {path for path in graph.seeds(UNIT.command) if touches(graph.ROOT / path)}
    for inner in WITHIN:
        if part.name == inner.within:
            seeds -= graph.seeds(inner.command)
    return graph.closure(seeds)


BY_IMPORTS = [part for part in TABLE.parts if part.name not in NOT_BY_IMPORTS]
by_part = pytest.mark.parametrize("part", BY_IMPORTS, ids=lambda part: part.name)


@by_part
def test_a_file_that_a_part_reads_leads_to_the_part(part):
    covered = part.paths + part.not_run + TABLE.everything + (("*",) if part.any_change else ())
    outer = next((each.paths for each in TABLE.parts if each.name == part.within), ())
    assert sorted(path for path in read_by(part) if not fits(path, covered + outer)) == []


@by_part
def test_a_pattern_without_a_file_that_the_part_reads_is_not_in_the_table(part):
    files = read_by(part) | {path for path in graph.tracked() if path.endswith((".md", ".txt", ".toml"))}
    assert [pattern for pattern in part.paths if not any(fnmatchcase(path, pattern) for path in files)] == []


@by_part
def test_what_a_part_is_said_not_to_run_is_what_the_graph_gives(part):
    files = read_by(part)
    assert [pattern for pattern in part.not_run if not any(fnmatchcase(path, pattern) for path in files)] == []


def test_every_file_of_the_checkout_is_known():
    assert sorted(path for path in graph.tracked() if not known(path)) == []


def known(path: str) -> bool:
    return fits(path, TABLE.everything) or any(part.rule_for(path) for part in TABLE.parts)


def test_every_test_file_is_run_by_a_part():
    run = set().union(*(graph.seeds(part.command) for part in TABLE.parts)) | graph.reads("script/peers")
    assert sorted(path for path in graph.below("tests") if graph.is_test(path) and path not in run) == []


def test_every_scenario_of_molecule_is_a_part():
    scenarios = {path.split("/")[1] for path in graph.below("molecule") if path.endswith("/molecule.yml")}
    assert {part.words()[-1] for part in TABLE.named(["molecule"])} == scenarios


def test_every_folder_of_tests_is_described():
    folders = {Path(path).parts[1] for path in graph.below("tests") if len(Path(path).parts) > 2}
    assert set(TABLE.folders) == folders


def test_the_labs_that_parts_name_exist():
    assert [part.lab for part in TABLE.parts if part.lab and part.lab not in graph.tracked()] == []


def names(path: str) -> set[str]:
    return {part.name for part in broken_by(TABLE, path)}


def test_a_file_that_no_rule_knows_leads_to_everything():
    assert names("a/new/thing.xyz") == {part.name for part in TABLE.whole()}


def test_a_new_module_of_a_known_package_needs_no_new_rule():
    assert {"unit", "junos", "cutover", "lint"} <= names("plugins/plugin_utils/kinds/junos_ex/new_module.py")


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("docs/how_it_works.md", {"lint", "house", "artifact"}),
        ("README.md", {"lint", "house", "artifact"}),
        ("SECURITY.md", {"lint", "house", "artifact"}),
        ("CHANGELOG.rst", {"lint", "artifact"}),
        ("tests/vm/machine.py", {"lint", "vm"}),
        ("lab/vsphere/soap.py", {"vcsim", "peers", "vsphere", "cutover", "unit", "lint", "libraries"}),
        ("roles/linux_bond/tasks/main.yml", {"vm", "unit", "matrix", "lint", "artifact"}),
        ("tests/unit/vip/test_move.py", {"unit", "matrix", "lint"}),
    ],
)
def test_leads_to(path, parts):
    assert (
        parts
        <= names(path)
        <= parts | {"house", "artifact", "molecule-junos_lag", "site", "switches", "stress", "failover"}
    )


def test_what_is_within_another_part_does_not_run_twice():
    parts, lines = parts_for(TABLE, ["docs/rules.md", "plugins/plugin_utils/stack/rules.py"])
    assert "unit" in [part.name for part in parts] and "house" not in [part.name for part in parts]
    assert lines[0].startswith("docs/rules.md: ")


def test_unit_and_the_parts_within_it_are_the_whole_of_it():
    assert all(graph.seeds(part.command) <= graph.seeds(UNIT.command) for part in WITHIN)


def test_a_part_hangs_after_three_times_what_it_takes_of_that_kind_of_run():
    part = Part("a", proves="b", command="true", seconds=10, all_seconds=900)
    assert (part.hangs_after(everything=False), part.hangs_after(everything=True)) == (1200, 2700)
    assert all(part.hangs_after(everything=False) + 1800 < 90 * 60 for part in TABLE.parts if part.default)
