# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stored inventory (that of AWX) still holds of an earlier state of the site, and how it is kept out of a run.

An update of such an inventory adds and replaces; what is gone from the site may stay: hosts, a host's membership in a
group, variables. So a host says of itself which site it is of and in which groups it is, and only that counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds

ERRORS = "stack_errors"
DIGEST = "stack_digest"
"""A host's digest of the site that it is of; a host without one is not of the declared site at all."""
SITE_DIGEST = "stack_site_digest"
"""The same of the site as it was read last. It has a name of its own, for a host's variable hides that of `all`."""
GROUPS = "stack_groups"

LEFT_OUT = "stack_left_out"
"""The hosts that this run leaves out; a variable of `all`."""

_OF_KINDS = (group for kind in kinds() for group in (kind.name, *kind.groups))
_FIXED = frozenset((*_OF_KINDS, "load_balancers", "lb_turn_1", "lb_turn_2", "backends"))
_NAMED = ("cell_", "lb_pair_")
OPTION = (
    "Its source's option `overwrite` (in AWX: Overwrite local groups and hosts from remote inventory source) removes "
    "that with the next update."
)


ASK = "A play that asks for its hosts by the lookup netstack.datacenter.stack_hosts leaves it out"
REFUSED = "The declared site is refused."
NOT_OF_SITE = "not of this site any more, though the stored inventory still has it"


class LimitError(ValueError):
    """`--limit` asks for hosts that a run must leave out."""


@dataclass
class Left:
    """What was left out: hosts, and hosts by the group that they are not in any more."""

    hosts: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """Return what is to be told, hosts by name."""
        of_groups = [
            f"{', '.join(hosts)}: not in the group {group} any more, which the stored inventory still says; left out "
            f"of the plays of {group}. {OPTION}"
            for group, hosts in sorted(self.groups.items())
        ]
        if not self.hosts:
            return of_groups
        return [f"{', '.join(self.hosts)}: {NOT_OF_SITE}; left out of every play. {OPTION}", *of_groups]


def site_makes(group: str) -> bool:
    """Tell whether a group is one that the plugin makes, so that its members are those that say so themselves."""
    return group in _FIXED or group.startswith(_NAMED)


def other_site(variables: Mapping[str, Any]) -> bool:
    """Tell whether the variables of a host are those of another state of the site than the one that was read last."""
    own, of_site = variables.get(DIGEST), variables.get(SITE_DIGEST)
    return bool(own) and of_site is not None and own != of_site


def left_by(inventory: Any, sources: Iterable[str]) -> Left:
    """Return what of an inventory (an InventoryManager) is not the site's any more.

    Where the site itself was read in this run, a host is in a group of that name because another source says so now;
    and the hosts of a refused site are all refused, whatever the group.
    """
    of_all = inventory.groups["all"].vars
    ours = {name: host.vars for name, host in inventory.hosts.items() if host.vars.get(DIGEST)}
    of_site = {SITE_DIGEST: of_all.get(SITE_DIGEST)}
    found = Left(sorted(name for name, own in ours.items() if other_site({**of_site, **own})))
    if of_all.get(ERRORS) or _read_now(of_all.get("stack_sources") or (), sources):
        return found
    still = ours.keys() - set(found.hosts)
    for group in filter(lambda each: site_makes(each.name), inventory.groups.values()):
        members = still.intersection(host.name for host in group.hosts)
        if names := sorted(name for name in members if group.name not in (ours[name].get(GROUPS) or ())):
            found.groups[group.name] = names
    return found


def _read_now(files: Iterable[str], sources: Iterable[str]) -> bool:
    """Tell whether one of the stack files is among the sources of this run."""
    here = {Path(source).resolve() for source in sources}
    return any(not here.isdisjoint((path, *path.parents)) for path in map(Path, files))


def former(variables: Mapping[str, Any], patterns: Iterable[str]) -> str:
    """Return why a play with these patterns has this host by a group alone that it is not in any more; "" otherwise.

    That is for a play that asks for its hosts without `leave_out`; a pattern of more than names is taken as it is.
    """
    own, host = variables.get(GROUPS), str(variables.get("inventory_hostname"))
    if own is None or _read_now(variables.get("stack_sources") or (), variables.get("ansible_inventory_sources") or ()):
        return ""
    names = [name for pattern in patterns for name in re.split("[,:]", pattern)]
    stored = [name for name in names if name in (variables.get("group_names") or ())]
    gone = [name for name in stored if site_makes(name) and name not in own]
    others = [name for name in names if name in ("all", host) or not re.fullmatch(r"\w+", name)]
    if not gone or others or len(gone) < len(stored):
        return ""
    return f"{host}: not in the group {', '.join(gone)} any more, which the stored inventory still says. {OPTION} {ASK}"


def leave_out(inventory: Any, sources: Iterable[str]) -> Left:
    """Take out of an inventory what is not the site's any more, for every pattern, group and host of this run.

    Raises:
        LimitError: `--limit` names one of these hosts, or nobody else.

    """
    found = left_by(inventory, sources)
    if not found.hosts and not found.groups:
        return found
    errors = [str(error) for error in inventory.groups["all"].vars.get(ERRORS) or ()]
    limit = list(getattr(inventory, "_subset", None) or ())
    asked = {host.name for host in inventory.get_hosts(ignore_restrictions=True)} if limit else set()
    _refuse_named(limit, found.hosts, errors)
    for group in inventory.groups.values():
        for name in (*found.hosts, *found.groups.get(group.name, ())):
            group.remove_host(inventory.hosts[name])
    for name in found.hosts:
        del inventory.hosts[name]
    inventory.groups["all"].set_variable(LEFT_OUT, found.hosts)
    inventory.reconcile_inventory()
    if limit and not inventory.get_hosts(ignore_restrictions=True):
        _refuse_all(limit, asked, found, errors)
    return Left() if errors else found  # who is no host of a refused site may be one of it again when it is mended


def _refuse_named(limit: Iterable[str], gone: Collection[str], errors: list[str]) -> None:
    named = sorted({term.lstrip("&") for term in limit} & set(gone))
    if named and errors:
        raise LimitError("\n".join([REFUSED, *errors]))
    if named:
        raise LimitError(f"--limit names {', '.join(named)}: {NOT_OF_SITE}. {OPTION} Or take it out of the limit.")


def _refuse_all(limit: Iterable[str], asked: set[str], found: Left, errors: list[str]) -> None:
    """Refuse a limit of which nobody is left, for a run of nobody would end well."""
    if errors:
        raise LimitError("\n".join([REFUSED, *errors]))
    told = Left(
        sorted(asked & set(found.hosts)),
        {group: named for group, hosts in found.groups.items() if (named := sorted(asked & set(hosts)))},
    )
    raise LimitError("\n".join([f"--limit {','.join(limit)} leaves nobody.", *told.texts()]))
