# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets reach a node: those that its declaration names, and of the others only that they are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["only"]


def only(secrets: Mapping[str, Any], wanted: list[Any]) -> dict[str, Any]:
    """Return the secrets with the values of those alone that are wanted; messages name the others, too."""
    return {name: value if name in wanted else "" for name, value in secrets.items()}
