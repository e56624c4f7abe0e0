# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver does on a host that only Ansible's connection reaches: the action gives it one of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Completed:
    """What came of a command on the host."""

    rc: int
    stdout: str = ""
    stderr: str = ""


class Executor(Protocol):
    """A host behind Ansible's connection, whatever that is. What is lost on the way raises a ConnectError."""

    def module(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of a module on the host; a host that is away may be told by `unreachable` in it."""

    def command(self, text: str) -> Completed:
        """Return what a line for the host's shell came to."""

    def reconnect(self) -> None:
        """Let what comes next go over a new connection, which proves more than one that a change has left open."""
