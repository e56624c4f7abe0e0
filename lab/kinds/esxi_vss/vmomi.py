# SPDX-License-Identifier: GPL-3.0-or-later
"""pyVmomi's namespaces. Its types are made at run time, and its stubs leave constructors untyped: here they are Any."""

from __future__ import annotations

import importlib
from typing import Any

_library: Any = importlib.import_module("pyVmomi")
vim: Any = _library.vim
vmodl: Any = _library.vmodl
SoapAdapter: Any = importlib.import_module("pyVmomi.SoapAdapter")
VmomiSupport: Any = importlib.import_module("pyVmomi.VmomiSupport")
