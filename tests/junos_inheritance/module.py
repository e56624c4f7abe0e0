# SPDX-License-Identifier: GPL-3.0-or-later
"""The module junos_lag run by its own action plugin in this process, and what it made of a simulated switch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from unit.junos.switches import Lab

from ansible_collections.netstack.datacenter.plugins.action.junos_lag import ActionModule

from .expander import Precedence, effective
from .reader import from_text

MODELS = {
    "els": "ex4300-48t:2",
    "nonels": "ex4200-48t:2",
    "old": "ex3300-48t:2",
    "old-els": "ex4300-24t",
    "channels": "ex4650-48y",
}
PRECEDENCE: dict[str, Precedence] = {name: "override" if name.startswith("old") else "append" for name in MODELS}
"""By the name of the switch: those called old have a release before 14.1X53-D15."""
WAITING = {"timeout": 5, "interval": 0.2}


def run(connection: dict[str, Any], check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return the result of one task."""
    loader = DataLoader()
    variables = {"inventory_hostname": "switch", **connection}
    task = SimpleNamespace(
        args=arguments,
        async_val=0,
        check_mode=check_mode,
        delegate_to=None,
        port=None,
        remote_user=None,
        action="netstack.datacenter.junos_lag",
        environment=None,
        diff=True,
    )
    shell = SimpleNamespace(tmpdir="/nowhere")
    connected = SimpleNamespace(transport="local", _shell=shell)
    action = ActionModule(task, connected, SimpleNamespace(password=None), loader, Templar(loader), None)
    return action.run(task_vars=variables)


@dataclass(frozen=True)
class Done:
    """What a task did to a switch: its result, and by the judge's expander what takes effect since and no more."""

    result: dict[str, Any]
    gained: frozenset[str]
    lost: frozenset[str]
    lines: list[str] = field(default_factory=list)

    @property
    def refused(self) -> str:
        """Return why it was refused or failed, in the module's words."""
        return str(self.result["msg"]) if self.result.get("failed") else ""


@dataclass
class Switch:
    """A simulated switch under the module and the judge."""

    lab: Lab
    precedence: Precedence

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.lab.target.port,
            "ansible_user": "lab",
            "ansible_password": "lab123",
            "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={self.lab.simulator.known_hosts}",
        }

    def has(self, lines: str | Iterable[str]) -> None:
        """Let the switch run this configuration and no other; each port has a far end that speaks LACP."""
        text = lines if isinstance(lines, str) else "\n".join(lines)
        self.lab.control("reset", set="\n".join(line.strip() for line in text.splitlines()))

    def effective(self) -> frozenset[str]:
        """Return what takes effect."""
        text = self.lab.control("configuration", database="committed", format="xml")
        return effective(from_text(text), self.precedence)

    def run(self, check_mode: bool = False, **arguments: Any) -> Done:
        """Run a task, and say what it changed."""
        before = self.effective()
        result = run(self.connection, check_mode, **{"verify": WAITING, **arguments})
        after = self.effective()
        return Done(result, after - before, before - after, self.lab.lines())
