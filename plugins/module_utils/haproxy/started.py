# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""With which words the unit starts HAProxy, so that a configuration is judged as the service reads it."""

from __future__ import annotations

import re
import shlex
from typing import Callable, Mapping, NamedTuple

__all__ = ["PROPERTIES", "Started", "started"]

#: What systemd is asked for.
PROPERTIES = "ExecStart,Environment,EnvironmentFiles"


class Started(NamedTuple):
    """Whether the unit runs a master with workers, the configurations (``-f``) that it names, and its environment."""

    master: bool = False
    files: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}

    def named_in(self, text: str) -> list[str]:
        """Return the variables that a configuration uses, as NAME=VALUE."""
        used = set(re.findall(r"\$\{?(\w+)", text))
        return [f"{name}={value}" for name, value in self.environment.items() if name in used]


def started(shown: str, read: Callable[[str], str]) -> Started:
    """Return how the unit starts HAProxy.

    Args:
        shown: systemd's properties of the unit; without any nothing is known.
        read: returns the text of a file, "" where there is none.
    """
    variables = _variables(shown, read)
    words = _words(shown, variables)
    files = tuple(value for option, value in zip(words, words[1:]) if option == "-f")
    return Started(bool({"-W", "-Ws"} & set(words)), files, variables)


def _words(shown: str, variables: Mapping[str, str]) -> list[str]:
    found = re.search(r"^ExecStart=.*?argv\[\]=([^;]*)", shown, re.MULTILINE)
    if not found:
        return []
    words: list[str] = []
    for word in found.group(1).split():
        whole = re.fullmatch(r"\$(\w+)", word)  # systemd splits its value into words
        if whole:
            words += variables.get(whole.group(1), "").split()
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda name: variables.get(name.group(1), ""), word))
    return words


def _variables(shown: str, read: Callable[[str], str]) -> dict[str, str]:
    """Return the environment of the unit; its files count more than the unit itself (systemd.exec)."""
    texts = re.findall(r"^Environment=(.*)$", shown, re.MULTILINE)
    texts += [read(path) for path in re.findall(r"^EnvironmentFiles=(\S+)", shown, re.MULTILINE)]
    pairs = [word.partition("=") for text in texts for word in _split(text)]
    return {name: value for name, equals, value in pairs if equals}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # a quote without its end, which systemd leaves out with a warning
        return []
