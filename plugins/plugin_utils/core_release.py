# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse an ansible-core that is too old: ansible-core itself only warns of `requires_ansible`, and goes on."""

from __future__ import annotations

import re

from ansible.release import __version__

MINIMUM = "2.17.0"
"""As in meta/runtime.yml."""


def too_old(release: str = __version__) -> str:
    """Return why this release is refused; nothing where it is new enough."""
    if _numbers(release) >= _numbers(MINIMUM):
        return ""
    return (
        f"ansible-core {release} is too old: netstack.datacenter needs {MINIMUM} or newer, and was never tried with "
        "this one. No device was contacted. Install a newer ansible-core."
    )


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", release)[:2])
