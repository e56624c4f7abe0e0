# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role keeps the same contract: its variables are declared once, named after it, explained and typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROLES = sorted(path for path in (Path(__file__).parents[2] / "roles").iterdir() if path.is_dir())
TYPES = {"str", "int", "bool", "list", "dict", "path", "float", "raw"}
REQUIRED = [
    "README.md", "defaults/main.yml", "meta/argument_specs.yml", "meta/main.yml", "tasks/main.yml", "tasks/plan.yml",
    "tasks/preflight.yml", "tasks/rollback.yml", "tasks/verify.yml",
]  # fmt: skip

pytestmark = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def read(role, path):
    return yaml.safe_load((role / path).read_text())


def options(role):
    return read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def every_option(found, path=""):
    """Yield (path, option) for all options and suboptions."""
    for name, option in found.items():
        yield f"{path}{name}", option
        yield from every_option(option.get("options", {}), f"{path}{name}.")


def test_has_its_files(role):
    assert [path for path in REQUIRED if not (role / path).is_file()] == []


def test_argument_specs_name_exactly_the_defaults(role):
    required = {name for name, option in options(role).items() if option.get("required")}
    assert set(read(role, "defaults/main.yml")) == set(options(role)) - required


def test_defaults_of_both_files_are_the_same(role):
    values = read(role, "defaults/main.yml")
    named = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert {name: values[name] for name in named} == named


def test_variables_bear_the_roles_name(role):
    assert [name for name in options(role) if not name.startswith(f"{role.name}_")] == []


def test_every_option_has_a_type_and_a_description(role):
    wrong = [path for path, option in every_option(options(role)) if option.get("type") not in TYPES]
    silent = [path for path, option in every_option(options(role)) if not option.get("description")]
    assert (wrong, silent) == ([], [])


def test_every_default_is_explained_by_a_comment_above_it(role):
    lines = (role / "defaults/main.yml").read_text().splitlines()
    places = [number for number, line in enumerate(lines) if re.match(rf"{role.name}_\w+:", line)]
    assert [lines[number] for number in places if not lines[number - 1].startswith("# ")] == []


def test_every_entry_point_that_is_declared_exists(role):
    declared = read(role, "meta/argument_specs.yml")["argument_specs"]
    assert [name for name in declared if not (role / f"tasks/{name}.yml").is_file()] == []


def test_the_first_task_refuses_a_wrong_site(role):
    assert "netstack.datacenter.stack_preflight" in read(role, "tasks/preflight.yml")[0]


@pytest.mark.parametrize("entry", ["main", "plan", "rollback"])
def test_what_touches_or_reads_a_host_begins_with_the_preflight(role, entry):
    first = read(role, f"tasks/{entry}.yml")[0]
    assert first.get("ansible.builtin.include_tasks", first.get("ansible.builtin.import_tasks")) == "preflight.yml"


def test_nothing_depends_on_check_mode_or_hides_a_failure(role):
    text = "".join(path.read_text() for path in (role / "tasks").glob("*.yml"))
    assert re.findall(r"ansible_check_mode|ignore_errors|failed_when: false", text) == []


def test_the_readme_is_short(role):
    assert len((role / "README.md").read_text().splitlines()) <= 150
