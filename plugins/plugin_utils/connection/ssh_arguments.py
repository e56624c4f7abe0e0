# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of OpenSSH's client that Ansible hands on, read as that client reads them."""

from __future__ import annotations

import getopt
import re
import shlex
from collections.abc import Iterable

_LETTERS = "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy"
"""The options of ssh(1), as its getopt has them."""
_NAMES = {"-J": "proxyjump", "-i": "identityfile", "-F": "config", "-l": "user", "-p": "port"}
_OPTION = re.compile(r"\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*", re.DOTALL)


def read(arguments: str) -> list[tuple[str, str]]:
    """Return the options that have a name in ssh_config(5), in lower case, with their values, in their order.

    Raises:
        ValueError: the arguments are not quoted as a shell would want it, or ssh has no such option.

    """
    try:
        found, _rest = getopt.getopt(shlex.split(arguments), _LETTERS)
    except (getopt.GetoptError, ValueError) as error:
        raise ValueError(f"The SSH arguments {arguments!r} cannot be read: {error}.") from None
    return [pair for letter, value in found for pair in _named(letter, value)]


def _named(letter: str, value: str) -> list[tuple[str, str]]:
    option = _OPTION.fullmatch(value) if letter == "-o" else None
    if option is not None:
        return [(option[1].lower(), option[2].strip('"'))]
    return [(_NAMES[letter], value)] if letter in _NAMES else []


def shown(via: str) -> str:
    """Return a jump for people: its hosts; of a ProxyCommand, which may hold a password, that it is one."""
    return via if via and re.fullmatch(r"\S+", via) else "a ProxyCommand"


def proxy(options: Iterable[tuple[str, str]]) -> str:
    """Return the jump host or the ProxyCommand; the first of either counts (ssh_config(5)), and `none` is none."""
    found = next((value for name, value in options if name in ("proxyjump", "proxycommand")), "none")
    return "" if found.lower() == "none" else found
