# SPDX-License-Identifier: GPL-3.0-or-later
"""pyVmomi, imported so that its absence is a message and not a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

MISSING = ""

if TYPE_CHECKING:
    SoapAdapter: Any
    VmomiSupport: Any
    vim: Any
    vmodl: Any
else:
    try:
        from pyVmomi import SoapAdapter, VmomiSupport, vim, vmodl
    except ImportError as error:
        SoapAdapter, VmomiSupport, vim, vmodl, MISSING = None, None, None, None, str(error)

__all__ = ["MISSING", "SoapAdapter", "VmomiSupport", "vim", "vmodl"]
