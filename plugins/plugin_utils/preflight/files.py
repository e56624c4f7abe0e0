# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys that lie where Ansible takes each file for an inventory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_SUFFIXES = (".pfx", ".p12", ".pem", ".crt", ".cer", ".der", ".key")


def findings(sources: Iterable[str], ignored: re.Pattern[bytes]) -> list[str]:
    """Return a warning where such files are in an inventory directory; `ignored` are names that Ansible passes over.

    Ansible shows pieces of a file that it cannot read; the lines of a PEM file may become hosts.
    """
    found = [str(file) for source in sources for file in _read(Path(source), ignored) if file.suffix in _SUFFIXES]
    if not found:
        return []
    return [
        f"{', '.join(found)}: Ansible takes each file of an inventory directory for an inventory and shows pieces of "
        "it; move certificates and keys out of it, for example to ../files, and name them so in the site"
    ]


def _read(directory: Path, ignored: re.Pattern[bytes]) -> Iterator[Path]:
    """Yield the files of a directory, and of those in it, as Ansible does; a source that is no directory has none."""
    for root, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not ignored.search(name.encode()))
        yield from (Path(root, name) for name in sorted(files) if not ignored.search(name.encode()))
