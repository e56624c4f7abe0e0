# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of devices: each is one package, or one file where it is declared only."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

ENDS = ("esxi_vss", "junos_ex")
"""The kinds whose links can be cut over: each has a module `end`, see contract.end."""


def ends() -> Mapping[str, Any]:
    """Return the modules `end` by kind; all that a session with a device needs is loaded with them."""
    return {name: import_module(f".{name}.end", __name__) for name in ENDS}
