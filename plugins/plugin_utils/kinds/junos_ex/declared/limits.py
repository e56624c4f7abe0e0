# SPDX-License-Identifier: GPL-3.0-or-later
"""How many bundles, and how many members in one, a model has; the table is the platform's, the site reads it too."""

from __future__ import annotations

from ..platform import LOWEST, OFTEN, UNKNOWN, Limit, limit_of

__all__ = ["LOWEST", "OFTEN", "UNKNOWN", "Limit", "limit_of"]
