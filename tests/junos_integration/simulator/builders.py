# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated switch as a test sees it, and a PyEZ session."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unit.lab_junos.builders import BUNDLE, MODE

from kinds.junos_ex.client import Simulator

with contextlib.suppress(ImportError):
    import ncclient.transport.session

    ncclient.transport.session.TICK = 0.01  # ncclient waits that long before each request; the tests need not


@dataclass
class Switch:
    """One simulated switch, as a test sees it."""

    simulator: Simulator
    name: str

    @property
    def port(self) -> int:
        return self.simulator.port(self.name)

    @property
    def mode(self) -> str:
        return MODE[self.name]

    @property
    def bundle(self) -> str:
        return BUNDLE.replace("MODE", self.mode)

    def control(self, op: str, **arguments: Any) -> Any:
        return self.simulator.control(op, switch=self.name, **arguments)

    def committed(self) -> str:
        return str(self.control("configuration"))

    def rpcs(self) -> list[str]:
        return [str(entry["rpc"]) for entry in self.control("log")]


def connect(switch: Switch, **more: Any) -> Any:
    """Open a PyEZ session."""
    from jnpr.junos import Device

    device = Device("127.0.0.1", port=switch.port, user="lab", password="lab123", gather_facts=False, **more)
    device.open()
    return device


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait up to ten seconds."""
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def wait_until_gone(switch: Switch) -> None:
    """Wait until the switch has noticed that all its sessions have ended."""
    wait_for(lambda: not switch.control("status")["sessions"])
