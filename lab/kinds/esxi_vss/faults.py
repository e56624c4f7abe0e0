# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong at a host or a vCenter, beyond what can at any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from device import faults

from .vmomi import vim, vmodl


@dataclass
class Fault(faults.Fault):
    """One fault, at a SOAP method's name (or `esxcli`, `vim-cmd` for a command over SSH) or `*`.

    `when` is also `after`: the host has acted, the answer is not sent. `what` is also: answer with a `page` of HTML as
    a proxy between does, or answer a `fault`: its type as in the vSphere API (`HostConfigFault`) with the text
    `message`; one of rights (`NoPermission`) names `privilege` and `thing`, an object by its type and id
    (`Folder:group-d1`).
    """

    CALLED: ClassVar[str] = "method"
    MOMENTS: ClassVar[tuple[str, ...]] = ("before", "after")
    ACTIONS: ClassVar[tuple[str, ...]] = ("drop", "hold", "delay", "fault", "page")

    message: str = "by request"
    method: str = "*"
    fault: str = ""
    privilege: str = ""
    thing: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what == "fault":
            self.made()

    def made(self) -> Any:
        """Make the fault that is answered."""
        for place in (vim.fault, vmodl.fault):
            kind = getattr(place, self.fault, None)
            if self.fault and kind is not None:
                return kind(msg=self.message, **self._rights())
        raise ValueError(f"the vSphere API has no fault {self.fault}")

    def _rights(self) -> dict[str, Any]:
        kind, _, name = self.thing.partition(":")
        thing = {"object": getattr(vim, kind)(name)} if self.thing else {}
        return thing | ({"privilegeId": self.privilege} if self.privilege else {})


@dataclass
class Faults(faults.Faults[Fault]):
    """All that is set to go wrong at one host or vCenter; `slow` is the seconds that every call takes."""

    slow: float = 0

    def clear(self) -> None:
        """Take all faults away."""
        self.slow = 0
        super().clear()
