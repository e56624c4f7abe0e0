# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a run keeps what it replaces, by its variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import job
from .store import Folder, StateError, Store
from .web import Access, Web

Variable = Callable[[str], Any]
"""Returns a variable of a host, None where there is none or an empty one."""

STATE, DEFAULT = "netstack_state", "~/.ansible/netstack"
RESTORE = "restore"


def is_url(where: str) -> bool:
    """Tell whether a store is reached by HTTP."""
    return where.startswith(("http://", "https://"))


def restore_of(variable: Variable) -> str:
    """Return where the restore points of an ESXi host or a vCenter are, as the role's default says it."""
    return str(variable("esxi_teaming_restore_dir") or f"{variable(STATE) or DEFAULT}/{RESTORE}")


def store_of(where: str, variable: Variable) -> Store:
    """Return the store.

    Raises:
        StateError: a URL that cannot be used.

    """
    if not is_url(where):
        return Folder(Path(where).expanduser().absolute())
    names = ("user", "password", "ca_file")
    return Web(where, Access(**{name: str(variable(f"{STATE}_{name}") or "") for name in names}))


def require_lasting(where: str, environment: Mapping[str, str]) -> None:
    """Refuse to keep something where no later job finds it.

    Raises:
        StateError: the folder goes with the container of this job.

    """
    if not is_url(where) and job.vanishes(Path(where).expanduser().absolute(), environment):
        raise StateError(f"{where} goes with the container of this job, and with it what a change replaces. {job.MEND}")
