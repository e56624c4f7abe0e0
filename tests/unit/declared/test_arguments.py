# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments are validated as bare values, and refused with the given ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.release import __version__

from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.arguments import plain, validated
from unit.stack.real_ansible import run


class _Text(str):
    """Stands for what Ansible makes of a text."""


class _Number(int):
    """Stands for what Ansible makes of a number."""


class _Mapping(dict[Any, Any]):
    """Stands for what Ansible makes of a mapping."""


class _Action:
    """Validates nothing; remembers what it was shown."""

    class _Task:
        args: Any

    def __init__(self, args: Any, refuse: bool = False) -> None:
        self._task, self.refuse = self._Task(), refuse
        self._task.args, self.shown = args, list[Any]()

    def validate_argument_spec(self, argument_spec: Any, required_if: Any) -> tuple[None, Any]:
        self.shown.append(self._task.args)
        if self.refuse:
            raise ValueError(argument_spec)
        return None, self._task.args


def _types(value: Any) -> set[type]:
    found = {type(value)}
    for each in [*value.keys(), *value.values()] if isinstance(value, dict) else value if type(value) is list else []:
        found |= _types(each)
    return found


def test_nothing_is_left_but_pythons_own_types() -> None:
    """Texts, numbers and mappings of any class become plain ones of the same value; truth values stay."""
    given = _Mapping({_Text("a"): [_Number(1), (True, None)], "b": _Mapping(c=1.5)})
    assert plain(given) == {"a": [1, [True, None]], "b": {"c": 1.5}}
    assert _types(plain(given)) == {dict, str, list, int, bool, type(None), float}


def test_the_task_keeps_its_arguments_as_bare_values() -> None:
    """They go back with the result, and with them whatever hangs on them."""
    action = _Action(_Mapping(a=_Text("b")))
    assert type(validated(action, {})["a"]) is str
    assert action._task.args == {"a": "b"}
    assert _types(action._task.args) == {dict, str}


def test_a_refusal_is_made_with_the_given_arguments() -> None:
    """They know their file and line; afterwards the task has them still."""
    given = _Mapping(a=_Text("b"))
    action = _Action(given, refuse=True)
    with pytest.raises(ValueError, match="a"):
        validated(action, {"a": {}})
    assert action.shown[-1] is given and action._task.args is given


def test_the_message_names_file_and_line(tmp_path: Path) -> None:
    """Seen with the real ansible-playbook: an unknown option of a task, where it stands."""
    play = [
        {"hosts": "localhost", "gather_facts": False, "tasks": [{"netstack.datacenter.junos_lag": {"bundels": {}}}]}
    ]
    book = tmp_path / "play.yml"
    book.write_text(yaml.safe_dump(play))
    ran = run(tmp_path, "ansible-playbook", "-i", "localhost,", str(book))
    assert ran.returncode == 2
    said = ran.stdout + ran.stderr
    assert "module: bundels" in said
    assert "caused by" not in said
    tells_places = tuple(int(part) for part in __version__.split(".")[:2]) >= (2, 19)
    assert (str(book) in said) is tells_places
