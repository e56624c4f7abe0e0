# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declaration or a device, where the cut-over looks for it; it stands in contract/finding."""

from __future__ import annotations

from ..contract.finding import Finding, RefusalError

__all__ = ["Finding", "RefusalError"]
