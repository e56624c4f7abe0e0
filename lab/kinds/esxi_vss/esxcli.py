# SPDX-License-Identifier: GPL-3.0-or-later
"""esxcli: how its command lines are read and its results printed; the commands register themselves here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .command import Options, RefusedError, Values, read
from .host import Host
from .releases import RELEASES
from .table import line_form, list_form, table_form

Run = Callable[[Host, Values], Any]
FORMS: dict[str, Callable[[Any], str]] = {
    "none": lambda _: "",
    "record": line_form,
    "records": list_form,
    "table": table_form,
}
COMMANDS: dict[str, tuple[Options, str, Run]] = {}


def command(path: str, options: Options, form: str = "none") -> Callable[[Run], Run]:
    """Register a command: its path, its options and the form of its output (none, record, records or table)."""

    def keep(function: Run) -> Run:
        COMMANDS[path] = (options, form, function)
        return function

    return keep


def run(host: Host, words: list[str]) -> str:
    """Run `esxcli`; give what it prints.

    Raises:
        RefusedError: the command is unknown or an option is wrong.
    """
    formatter = ""
    while words and words[0].startswith("--formatter"):
        _, glued, value = words[0].partition("=")
        formatter, words = (value, words[1:]) if glued else ((words[1:2] or [""])[0], words[2:])
    if formatter not in ("", "json"):
        raise RefusedError(f"SIM TEXT: the formatter {formatter} is not simulated")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    path = " ".join(words[:count])
    if path not in COMMANDS or not RELEASES[host.version].esxcli:
        raise RefusedError(f"Error: Unknown command or namespace {path}")
    options, form, function = COMMANDS[path]
    result = function(host, read(words[count:], options))
    if formatter == "json":
        return json.dumps(_json(result)) + "\n"
    return FORMS[form](result)


def _json(result: Any) -> Any:
    """Give a result with the names that the JSON formatter has: without blanks."""
    if isinstance(result, list):
        return [_json(each) for each in result]
    if isinstance(result, dict):
        return {name.replace(" ", ""): value for name, value in result.items()}
    return "" if result is None else result
