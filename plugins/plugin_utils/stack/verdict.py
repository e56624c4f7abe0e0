# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the first task of every role and playbook decides from the variables that a host really has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .digest import digest
from .stored import ASK, NOT_OF_SITE, OPTION, other_site

PLUGIN_NAME = "netstack.datacenter.stack"
SOURCE_SUFFIXES = ("stack.yml", "stack.yaml")
_PLUGIN_LINE = re.compile(rf"^[^#\n]*\bplugin['\"]?\s*:\s*['\"]?{re.escape(PLUGIN_NAME)}\b", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHOWN = 100
"""Characters of a line that a message repeats."""
_VARIABLE_DIRECTORIES = {"group_vars", "host_vars"}


@dataclass
class Verdict:
    """The findings for one host; it may be touched only when `errors` is empty."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waived: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    of_site: bool = False
    """The errors are those of the site, so every host has the same ones."""


def names_our_plugin(path: Path) -> bool:
    """Tell whether the file's text has our `plugin:` line; the text, because broken YAML must be recognised too."""
    try:
        return _PLUGIN_LINE.search(path.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False


def declared_sites(sources: Iterable[str]) -> Iterator[Path]:
    """Yield the stack files among the inventory sources, with directories searched as Ansible searches them."""
    for source in sources:
        path = Path(source)
        if path.is_file():
            candidates = [path]
        elif path.is_dir():
            candidates = [file for file in _walk(path) if file.name.endswith(SOURCE_SUFFIXES)]
        else:
            candidates = []
        yield from (file for file in candidates if file.suffix in (".yml", ".yaml") and names_our_plugin(file))


def _walk(directory: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in _VARIABLE_DIRECTORIES and not name.startswith("."))
        yield from (Path(root, name) for name in sorted(files) if not name.startswith("."))


def judge(variables: Mapping[str, Any]) -> Verdict:
    """Judge the raw (untemplated) variables of one task."""
    verdict = judge_site(variables)
    verdict.warnings += [str(warning) for warning in variables.get("stack_warnings") or []]
    verdict.notes += [str(note) for note in variables.get("stack_notes") or []]
    verdict.waived += [str(waiver) for waiver in variables.get("stack_waived") or []]
    if not verdict.errors and other_site(variables):
        verdict.errors.append(
            f"{variables.get('inventory_hostname', 'this host')}: {NOT_OF_SITE}, so nothing that is declared concerns "
            f"it. {OPTION} {ASK}"
        )
    if not verdict.errors:
        _compare(variables, verdict)
    return verdict


def judge_site(variables: Mapping[str, Any]) -> Verdict:
    """Judge what holds for all hosts alike: that the site was read, and without errors."""
    errors = [str(error) for error in variables.get("stack_errors") or []] or dropped_sites(variables)
    return Verdict(errors=errors, of_site=bool(errors))


def dropped_sites(variables: Mapping[str, Any]) -> list[str]:
    """Find stack files that Ansible dropped with a mere warning.

    A syntax error inside `stack.yml` itself never reaches our plugin: `auto`, which looks for the `plugin` key, cannot
    parse the file either, and ansible-core goes on with the other sources and exit status 0.
    """
    seen = {os.path.realpath(str(name)) for name in variables.get("stack_sources") or []}
    return [
        f"{path}{_why_dropped(path)}"
        for path in declared_sites(str(name) for name in variables.get("ansible_inventory_sources") or [])
        if os.path.realpath(path) not in seen
    ]


def _why_dropped(path: Path) -> str:
    """Return the line at which the file stops being YAML, and its text; or what else keeps Ansible from reading it."""
    said = "it declares a site, but Ansible could not read it and went on without it, so nothing of it was checked"
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        lines = [*text.splitlines(), ""]
        shown = lines[min(line, len(lines) - 1)].strip()[:_SHOWN]
        problem = error.problem or error.context
        return f":{line + 1}: {said}; it is no YAML ({problem}): mend `{shown}` or the line before it"
    except yaml.YAMLError as error:
        return f": {said}; it is no YAML: {error}"
    return f": {said}; let enable_plugins (ansible.cfg) have netstack.datacenter.stack, or auto"


def _compare(variables: Mapping[str, Any], verdict: Verdict) -> None:
    derived = variables.get("stack_derived") or {}
    for name in sorted(derived):
        verdict.checked.append(str(name))
        if name not in variables or not _same(variables[name], derived[name]):
            verdict.errors.append(
                f"{name}: its value is not the one derived from the declared site: host_vars, -e, a role parameter or "
                "another inventory source overrides it, so this host would no longer fit its other end; "
                f"remove `{name}` there and declare the wish in the site"
            )


def _same(value: object, expected: object) -> bool:
    try:
        return digest(value) == expected
    except (TypeError, ValueError):
        return False
