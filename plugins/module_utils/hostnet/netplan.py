# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What netplan says of an interface, and of files before they are in its folders."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Iterable, Iterator

from ansible_collections.netstack.datacenter.plugins.module_utils.service.files import File
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

from .commands import BackendError

__all__ = ["section", "translated"]

_FOLDERS = ("/etc/netplan", "/usr/lib/netplan", "/run/netplan")
_SECTIONS = ("ethernets", "bonds", "bridges", "vlans", "dummy-devices")


def section(run: Run, interface: str) -> str:
    """Return the section in which netplan defines an interface, "" where it does not."""
    name = interface.replace(".", "\\.")
    for each in _SECTIONS:
        rc, out, _err = run(["netplan", "get", f"network.{each}.{name}"])
        if rc == 0 and out.strip() not in ("", "null"):
            return each
    return ""


@contextlib.contextmanager
def translated(run: Run, files: Iterable[File]) -> Iterator[str]:
    """Have netplan translate a copy of all its files together with these; yield the root below which the result is.

    Raises BackendError with netplan's words.
    """
    root = tempfile.mkdtemp(prefix="netstack-netplan-", dir="/run")
    try:
        for folder in _FOLDERS:
            if Path(folder).is_dir():
                shutil.copytree(folder, root + folder)
        for file in files:
            _put(Path(root + file.path), file.content)
        rc, out, err = run(["netplan", "generate", "--root-dir", root])
        if rc != 0:
            raise BackendError(f"netplan generate (rc {rc}): {(err or out).strip()}")
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _put(copy: Path, content: bytes | None) -> None:
    if content is not None:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch(mode=0o600)
        copy.write_bytes(content)
    elif copy.exists():
        copy.unlink()
