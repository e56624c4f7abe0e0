# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run makes of free text in the variables of load balancers: the variable `stack_raw` decides."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError

from ..stack.finding import spoken
from ..stack.raw.suspect import Suspect
from ..stack.raw.variables import VARIABLES, suspects

VARIABLE = "stack_raw"
ALLOW, WARN, REFUSE = "allow", "warn", "refuse"
OF_SITE = "stack_raw_found"
"""What the inventory plugin found in the site's own text."""


def policy_of(value: Any) -> str:
    """Return what holds; a warning is the default.

    Raises:
        ValueError: it is none of the three.

    """
    policy = WARN if value is None else str(value)
    if policy not in (ALLOW, WARN, REFUSE):
        raise ValueError(f"{VARIABLE}: {policy!r} does not do here, it must be {ALLOW}, {WARN} or {REFUSE}")
    return policy


def of_host(variables: Mapping[str, Any], value_of: Callable[[str], Any]) -> list[str]:
    """Return what is suspect for a host: of its site, and of its roles' variables that the site does not derive.

    A variable that cannot be read yet (it takes facts, say) is left to the module's action, which judges all once more.
    """
    found = [str(line) for line in variables.get(OF_SITE) or ()]
    derived = variables.get("stack_derived") or {}
    for role, options in VARIABLES.items():
        names = {option: f"{role}_{option}" for option in options}
        known = {option: name for option, name in names.items() if name in variables and name not in derived}
        found += of_options(role, {option: _read(value_of, name) for option, name in known.items()})
    return found


def of_options(role: str, options: Mapping[str, Any]) -> list[str]:
    """Return what is suspect of the options of a role's module, each with the role's variable that it comes from."""
    return [
        _message((f"{role}_{path[0]}", *path[1:]), _place(text), suspect)
        for path, text, suspect in suspects(role, options)
    ]


def _read(value_of: Callable[[str], Any], name: str) -> Any:
    try:
        return value_of(name)
    except AnsibleError:
        return None


def _message(path: tuple[str | int, ...], place: str, suspect: Suspect) -> str:
    return f"{place}{spoken(path)}: {suspect} [RAW]"


def _place(text: str) -> str:
    """Return `file:line: ` as far as Ansible knows where text was written."""
    position = getattr(text, "ansible_pos", None) or _origin(text)  # the former up to ansible-core 2.18
    if not position or not position[0] or not position[1]:
        return ""
    file = os.path.relpath(position[0])
    return f"{position[0] if file.startswith(os.pardir) else file}:{position[1]}: "


def _origin(text: str) -> tuple[str | None, int | None] | None:
    """Return file and line from ansible-core 2.19 on."""
    try:
        from ansible._internal._datatag._tags import Origin
    except ImportError:
        return None
    found = Origin.get_tag(text)
    return (found.path, found.line_num) if found else None
