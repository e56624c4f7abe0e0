# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch's end of one link, at any state of its conversion: what is declared for it, for some of its ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...contract.end import Variable
from ...contract.finding import Finding, RefusalError
from .config import layout, members
from .config.statements import Config, path
from .config.views import Views
from .declared import declaration
from .declared.model import Declared, Style
from .run import plan
from .run.plan import Plan
from .run.request import Maker


@dataclass(frozen=True)
class SwitchConfiguration:
    """What is declared for the switch's end: VLANs by name, and either one bundle or plain ports.

    `state` is that of junos_lag (merged or replaced), `stp` as there.
    """

    link: str
    ports: tuple[str, ...]
    bundle: str = ""
    vlans: Mapping[str, Any] = field(default_factory=dict)
    declared_bundle: Mapping[str, Any] = field(default_factory=dict)
    declared_ports: Mapping[str, Any] = field(default_factory=dict)
    state: str = "merged"
    stp: str | None = None
    device_count: int | None = None

    def declared(self, ports: Collection[str], disabled: Collection[str] | None) -> Declared:
        """Return the declaration for some of the ports; `disabled` None leaves `disable` as it is.

        Raises:
            RefusalError: the declaration is wrong.

        """
        bundles = {self.bundle: self._bundle(ports, disabled)} if self.bundle and ports else {}
        plain = {} if self.bundle else {port: self._port(port, disabled) for port in self.ports if port in ports}
        found, findings = declaration.read(self.vlans, bundles, plain, device_count=self.device_count)
        if findings:
            raise RefusalError(findings)
        return found

    def _bundle(self, ports: Collection[str], disabled: Collection[str] | None) -> dict[str, Any]:
        held = [port for port in self.declared_bundle["members"] if port in ports]
        found = {**self.declared_bundle, "members": held}
        texts = self.declared_bundle.get("member_descriptions") or {}
        found["member_descriptions"] = {port: text for port, text in texts.items() if port in held}
        if disabled is not None:
            found["disabled_members"] = [port for port in held if port in disabled]
            up = len(held) - len(found["disabled_members"])
            if found.get("minimum_links") is not None:
                # A bundle of one group would be down while it waits for the other; one without any is down in any case.
                found["minimum_links"] = min(int(found["minimum_links"]), up) or None
        return found

    def _port(self, port: str, disabled: Collection[str] | None) -> dict[str, Any]:
        off = {} if disabled is None else {"disabled": port in disabled}
        return {**self.declared_ports[port], **off}

    def maker(self, ports: Collection[str], disabled: Collection[str]) -> Maker:
        """Return what computes the plan: `ports` as declared, the others as they are, all in `disabled` disabled."""
        declared = self.declared(ports, disabled)

        def make(views: Views, style: Style) -> Plan:
            leaving = [port for port in self.ports if port in ports or port in disabled]

            def start(current: Config) -> Config:
                return _relaxed(current, leaving)

            def finish(goal: Config) -> None:
                for port in self.ports:
                    _disable(goal, port, port in disabled)

            state: Any = self.state  # a word of options
            found = plan.make(views, declared, state, style, stp=self.stp, start=start, finish=finish)
            found.expected = [bundle for bundle in found.expected if set(bundle.members) - bundle.disabled]
            return found

        return make


def declared_configuration(link: Mapping[str, Any], variable: Variable) -> SwitchConfiguration:
    """Return what the variables of the switch declare for its end of a link, as its host sees it.

    Raises:
        RefusalError: they declare no such end.

    """
    ports, bundle = tuple(link["peer_ports"]), str(link["peer_lag"]) if link["bundle"] != "none" else ""
    known = "junos_lag_bundles" if bundle else "junos_lag_ports"
    declared = variable(known) or {}
    missing = [name for name in ([bundle] if bundle else ports) if name not in declared]
    if missing:
        what, why = f"{known} of {link['peer']} has no {', '.join(missing)}", "A conversion changes both ends."
        raise RefusalError([Finding(f"links.{link['link']}", "END_MISSING", what, why, "Declare both ends.")])
    vlans, stp = variable("junos_lag_vlans") or {}, variable("junos_lag_stp")
    names = [*([link["vlans"]["untagged"]] if link["vlans"]["untagged"] else []), *link["vlans"]["tagged"]]
    return SwitchConfiguration(
        link=str(link["link"]),
        ports=ports,
        bundle=bundle,
        vlans={name: vlans[name] for name in names if name in vlans},
        declared_bundle=dict(declared[bundle]) if bundle else {},
        declared_ports={} if bundle else {port: declared[port] for port in ports},
        state=str(variable("junos_lag_state") or "merged"),
        stp=None if stp in (None, "auto") else str(stp),
    )


def _relaxed(current: Config, leaving: Collection[str]) -> Config:
    """Return a configuration in which no bundle that loses ports is held down by its minimum-links."""
    ready = current.copy()
    for bundle in {members.bundle_of(current, port) for port in leaving} - {None}:
        for item in ready.statements.at(path(*layout.interface(str(bundle)), "aggregated-ether-options")):
            if item[-1].tag == "minimum-links":
                del ready.statements[item]
    return ready


def _disable(config: Config, port: str, off: bool) -> None:
    if off:
        config.add(*layout.interface(port), "disable")
    else:
        config.remove(*layout.interface(port), "disable")
