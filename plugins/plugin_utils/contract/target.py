# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a device is and how to log in: what the targets of all kinds have alike."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Target:
    """One device; None is what nobody has set, so that the default of the protocol holds."""

    host: str
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None
    host_key_checking: bool = field(default=True, kw_only=True)


def login(connection: object) -> dict[str, Any]:
    """Return what the target of a kind begins with, of a resolved connection."""
    return {each.name: getattr(connection, each.name) for each in fields(Target)}
