# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which Pound a host has or could have, and whether that is one whose configuration this role writes. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["CHOICES", "OLDEST", "Release", "major_of", "unusable"]

OLDEST = 4
_YAML = 3
CHOICES = (
    "Choose one of these: (1) let HAProxy end TLS itself (a bind with tls; in the site tls.at: haproxy), which saves a "
    "hop and reloads without a lost request; (2) hitch with PROXY v2 in front of HAProxy (a bind with accept_proxy), "
    "which every release has; (3) a release that has Pound 4 (Debian 13, Ubuntu 26.04); (4) a package file of Pound 4 "
    "that fits this host, named in pound_package_file"
)


class Release(NamedTuple):
    """A version of Pound and where it is: installed, file (pound_package_file) or candidate (what apt would install).

    The version is empty where there is none.
    """

    version: str
    origin: str


def major_of(version: str) -> int:
    """Return the first number of a program's or package's version, 0 where there is none."""
    found = re.match(r"(?:[0-9]+:)?([0-9]{1,9})", version)
    return int(found.group(1)) if found else 0


def unusable(release: Release, lists: bool) -> str:
    """Return why this release cannot be used, with the choices that are left; "" where it can.

    Args:
        release: what the host has or would get.
        lists: whether apt has its package lists, without which it knows no candidate.
    """
    if major_of(release.version) >= OLDEST:
        return ""
    if release.origin == "candidate" and not release.version:
        if not lists:
            return (
                f"apt has no package lists here; run apt-get update first. Should there be no Pound 4 then: {CHOICES}."
            )
        return f"this host's distribution has no package of Pound, as Debian 12 and Ubuntu 24.04. {CHOICES}."
    where = {
        "installed": "installed here",
        "file": "in pound_package_file",
        "candidate": "what this host's distribution has",
    }[release.origin]
    why = f"Pound {release.version or '(not a version)'} is {where}, and this role writes the configuration of Pound 4"
    if major_of(release.version) == _YAML:
        why += "; Pound 3 reads YAML and refuses it"
    return f"{why}. {CHOICES}."
