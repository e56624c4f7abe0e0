# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated switches as fixtures."""

from __future__ import annotations

from unit.junos.switches import lab, nonels, simulator

__all__ = ["lab", "nonels", "simulator"]
