# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a checked site to the inventory: the groups, and each host's own half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds, room

from .cells import Cabling, cells
from .digest import digest
from .finding import ordered
from .halves import links, linux
from .load import OF_EVERY_PAIR, Loaded
from .lookup import services_of
from .model import ENDS, Site
from .paths.hops import paths_from
from .paths.site_paths import paths_of
from .stored import DIGEST, ERRORS, GROUPS

_OF_PAIRS = ("load_balancers", "lb_turn_1", "lb_turn_2", "backends")
RAW = "RAW"
"""The rule of which a variable outside the site (`stack_raw`) says what it weighs, so that a run decides."""
UNREADABLE = "stack_unreadable"
"""The host that stands for a site of which no host can be read, so that a run has somebody to fail on."""
Members = Mapping[str, Sequence[str]]
"""Hosts by group."""


def always_there() -> tuple[str, ...]:
    """Return the groups that plays are written for: in a refused site none of them is empty."""
    of_kinds = (group for each in kinds() if each.role for group in (*each.groups, each.name))
    return (*_OF_PAIRS, *dict.fromkeys(of_kinds))


def empty(name: str) -> dict[str, Any]:
    """Return what is set on each host of a kind all the same, so that no inventory that only adds keeps a former value.

    A Linux host may be a load balancer.
    """
    of_kind = room(name, "derivation")
    return {**(of_kind.EMPTY if of_kind is not None else {}), **links.EMPTY}


def groups(site: Site) -> dict[str, list[str]]:
    """Return the members of each group, hosts and groups sorted by name."""
    found: dict[str, set[str]] = {}
    for name, device in site.devices.items():
        for group in (device.kind, *device.traits.groups):
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
        managed={name: by for name, device in site.devices.items() if (by := device.managed_by) is not None},
    )


def half(loaded: Loaded, host: str) -> dict[str, Any]:
    """Return the variables of one host: its own half of the site, the digests, and what is to be shown about it."""
    site = loaded.site
    pair = site.pair_of_host.get(host)
    own = _derived(site, pair, host)
    variables = dict(sorted({**empty(site.devices[host].kind), **own, **links.turn(site.devices[host])}.items()))
    variables["stack_derived"] = {name: digest(value) for name, value in variables.items()}
    variables.update(_shown(loaded, host, pair))
    # Who gets nothing of the site has no run that would tell it.
    variables["stack_unjudged"] = [item.text for item in paths_of(site).unjudged if own and host in item.hosts]
    return variables


def _derived(site: Site, pair: str | None, host: str) -> dict[str, Any]:
    found = linux.load_balancer(site, pair, host) if pair is not None else {}
    if pair is not None:
        found["stack_paths"] = paths_from(site, paths_of(site), pair, host)
    of_kind = room(site.devices[host].kind, "derivation")
    return {**found, **(of_kind.derive(site, host) if of_kind is not None else {}), **links.ends(site, host)}


def _shown(loaded: Loaded, host: str, pair: str | None) -> dict[str, Any]:
    own = _objects(loaded.site, host, pair)
    found = loaded.concerning(own)
    concerning = [finding for finding in found if finding.severity == "warning"]
    notes = ordered(finding for finding in found if finding.severity == "note")
    return {
        "stack_warnings": [str(finding) for finding in concerning if finding.rule != RAW],
        "stack_raw_found": [str(finding) for finding in concerning if finding.rule == RAW],
        "stack_notes": [str(note) for note in notes],
        "stack_waived": [str(item) for item in loaded.waived_of(own)],
    }


def _objects(site: Site, host: str, pair: str | None) -> set[tuple[str, str]]:
    own = {("devices", host), *(("vlans", vlan) for vlan in site.devices[host].networks)}
    own |= {("links", name) for name, _link in site.links_by_host.get(host, ())}
    if pair is not None:
        own |= {("lb_pairs", pair), OF_EVERY_PAIR}
        for name, service in services_of(site, pair):
            own |= {("services", name), *(("certificates", item) for item in service.tls.certificate)}
    return own


def refused(hosts: Iterable[str], findings: Iterable[object], members: Members) -> dict[str, dict[str, Any]]:
    """Return the hosts of a refused site, with nothing but what has to be mended, and the marks of the site."""
    errors = [str(finding) for finding in findings]
    named = sorted(hosts) or [UNREADABLE]
    return _marked({host: {} for host in named}, members, errors, digest({"errors": errors, "groups": members}))


def refused_groups(loaded: Loaded) -> dict[str, list[str]]:
    """Return the groups of a refused site; a group that every site has is never empty, for a play on it must fail.

    Where no host of it can be read, another host of the site stands in it: one whose kind is misspelt may be meant.
    """
    always = {group: {min(loaded.hosts, default=UNREADABLE)} for group in always_there()}
    readable = {group: members for group, members in loaded.claimed.items() if members}
    return {group: sorted(members) for group, members in sorted({**always, **readable}.items())}


def groups_of(loaded: Loaded) -> dict[str, list[str]]:
    """Return the groups of the site, refused or not."""
    return refused_groups(loaded) if loaded.errors else groups(loaded.site)


def inventory(loaded: Loaded, members: Members | None = None) -> dict[str, dict[str, Any]]:
    """Return the variables of every host: the halves, or the errors where there are any; `members` are its groups."""
    members = groups_of(loaded) if members is None else members
    if loaded.errors:
        return refused(loaded.hosts, loaded.errors, members)
    halves = {host: half(loaded, host) for host in sorted(loaded.site.devices)}
    derived = {host: variables["stack_derived"] for host, variables in halves.items()}
    return _marked(halves, members, [], digest({"derived": derived, "groups": members}))


def _marked(
    halves: dict[str, dict[str, Any]], members: Members, errors: list[str], of_site: str
) -> dict[str, dict[str, Any]]:
    """Add what a stored inventory must not keep of an earlier site: errors, groups, and which site a host is of."""
    own: dict[str, list[str]] = {host: [] for host in halves}
    for group, hosts in members.items():
        for host in hosts:
            own[host].append(group)
    marks = {ERRORS: errors, DIGEST: of_site}
    return {host: {**variables, **marks, GROUPS: own[host]} for host, variables in halves.items()}
