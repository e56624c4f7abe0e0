# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of a task validated without what Ansible hangs on each value."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def validated(action: Any, spec: dict[str, Any], required_if: Any = None) -> dict[str, Any]:
    """Return the validated arguments of an action's task, with their defaults.

    From ansible-core 2.19 on every value carries where it comes from. The validation copies all of it deeply, and the
    worker sends it back with the result: a third of the processor time of a task with ten bundles. So the task keeps
    bare values; where they are refused, the given ones are validated again, for the message names their file and line.
    Each time with a copy of the specification, for Ansible writes defaults of suboptions into it.

    Raises:
        AnsibleActionFail: as `validate_argument_spec` does.

    """
    given = action._task.args
    found: dict[str, Any]
    action._task.args = plain(given)
    with suppress(Exception):
        _result, found = action.validate_argument_spec(argument_spec=copy.deepcopy(spec), required_if=required_if)
        return found
    action._task.args = given
    _result, found = action.validate_argument_spec(argument_spec=copy.deepcopy(spec), required_if=required_if)
    return found


def plain(value: Any) -> Any:
    """Return the value as Python's own types, as far as YAML and JSON have them."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return int(value) if isinstance(value, int) else float(value)
