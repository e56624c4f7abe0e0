# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a package brings: the version that apt would install, and configuration files, which are nobody's wish."""

from __future__ import annotations

import hashlib
import re

from .systemd import Run

__all__ = ["as_packaged", "candidate"]


def candidate(run: Run, package: str) -> str:
    """Return the version that apt would install, "" where it knows none."""
    text = run(["env", "LC_ALL=C", "apt-cache", "policy", package])[1]
    found = re.search(r"Candidate: ([0-9][^ \n]*)", text)
    return found.group(1) if found else ""


def as_packaged(run: Run, package: str, path: str, text: str) -> bool:
    """Tell whether ``text`` is what the package brings as its configuration file ``path``, by dpkg's own digest.

    Where the package is not installed, or not by dpkg, nothing is.
    """
    listing = run(["dpkg-query", "--show", "--showformat=${Conffiles}", package])[1]
    found = re.search(rf"^\s*{re.escape(path)} ([0-9a-f]{{32}})", listing, re.MULTILINE)
    digest = hashlib.md5(text.encode()).hexdigest()  # what dpkg keeps
    return bool(found and found.group(1) == digest)
