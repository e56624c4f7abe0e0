# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a command line, and changes of a host by it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import host as networking
from .host import Host, Network
from .vmomi import vim

Values = dict[str, Any]
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class RefusedError(Exception):
    """The command is refused; the text is what the tool prints."""


@dataclass(frozen=True)
class Option:
    """One option: its letter, what its value is (`flag`: it has none), and whether it must be there."""

    letter: str
    kind: str = "text"
    needed: bool = False
    choices: tuple[str, ...] = ()


Options = dict[str, Option]


def read(words: list[str], options: Options) -> Values:
    """Read options in the forms `--name=value`, `--name value`, `-n value` and `-n=value`.

    Raises:
        RefusedError: one is unknown, misses its value or has a wrong one, or is needed and not there.
    """
    letters = {option.letter: name for name, option in options.items()}
    found: Values = {}
    left = list(words)
    while left:
        word, glued, value = left.pop(0).partition("=")
        name = word[2:] if word.startswith("--") else letters.get(word[1:], "") if word.startswith("-") else ""
        if name not in options:
            raise RefusedError(f"Error: Invalid option {word}")
        if options[name].kind == "flag":
            found[name] = True
            continue
        if not glued and not left:
            raise RefusedError(f"Error: {word} requires an argument")
        found[name] = _value(name, options[name], value if glued else left.pop(0))
    missing = [f"-{option.letter}|--{name}" for name, option in options.items() if option.needed and name not in found]
    if missing:
        raise RefusedError(f"Error: Missing required parameter {', '.join(missing)}")
    return found


def _value(name: str, option: Option, text: str) -> Any:
    """Give an option's value in its type."""
    if option.choices and text not in option.choices:
        raise RefusedError(f"Error: Invalid data constraint for parameter '--{name}': {text}")
    if option.kind == "bool" and text.lower() not in WORDS:
        raise RefusedError(f"Error: Invalid value for argument --{name}: {text} is not a boolean")
    if option.kind == "number" and not text.isdigit():
        raise RefusedError(f"Error: Invalid value for argument --{name}: {text} is not a number")
    if option.kind == "list":
        return [each for each in text.split(",") if each]
    return WORDS[text.lower()] if option.kind == "bool" else int(text) if option.kind == "number" else text


def change(host: Host, edit: Callable[[Network], None]) -> None:
    """Change a draft of the networking; what is wrong leaves the host as it is."""
    draft = host.draft()
    edit(draft)
    host.replace(draft)


def edit_switch(host: Host, name: str, edit: Callable[[Any], None]) -> None:
    """Change a virtual switch's specification."""

    def apply(net: Network) -> None:
        spec = copy.deepcopy(switch(net, name))
        edit(spec)
        networking.update_switch(host, net, name, spec)

    change(host, apply)


def edit_group(host: Host, name: str, edit: Callable[[Any], None]) -> None:
    """Change a port group's specification."""

    def apply(net: Network) -> None:
        spec = copy.deepcopy(group(net, name))
        edit(spec)
        networking.update_group(host, net, name, spec)

    change(host, apply)


def switch(net: Network, name: str) -> Any:
    """Give a virtual switch's specification.

    Raises:
        NotFound: there is none of that name.
    """
    if name not in net.switches:
        raise vim.fault.NotFound(msg=f"Unable to find vswitch {name}")
    return net.switches[name]


def group(net: Network, name: str) -> Any:
    """Give a port group's specification.

    Raises:
        NotFound: there is none of that name.
    """
    if name not in net.groups:
        raise vim.fault.NotFound(msg=f"Unable to find portgroup {name}")
    return net.groups[name]
