# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which files HAProxy reads when it loads a configuration, and which proxies that one has."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import named_in

from .answers import SECTIONS

__all__ = ["files_read", "sections_named"]

#: Words before a path that HAProxy writes to, or that holds the state of a moment.
_NOT_READ = ("pidfile", "backing-file", "stats-file", "server-state-base", "server-state-file")
_FOLDERS = ("crt", "ca-file")
_BASED = {"crt": "crt-base", "load": "crt-base", "ca-file": "ca-base", "crl-file": "ca-base", "key": "key-base"}


def files_read(text: str) -> list[str]:
    """Return the files that HAProxy reads beside the configuration: certificates, maps, lists, pages, scripts."""
    whole = _with_bases(text)
    found = named_in(whole, _NOT_READ, _FOLDERS)
    lists = [path for path in re.findall(r"\scrt-list\s+(\S+)", whole) if path in found]
    named = "\n".join(f"crt {line}" for path in lists for line in Path(path).read_text(errors="replace").splitlines())
    return list(dict.fromkeys(found + named_in(_with_bases(f"{_bases_of(text)}\n{named}"))))


def _bases_of(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.split()[:1] and line.split()[0] in _BASED.values())


def _with_bases(text: str) -> str:
    """Return a configuration with the names of certificates made whole (``crt-base``, ``ca-base``)."""
    for word, setting in _BASED.items():
        base = re.search(rf"(?m)^\s*{setting}\s+(\S+)", text)
        if base:
            text = re.sub(rf"(?<=\s)({word}\s+)(?![/@])(?=\S)", rf"\g<1>{_escaped(base.group(1))}/", text)
    return text


def _escaped(folder: str) -> str:
    """Return a folder as the text of a substitution."""
    return folder.rstrip("/").replace("\\", r"\\")


def sections_named(text: str) -> set[str]:
    """Return the names that a configuration gives to its sections, of whatever kind."""
    lines = (line.split() for line in text.splitlines())
    return {words[1] for words in lines if len(words) > 1 and words[0] in SECTIONS}
