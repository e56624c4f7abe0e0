# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of one site: `stack.yml`, and the folder that its key `site` names; put together, each section once."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import reading
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import (
    Fault,
    Finding,
    Path,
    Place,
    Positions,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import (
    LATER_SECTIONS,
    PROFILE_SECTIONS,
    SECTIONS,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.reader import (
    Document,
    duplicate_key,
    file_unreadable,
    not_a_mapping,
)

GATHERED = (*SECTIONS, *PROFILE_SECTIONS.values())
_HEAD = ("plugin", "site")


@reading("LATER_SECTION")
def later_section(name: str) -> str:
    """A section of the design that this version does not know yet.

    Breaks: it would be ignored, and its author would believe that it is checked and applied.
    Why: nlb and nat come with later versions.
    Mend: remove it until the collection's changelog says that it is there.
    """
    return (
        f"{name} is planned but not there yet, and a section that is accepted and ignored would deceive you; remove "
        "it for now"
    )


@reading("UNKNOWN_SECTION")
def unknown_section(name: str) -> str:
    """A section that no version knows.

    Breaks: everything below a misspelt section would be ignored.
    Why: unknown keys are errors on every level.
    Mend: correct the name.
    """
    close = difflib.get_close_matches(name, GATHERED, 1)
    mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(GATHERED)}"
    return f"{name!r} is no section of a site, so everything below it would be ignored; {mend}"


@reading("SITE_FOLDER")
def site_folder(folder: str, problem: str) -> str:
    """The folder that `site` names is not usable.

    Breaks: the site has no content; or with `-i DIRECTORY` Ansible would read each of its files as an inventory.
    Why: Ansible parses every file below an inventory directory.
    Mend: name an existing folder outside the directory of stack.yml, relative to it, for example ../../sites/berlin.
    """
    return (
        f"the folder {folder!r} {problem}; name one outside the directory of stack.yml, relative to it, like "
        "../../sites/berlin"
    )


@dataclass
class Sources:
    """The sections of a site as plain data."""

    shown: str
    base: FilePath
    sections: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in GATHERED})
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no places but the file itself."""
        self.positions = Positions(Place(self.shown, 0))

    def report(self, rule: str, path: Path, place: Place, text: str) -> None:
        """Add an error of the reader."""
        self.findings.append(Finding(rule, "error", place, Fault(path, text)))


def read_sources(stack: FilePath, base: FilePath) -> Sources:
    """Read all files of the site that `stack` declares; messages name files relative to `base`."""
    sources = Sources(_shown(stack, base), base)
    head = _take(stack, sources, top=True)
    folder = head.get("site")
    if folder is not None:
        for file in _folder_files(stack, folder, sources):
            _take(file, sources, top=False)
    return sources


def _shown(file: FilePath, base: FilePath) -> str:
    relative = os.path.relpath(file, base)
    return str(file) if relative.startswith("..") else relative


def _take(file: FilePath, sources: Sources, *, top: bool) -> dict[str, Any]:
    shown = _shown(file, sources.base)
    positions = Positions(Place(shown, 0))
    document = Document(file, shown, positions)
    sources.findings += document.findings
    for name, content in document.data.items():
        if name in GATHERED:
            _merge_section(name, content, positions, sources)
        elif name in LATER_SECTIONS:
            sources.report("LATER_SECTION", (name,), positions.at((name,)), later_section(name))
        elif not (top and name in _HEAD):
            sources.report("UNKNOWN_SECTION", (name,), positions.at((name,)), unknown_section(name))
    if top:
        sources.positions.take(positions, ("site",))
    return document.data


def _merge_section(section: str, content: Any, positions: Positions, sources: Sources) -> None:
    if content is None:
        return
    if not isinstance(content, dict):
        kind = "a list" if isinstance(content, list) else "one value"
        sources.report("NOT_A_MAPPING", (section,), positions.at((section,)), not_a_mapping(kind))
        return
    for name, value in content.items():
        path = (section, name)
        first = sources.positions.exact(path)
        if first is not None:
            sources.report("DUPLICATE_KEY", path, positions.at(path), duplicate_key(name, first))
            continue
        sources.sections[section][name] = value
        sources.positions.take(positions, path)


def _folder_files(stack: FilePath, folder: object, sources: Sources) -> Iterator[FilePath]:
    place = sources.positions.at(("site",))
    if not isinstance(folder, str) or not folder:
        sources.report("SITE_FOLDER", ("site",), place, site_folder(str(folder), "is no path"))
        return
    home = FilePath(os.path.realpath(stack.parent))
    path = FilePath(os.path.realpath(home / folder))
    if path == home or home in path.parents:
        problem = "lies inside the inventory directory, where Ansible reads every file as an inventory"
        sources.report("SITE_FOLDER", ("site",), place, site_folder(folder, problem))
        return
    files = sorted(file for file in path.rglob("*") if file.suffix in (".yml", ".yaml") and file.is_file())
    if not path.is_dir() or not files:
        problem = "has no .yml file" if path.is_dir() else "does not exist"
        sources.report("SITE_FOLDER", ("site",), place, site_folder(folder, problem))
    yield from files


__all__ = ["GATHERED", "Sources", "file_unreadable", "read_sources"]
