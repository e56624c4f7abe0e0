# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the pairs of ends of a host's links from plain data: the variables of the host and of its switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..connection.model import Connection
from ..declared.findings import Finding, RefusalError
from ..kinds.esxi_vss.declared import options as host_options
from ..kinds.esxi_vss.declared.model import Half
from ..kinds.esxi_vss.device.api import Api
from ..kinds.esxi_vss.device.shell import Shell
from ..kinds.esxi_vss.device.target import target_of as host_target
from ..kinds.esxi_vss.end import HostEnd, HostHalf
from ..kinds.esxi_vss.run.request import ITSELF
from ..kinds.esxi_vss.run.request import Request as HostRequest
from ..kinds.junos_ex.declared import options as switch_options
from ..kinds.junos_ex.device.session import Session
from ..kinds.junos_ex.device.target import target_of as switch_target
from ..kinds.junos_ex.end import SwitchEnd
from ..kinds.junos_ex.end_plan import SwitchHalf
from ..kinds.junos_ex.run.request import MARGIN
from ..kinds.junos_ex.run.request import Request as SwitchRequest
from .cables import SECONDS
from .convert import Pair

STATIC = "static"
LINK_DOWN = "LINK_DOWN"
"""The rule of the site that a link waives whose enclosure hides from the NIC that its port is disabled."""
CONVERTED = (STATIC, "none")
"""Kinds of bundles that a standard vSwitch can be an end of."""


def chosen(links: Iterable[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the links whose both ends can be changed here, and why each other one is left alone."""
    found, left = [], []
    all_links = list(links)
    for link in all_links:
        sharing = [other["link"] for other in all_links if other["lag"] == link["lag"] and other is not link]
        if link["peer_kind"] != "junos_ex":
            left.append(f"{link['link']}: its far end {link['peer']} is not configured by this collection.")
        elif link["bundle"] not in CONVERTED:
            left.append(f"{link['link']}: a standard vSwitch has no bundle {link['bundle']}.")
        elif sharing:
            left.append(f"{link['link']}: its vSwitch {link['lag']} is that of {', '.join(sharing)} too.")
        else:
            found.append(link)
    return found, left


Variable = Callable[[str], Any]


@dataclass(frozen=True)
class Peer:
    """A switch: how it is reached, and what gives its variables, templated (None where there is none)."""

    connection: Connection
    variable: Variable


class Builder:
    """Makes the pairs of one host; `options` are those of the task."""

    def __init__(self, host: Connection, options: Mapping[str, Any], check_mode: bool) -> None:
        self.host, self.options, self.check_mode = host.name, options, check_mode
        self.target = host_target(host, options)
        self.link_down = _link_down(options)
        given = {**_HOST, **_taken(options, _HOST), "state": "merged"}
        self.request = host_options.request_of(given, check_mode)

    def pair(self, link: Mapping[str, Any], switch: Peer) -> Pair:
        """Return the two ends of one link.

        Raises:
            RefusalError: something of it is wrong.

        """
        consent = "management" in self.options["consent"]
        pair = self._pair(link, self._switch(link, switch), self._host(link))
        pair.strategy, pair.consent = self.options["strategy"], consent
        return pair

    def bare(self, link: Mapping[str, Any], switch: Peer) -> Pair:
        """Return the two ends of a link of which nothing needs to be declared, for it is taken back."""
        ports = tuple(link["peer_ports"])
        ends = SwitchHalf(link=str(link["link"]), ports=ports), HostHalf(str(link["lag"]), tuple(link["ports"]), Half())
        return self._pair(link, self._switch_end(str(link["peer"]), ends[0], switch), self._host_end(ends[1]))

    def _pair(self, link: Mapping[str, Any], switch: SwitchEnd, host: HostEnd) -> Pair:
        waived = str((link.get("waive") or {}).get(LINK_DOWN, ""))
        return Pair(str(link["link"]), switch, host, link_down=self.link_down, waived=waived)

    def _host(self, link: Mapping[str, Any]) -> HostEnd:
        vswitch, whole = str(link["lag"]), self.request.halves[ITSELF]
        switches = tuple(each for each in whole.vswitches if each.name == vswitch)
        groups = tuple(each for each in whole.port_groups if each.vswitch == vswitch)
        if not switches:
            _refuse(link, f"vswitches has no {vswitch}", "Give the vSwitch of each link.")
        return self._host_end(
            HostHalf(vswitch, tuple(link["ports"]), Half(switches, groups), self.options["teaming_state"])
        )

    def _host_end(self, half: HostHalf) -> HostEnd:
        target, way = self.target, Shell if self.options["transport"] == "ssh" else Api
        base: HostRequest = replace(
            self.request, halves={}, consent=frozenset({"management"}), addresses=frozenset(target.addresses())
        )
        # A host that falls silent while its port is disabled must not hold us longer than a NIC may.
        patience = max(1, min(target.call_timeout, int(self.link_down) // 3))
        hurried = replace(target, call_timeout=patience)
        return HostEnd(self.host, lambda: way(target), lambda: way(hurried), half, base, patience=patience)

    def _switch(self, link: Mapping[str, Any], switch: Peer) -> SwitchEnd:
        end = self._switch_end(str(link["peer"]), _switch_half(link, switch.variable), switch)
        end.device_count = int(switch.variable("junos_lag_device_count") or 0)
        return end

    def _switch_end(self, name: str, half: SwitchHalf, switch: Peer) -> SwitchEnd:
        target = switch_target(switch.connection, self.options["timeouts"] or {})
        return SwitchEnd(name, lambda: Session(target), half, self._switch_request(half, switch))

    def _switch_request(self, half: SwitchHalf, switch: Peer) -> SwitchRequest:
        role = {key: value for key in _ROLE if (value := switch.variable(f"junos_lag_{key}")) not in (None, "")}
        given = {**_SWITCH, **role, **_taken(self.options, _SWITCH), "state": half.state, "vlans": dict(half.vlans)}
        given["bundles"] = {half.bundle: half.declared_bundle} if half.bundle else None
        given["ports"] = None if half.bundle else dict(half.declared_ports)
        given["verify"] = {name: value for name, value in (given["verify"] or {}).items() if name != _SECONDS}
        return switch_options.request_of(given, self.check_mode)


def _link_down(options: Mapping[str, Any]) -> float:
    """Return how long a NIC may take to lose its link.

    Raises:
        RefusalError: the switch's own timer would end first.

    """
    verify, minutes = options["verify"] or {}, options["confirm_minutes"]
    seconds, place = verify.get(_SECONDS, SECONDS), f"verify.{_SECONDS}"
    if seconds < 1:
        why = "A NIC that is looked at once only has had no time to lose its link."
        raise RefusalError([Finding(place, "OUT_OF_RANGE", f"{seconds} is out of range", why, "Give seconds.")])
    if seconds + verify.get("timeout", 0) > 60 * minutes - MARGIN:
        what = f"{seconds} s and verify.timeout do not fit into confirm_minutes {minutes}"
        why = "The switch takes a commit back by itself when that time is over."
        raise RefusalError([Finding(place, "TIMER_TOO_SHORT", what, why, "Raise confirm_minutes or lower it.")])
    return float(seconds)


_SECONDS = "link_down_seconds"
_ROLE = (
    *("style", "model", "release", "stp", "limits", "management_ports", "management_vlan"),
    *("synchronize", "rescue"),
)
"""Variables of the role junos_lag that a switch may have, without their prefix."""
_SWITCH: dict[str, Any] = {
    **{"plan_for": "merged", "style": "auto", "model": None, "release": None, "stp": "auto"},
    **{"limits": None, "consent": [], "management_ports": [], "management_vlan": None, "confirm_minutes": 5},
    **{"hold": False, "run_id": "", "ticket": "", "synchronize": "auto", "rescue": "missing", "verify": {}},
}
_HOST: dict[str, Any] = {
    **{"state": "merged", "plan_for": "merged", "vswitches": None, "port_groups": None, "hosts": None},
    **{"transport": "api", "consent": ["management"], "management_interface": None, "run_id": "", "timeouts": {}},
    **{"verify": {}, "restore_point": None, "restore_dir": None},
}


def _taken(options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {key: options[key] for key in known if key in options}


def _switch_half(link: Mapping[str, Any], variable: Variable) -> SwitchHalf:
    ports, bundle = tuple(link["peer_ports"]), str(link["peer_lag"]) if link["bundle"] == STATIC else ""
    bundles, plain = variable("junos_lag_bundles") or {}, variable("junos_lag_ports") or {}
    vlans = variable("junos_lag_vlans") or {}
    if bundle and bundle not in bundles:
        _refuse(link, f"junos_lag_bundles of {link['peer']} has no {bundle}", "Declare both ends.")
    missing = [port for port in ports if not bundle and port not in plain]
    if missing:
        _refuse(link, f"junos_lag_ports of {link['peer']} has no {', '.join(missing)}", "Declare both ends.")
    names = [*([link["vlans"]["untagged"]] if link["vlans"]["untagged"] else []), *link["vlans"]["tagged"]]
    stp = variable("junos_lag_stp")
    return SwitchHalf(
        link=str(link["link"]),
        ports=ports,
        bundle=bundle,
        vlans={name: vlans[name] for name in names if name in vlans},
        declared_bundle=dict(bundles[bundle]) if bundle else {},
        declared_ports={} if bundle else {port: plain[port] for port in ports},
        state=str(variable("junos_lag_state") or "merged"),
        stp=None if stp in (None, "auto") else str(stp),
    )


def _refuse(link: Mapping[str, Any], what: str, mend: str) -> None:
    why = "A conversion changes both ends."
    raise RefusalError([Finding(f"links.{link['link']}", "END_MISSING", what, why, mend)])
