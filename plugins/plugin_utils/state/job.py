# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the disk of this process vanishes with its job, as that of an AWX job's container does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

MEND = (
    "Set netstack_state to a folder that is mounted into the job, or to the URL of a WebDAV folder "
    "(docs/state.md), so that a later job can take this one back."
)


def in_job(environment: Mapping[str, str]) -> bool:
    """Tell whether AWX runs this: it says its own address and the job's id."""
    names = ("JOB_ID", "AWX_PRIVATE_DATA_DIR")
    return bool(environment.get("AWX_HOST")) or all(environment.get(name) for name in names)


def vanishes(folder: Path, environment: Mapping[str, str], is_mount: Callable[[Path], bool] = os.path.ismount) -> bool:
    """Tell whether a folder goes with the job: it is below what AWX makes for it, and nothing is mounted there."""
    if not in_job(environment):
        return False
    names = ("HOME", "AWX_PRIVATE_DATA_DIR", "AWX_ISOLATED_DATA_DIR")
    made = [Path(environment[name]) for name in names if environment.get(name)]
    roots = [each.resolve() for each in (*made, Path("/runner"), Path(tempfile.gettempdir()))]
    whole = folder.resolve()
    below = [root for root in roots if whole.is_relative_to(root)]
    return any(not any(is_mount(each) for each in _between(root, whole)) for root in below)


def _between(root: Path, folder: Path) -> list[Path]:
    """Return the folders below a root on the way to a folder, that one too."""
    return [each for each in (folder, *folder.parents) if each != root and each.is_relative_to(root)]
