# SPDX-License-Identifier: GPL-3.0-or-later
"""The product's session at a simulated switch in this process: its requests are answered without SSH between them."""

from __future__ import annotations

from typing import Any

from lxml import etree

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import (
    Finding,
    RefusalError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.gather import structured
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared.declaration import read
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import plan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import refuse_differences
from junos import control, factory
from junos.device import Device, Options
from junos.device import Session as Login
from junos.dispatch import Call, answer
from junos.errors import CommitError, JunosError
from junos.netconf import Lab

from .expander import Precedence, effective
from .reader import from_text


class Memory(Session):
    """A session whose requests are answered at once."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.lab = Lab({device.name: device})
        now = device.clock.now()
        self.login = Login(1, "lab", now, now)

    def _asked(self, request: str) -> Any:
        reply = answer(Call(self.device, self.login, etree.fromstring(request), self.lab))
        texts = [etree.tostring(part, encoding="unicode") for part in reply.content]
        if reply.failed or "<error-severity>error" in "".join(texts):
            raise AssertionError(f"{request}\n{''.join(texts)}")
        return _bare(reply.content[0]) if reply.content else None

    def committed(self) -> Any:
        return self._asked('<get-configuration database="committed"/>')

    def candidate(self) -> Any:
        return self._asked('<get-configuration database="candidate"/>')

    def inherited(self, database: str = "committed") -> Any:
        shown = 'inherit="inherit" groups="groups" interface-ranges="interface-ranges"'
        return self._asked(f'<get-configuration database="{database}" {shown}/>')

    def load(self, xml: str) -> None:
        self._asked(f'<load-configuration action="merge">{xml}</load-configuration>')


def _bare(element: Any) -> Any:
    """Return an element as ncclient hands it on: names without their namespaces."""
    found = etree.fromstring(etree.tostring(element))
    for node in found.iter():
        node.tag = etree.QName(node).localname
        for name in list(node.attrib):
            value = node.attrib.pop(name)
            node.set(etree.QName(name).localname, value)
    etree.cleanup_namespaces(found)
    return found


class RefusedError(Exception):
    """The product refuses, with these findings."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


class Switch:
    """A simulated switch, the product at work on it, and what the judge says takes effect there."""

    def __init__(self, model: str, fpcs: int, lines: tuple[str, ...], precedence: Precedence) -> None:
        self.device = factory.make("switch", model, fpcs, "\n".join(lines))
        self.session = Memory(self.device)
        self.precedence = precedence

    @property
    def sane(self) -> bool:
        """Tell whether the switch itself would commit what it has."""
        try:
            self.device.commit(self.session.login, Options(check=True))
        except JunosError:
            return False
        return True

    def shown(self, inherit: bool = False) -> str:
        return control.configuration(self.session.lab, "switch", format="xml", **({"inherit": True} if inherit else {}))

    def effective(self) -> frozenset[str]:
        ports = self.device.model.ports(self.device.fpcs)
        return effective(from_text(self.shown()), self.precedence, ports)

    def apply(self, task: dict[str, Any]) -> plan.Plan:
        """Do what a task declares, as the product's transaction does: plan, load, compare the candidate, commit.

        Raises:
            RefusedError: by the plan, or because the candidate would give something else.

        """
        named = (task.get(kind) for kind in ("vlans", "bundles", "ports"))
        declared, findings = read(*named, going=task["state"] == "deleted")
        assert not findings, findings
        made = plan.make(self.session.views(), declared, task["state"], self.device.model.style)
        findings = made.findings + plan.refuse_foreign(made, False)
        if findings:
            raise RefusedError(findings)
        if not made.changed:
            return made
        self.session.load(made.xml)
        try:
            refuse_differences(self.session.effect(made.written, "candidate"), made)
        except RefusalError as refusal:
            self.device.discard(self.session.login)
            raise RefusedError(refusal.findings) from None
        try:
            self.device.commit(self.session.login, Options())
        except CommitError:
            self.device.discard(self.session.login)
            raise
        return made

    def gathered(self) -> dict[str, Any]:
        """Return what the product gathers."""
        return structured(self.session.views().inherited, self.device.model.style)
