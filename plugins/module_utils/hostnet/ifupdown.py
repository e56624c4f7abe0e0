# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ifupdown of Debian reads (interfaces(5)): its files, and their stanzas, for whoever adds to them.

A stanza begins with one of the words below at the start of a line and reaches to the next one.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterator

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

from .commands import BackendError

INTERFACES = "/etc/network/interfaces"
_OF_DIRECTORY = re.compile(r"[A-Za-z0-9_-]+\Z")  # the only names that `source-directory` takes
_CLASSIC = re.compile(r"ifup version 0\.")
_BEGIN = ("iface", "mapping", "auto", "source", "source-directory", "no-auto-down", "no-scripts", "rename", "template")


@dataclass(frozen=True)
class Stanza:
    """One stanza: its word, the names after it, and all of its lines with their ends."""

    word: str
    names: tuple[str, ...]
    lines: tuple[str, ...]


def stanzas(text: str) -> list[Stanza]:
    """Return the stanzas of a file in their order; what stands before the first has the word ""."""
    found: list[Stanza] = [Stanza("", (), ())]
    continued = False
    for line in text.splitlines(True):
        words = line.split()
        begins = bool(words) and not continued and (words[0] in _BEGIN or words[0].startswith("allow-"))
        if begins:
            found.append(Stanza(words[0], tuple(words[1:2] if words[0] == "iface" else words[1:]), (line,)))
        else:
            last = found[-1]
            found[-1] = Stanza(last.word, last.names, (*last.lines, line))
        continued = line.rstrip("\n").endswith("\\")
    return found


def defined(text: str) -> list[str]:
    """Return the interfaces that have an `iface` stanza, each once, in their order."""
    return list(dict.fromkeys(name for stanza in stanzas(text) if stanza.word == "iface" for name in stanza.names))


def placed(main: Path) -> Iterator[tuple[str, Stanza]]:
    """Yield each stanza that ifupdown reads with its place, as file and line."""
    for path, text in read(main).items():
        number = 1
        for stanza in stanzas(text):
            yield f"{path}:{number}", stanza
            number += len(stanza.lines)


def of_interface(main: Path, interface: str) -> list[tuple[str, Stanza]]:
    """Return the stanzas that define an interface, with their places."""
    return [(place, each) for place, each in placed(main) if each.word == "iface" and interface in each.names]


def families(main: Path, interface: str) -> set[str]:
    """Return the families of addresses (inet, inet6) for which an interface is defined."""
    return {word for _place, stanza in of_interface(main, interface) for word in stanza.lines[0].split()[2:3]}


def require_classic(run: Run) -> None:
    """Raise BackendError where ifup is another program, whose hooks differ."""
    _rc, out, err = run(["ifup", "--version"])
    said = [*(out or err).strip().splitlines(), "nothing"][0]
    if not _CLASSIC.match(said):
        raise BackendError(
            f"ifup is not that of Debian's package ifupdown: it says {said!r} of its version; ifupdown2 and "
            "ifupdown-ng are other programs and not supported"
        )


def without(text: str, names: list[str]) -> str:
    """Return the text without the stanzas of some interfaces; other interfaces and comments between them stay."""
    return "".join(line for stanza in stanzas(text) for line in _kept(stanza, names))


def _kept(stanza: Stanza, names: list[str]) -> list[str]:
    listed = stanza.word == "auto" or stanza.word.startswith("allow-") or stanza.word.startswith("no-")
    if not set(stanza.names) & set(names) or not (listed or stanza.word == "iface"):
        return list(stanza.lines)
    left = [name for name in stanza.names if name not in names]
    head = [f"{stanza.word} {' '.join(left)}\n"] if left else []
    return head + _tail(list(stanza.lines[1:]))


def _tail(lines: list[str]) -> list[str]:
    """Return the comments after the last setting of a stanza that goes; they belong to what follows."""
    for number in range(len(lines), 0, -1):
        text = lines[number - 1].strip()
        if text and not text.startswith("#"):
            return lines[number:]
    return lines


def read(main: Path) -> dict[Path, str]:
    """Return the text of each file that ifupdown reads, by its path: the main one, then what is sourced."""
    found: dict[Path, str] = {}
    _read(main, found)
    return found


def _read(path: Path, found: dict[Path, str]) -> None:
    if path in found or not path.is_file():
        return
    found[path] = path.read_text(errors="replace")
    for pattern, names in _sourced(path, found[path]):
        for name in sorted(glob.glob(pattern)):
            if names.match(Path(name).name):
                _read(Path(name), found)


def _sourced(path: Path, text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the shell patterns of the files that a file sources, and what their names have to look like."""
    for stanza in stanzas(text):
        for name in stanza.names if stanza.word.startswith("source") else ():
            pattern = os.path.normpath(path.parent / name)
            if stanza.word == "source-directory":
                yield pattern + "/*", _OF_DIRECTORY
            else:
                yield pattern, re.compile("")


def reads(main: Path, path: Path) -> bool:
    """Tell whether ifupdown reads a file, or would once it is there."""
    patterns = [found for name, text in read(main).items() for found in _sourced(name, text)]
    return any(_matches(path, Path(pattern)) and bool(names.match(path.name)) for pattern, names in patterns)


def _matches(path: Path, pattern: Path) -> bool:
    return fnmatchcase(path.name, pattern.name) and fnmatchcase(str(path.parent), str(pattern.parent))
