# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a checked site to the inventory: the groups, and each host's own half."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.site import host_half, vcenter_half
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.site import switch
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.linux.bonds import bonds
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.cells import Cabling, cells
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.digest import digest
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault, Finding, ordered
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.links import ends
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.linux import load_balancer
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import services_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import ENDS, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.hops import paths_from
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.paths.site_paths import paths_of

_ALWAYS = ("load_balancers", "lb_turn_1", "lb_turn_2", "backends", "switches", "junos_ex", "esxi_vss", "vcenter")
"""Groups that plays are written for: in a refused site none of them is empty."""
_HALVES: Mapping[str, Callable[[Site, str], dict[str, Any]]] = {
    "junos_ex": switch,
    "esxi_vss": host_half,
    "vcenter": vcenter_half,
    "linux": bonds,
}
"""Who derives a host's own end of its links, by its kind."""
RAW = "RAW"
"""The rule of which a variable outside the site (`stack_raw`) says what it weighs, so that a run decides."""
UNREADABLE = "stack_unreadable"
"""The host that stands for a site of which no host can be read, so that a run has somebody to fail on."""


def groups(site: Site) -> dict[str, list[str]]:
    """Return the members of each group, hosts and groups sorted by name."""
    found: dict[str, set[str]] = {}
    for name, device in site.devices.items():
        for group in (device.kind, *(("switches",) if device.kind == "junos_ex" else ())):
            found.setdefault(group, set()).add(name)
    for pair_name, pair in site.lb_pairs.items():
        for turn, host in enumerate(pair.hosts, start=1):
            for group in ("load_balancers", f"lb_pair_{pair_name}", f"lb_turn_{turn}"):
                found.setdefault(group, set()).add(host)
    for service in site.services.values():
        for backend in service.backends:
            if backend.host in site.devices:
                found.setdefault("backends", set()).add(backend.host)
    found.update(cells(_cabling(site)))
    return {group: sorted(members) for group, members in sorted(found.items())}


def _cabling(site: Site) -> Cabling:
    """Return what decides about the cells of a valid site."""
    links = [tuple(link.ends) for link in site.links.values()]
    return Cabling(
        kinds={name: device.kind for name, device in site.devices.items()},
        links=[(ends_of[0], ends_of[1]) for ends_of in links if len(ends_of) == ENDS],
        pairs={name: pair.hosts for name, pair in site.lb_pairs.items()},
        managed={name: device.vcenter for name, device in site.devices.items() if device.vcenter is not None},
    )


def half(loaded: Loaded, host: str) -> dict[str, Any]:
    """Return the variables of one host: its own half of the site, the digests, and what is to be shown about it."""
    site = loaded.site
    pair = site.pair_of_host.get(host)
    variables = dict(sorted(_derived(site, pair, host).items()))
    variables["stack_derived"] = {name: digest(value) for name, value in variables.items()}
    variables.update(_shown(loaded, host, pair))
    unjudged = [item.text for item in paths_of(site).unjudged if host in item.hosts]
    if unjudged and variables["stack_derived"]:  # who gets nothing of the site has no run that would tell it
        variables["stack_unjudged"] = unjudged
    return variables


def _derived(site: Site, pair: str | None, host: str) -> dict[str, Any]:
    found = load_balancer(site, pair, host) if pair is not None else {}
    if pair is not None:
        found["stack_paths"] = paths_from(site, paths_of(site), pair, host)
    of_kind = _HALVES.get(site.devices[host].kind)
    return {**found, **(of_kind(site, host) if of_kind is not None else {}), **ends(site, host)}


def _shown(loaded: Loaded, host: str, pair: str | None) -> dict[str, Any]:
    own = _objects(loaded.site, host, pair)
    concerning = [finding for finding in loaded.warnings if _concerns(finding.fault, own)]
    notes = ordered(note for item in own for note in loaded.notes_by_object.get(item, ()))
    found = {
        "stack_warnings": [str(finding) for finding in concerning if finding.rule != RAW],
        "stack_raw_found": [str(finding) for finding in concerning if finding.rule == RAW],
        "stack_notes": [str(note) for note in notes],
        "stack_waived": [str(item) for item in loaded.waived if _concerns(item.finding.fault, own)],
    }
    return {name: lines for name, lines in found.items() if lines}


def _objects(site: Site, host: str, pair: str | None) -> set[tuple[str, str]]:
    own = {("devices", host), *(("vlans", vlan) for vlan in site.devices[host].networks)}
    own |= {("links", name) for name, _link in site.links_by_host.get(host, ())}
    if pair is not None:
        own.add(("lb_pairs", pair))
        for name, service in services_of(site, pair):
            own |= {("services", name), *(("certificates", item) for item in service.tls.certificate)}
    return own


def _concerns(fault: Fault, own: set[tuple[str, str]]) -> bool:
    return any(item in own for item in fault.objects()) or (fault.path[:1] == ("certificates",) and _leads(own))


def _leads(own: set[tuple[str, str]]) -> bool:
    """An unused certificate belongs to nobody; every load balancer shows it."""
    return any(section == "lb_pairs" for section, _name in own)


def refused(hosts: Iterable[str], findings: Iterable[Finding]) -> dict[str, dict[str, Any]]:
    """Return the hosts of a refused site, with nothing but what has to be mended."""
    errors = [str(finding) for finding in findings]
    return {host: {"stack_errors": errors} for host in (sorted(hosts) or [UNREADABLE])}


def refused_groups(loaded: Loaded) -> dict[str, list[str]]:
    """Return the groups of a refused site; a group that every site has is never empty, for a play on it must fail.

    Where no host of it can be read, another host of the site stands in it: one whose kind is misspelt may be meant.
    """
    always = {group: {min(loaded.hosts, default=UNREADABLE)} for group in _ALWAYS}
    readable = {group: members for group, members in loaded.claimed.items() if members}
    return {group: sorted(members) for group, members in sorted({**always, **readable}.items())}


def inventory(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """Return the variables of every host: the halves, or the errors where there are any."""
    if loaded.errors:
        return refused(loaded.hosts, loaded.errors)
    return {host: half(loaded, host) for host in sorted(loaded.site.devices)}
