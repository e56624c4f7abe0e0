# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which certificates HAProxy's configuration refers to: a file in use must not be removed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

__all__ = ["directories", "references"]

_WORDS = ("crt", "ca-file", "load", "ca-verify-file", "ssl-f-use")


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines of a configuration as words, with their numbers; comments and quotes are taken away."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = line.split()
        if words:
            found.append((number, words))
    return found


def _base(text: str) -> str:
    return next((words[1] for _number, words in _lines(text) if words[0] == "crt-base" and len(words) > 1), "")


def _arguments(words: list[str]) -> list[str]:
    return [after for word, after in zip(words, words[1:]) if word in _WORDS]


def references(text: str, path: str, name: str = "haproxy.cfg") -> list[str]:
    """Return where the configuration ``text`` (a file called ``name``) refers to the certificate at ``path``.

    Lists of certificates (``crt-list``) are read; a directory of certificates is no reference to one of its files.
    """
    base, wanted = _base(text), os.path.realpath(path)
    found = []
    for number, words in _lines(text):
        if any(os.path.realpath(os.path.join(base, word)) == wanted for word in _arguments(words)):
            found.append(f"{name}:{number}")
        lists = [after for word, after in zip(words, words[1:]) if word == "crt-list"]
        found += [hit for item in lists for hit in _in_list(item, base, wanted)]
    return found


def _in_list(path: str, base: str, wanted: str) -> list[str]:
    try:
        lines = _lines(Path(path).read_text(errors="replace"))
    except OSError:
        return []
    return [f"{path}:{number}" for number, words in lines if os.path.realpath(os.path.join(base, words[0])) == wanted]


def directories(text: str) -> list[str]:
    """Return the directories that HAProxy loads as a whole (``crt DIRECTORY``)."""
    base = _base(text)
    paths = [os.path.join(base, word) for _number, words in _lines(text) for word in _arguments(words)]
    return [os.path.realpath(path) for path in paths if os.path.isdir(path)]
