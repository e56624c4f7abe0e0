# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps as command lines of esxcli, for hosts whose API takes no change, and for the console of one that is cut off.

Long options throughout: they are in public texts, and the letters of some differ between switch and port group. So is
`--use-vswitch`, after which a port group has nothing of its own; what it keeps is set in a second line.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..declared.model import BEACON, IP_HASH, LINK_STATUS, GroupState, Part, Security, SwitchState, Teaming, said
from ..run.plan import Plan, Step
from . import vimcmd

_STANDARD = "esxcli network vswitch standard"
SET_WORDS = {
    "loadbalance_srcid": "portid",
    IP_HASH: "iphash",
    "loadbalance_srcmac": "mac",
    "failover_explicit": "explicit",
}
DETECTION = {LINK_STATUS: "link", BEACON: "beacon"}
_SECURITY = {
    "promiscuous": "allow-promiscuous",
    "mac_changes": "allow-mac-change",
    "forged_transmits": "allow-forged-transmits",
}


def lines(steps: Iterable[Step]) -> list[str]:
    """Return the command lines of steps, in order."""
    return [line for step in steps for line in _of(step)]


def _of(step: Step) -> Iterator[str]:
    before, after = step.before, step.after
    if isinstance(after, SwitchState):
        yield from _switch(before if isinstance(before, SwitchState) else None, after)
    elif isinstance(after, GroupState):
        yield from _group(before if isinstance(before, GroupState) else None, after)
    elif isinstance(before, GroupState):
        yield _line("portgroup remove", portgroup_name=before.name, vswitch_name=before.vswitch)
    else:
        yield _line("remove", vswitch_name=step.name)


def _switch(before: SwitchState | None, after: SwitchState) -> Iterator[str]:
    """Add uplinks first and remove them last, so that the order names only what the switch has."""
    name = after.name
    if before is None:
        yield _line("add", vswitch_name=name)
        # Which security a release gives to a new one is not known, so what is asked for is written.
        before = SwitchState(name, security=Security())
    if after.mtu != before.mtu:
        yield _line("set", vswitch_name=name, mtu=after.mtu)
    for nic in after.uplinks:
        if nic not in before.uplinks:
            yield _line("uplink add", uplink_name=nic, vswitch_name=name)
    changed = _teaming(before.teaming, after.teaming)
    if set(after.uplinks) - set(before.uplinks):
        changed |= _order(after.teaming)
    if changed:
        yield _line("policy failover set", vswitch_name=name, **changed)
    for nic in before.uplinks:
        if nic not in after.uplinks:
            yield _line("uplink remove", uplink_name=nic, vswitch_name=name)
    if security := _security(before.security, after.security):
        yield _line("policy security set", vswitch_name=name, **security)


def _group(before: GroupState | None, after: GroupState) -> Iterator[str]:
    name = after.name
    if before is None:
        yield _line("portgroup add", portgroup_name=name, vswitch_name=after.vswitch)
        before = GroupState(name, after.vswitch)
    if after.vlan != before.vlan:
        yield _line("portgroup set", portgroup_name=name, vlan_id=after.vlan)
    own, security = before.teaming, before.security
    if _loses(own, after.teaming):
        yield _line("portgroup policy failover set", portgroup_name=name, use_vswitch=None)
        own = Teaming()
    if changed := _teaming(own, after.teaming):
        yield _line("portgroup policy failover set", portgroup_name=name, **changed)
    if _loses(security, after.security):
        yield _line("portgroup policy security set", portgroup_name=name, use_vswitch=None)
        security = Security()
    if changed := _security(security, after.security):
        yield _line("portgroup policy security set", portgroup_name=name, **changed)


def _loses(old: Part, new: Part) -> bool:
    """Tell whether a port group inherits again what was its own."""
    return not said(old).keys() <= said(new).keys()


def _teaming(old: Teaming, new: Teaming) -> dict[str, Any]:
    """Return the options for the fields that differ."""
    found: dict[str, Any] = {}
    if new.load_balancing not in (None, old.load_balancing):
        found["load_balancing"] = SET_WORDS[str(new.load_balancing)]
    if new.failure_detection not in (None, old.failure_detection):
        found["failure_detection"] = DETECTION[str(new.failure_detection)]
    if new.notify_switches not in (None, old.notify_switches):
        found["notify_switches"] = new.notify_switches
    if new.failback not in (None, old.failback):
        found["failback"] = new.failback
    if (new.active_uplinks, new.standby_uplinks) != (old.active_uplinks, old.standby_uplinks):
        found |= _order(new)
    return found


def _order(teaming: Teaming) -> dict[str, Any]:
    """Return both lists; what is in none of them becomes unused, and an empty one is left out."""
    lists = {"active_uplinks": teaming.active_uplinks, "standby_uplinks": teaming.standby_uplinks}
    return {name: ",".join(nics) for name, nics in lists.items() if nics}


def _security(old: Security, new: Security) -> dict[str, Any]:
    changed = {option: (getattr(old, name), getattr(new, name)) for name, option in _SECURITY.items()}
    return {option: new for option, (old, new) in changed.items() if new not in (None, old)}


def _line(command: str, **options: Any) -> str:
    """Return a command line; an option whose value is None has none."""
    words = [
        f"--{name.replace('_', '-')}" + ("" if value is None else f"={shlex.quote(_word(value))}")
        for name, value in options.items()
    ]
    return " ".join([_STANDARD, command, *words])


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def recovery(made: Plan) -> list[str]:
    """Return what puts a host back from its own console, its port groups too: a switch alone leaves their overrides.

    What a port group inherited before is written out: explicit values work whatever the host's release knows.
    """
    if vimcmd.is_meant(made.before.version):
        return vimcmd.recovery(made)
    groups = [step for step in made.steps if step.kind == "group" and isinstance(step.before, GroupState)]
    found = []
    for step, taken in made.ways_back():
        found += [_line("uplink remove", uplink_name=nic, vswitch_name=step.name) for nic in taken]
        found += lines([step.reversed()] if step.before is not None else [])
    for step in groups:
        old = step.before
        if isinstance(old, GroupState) and isinstance(step.after, GroupState):
            teaming, security = made.before.effective(old)
            kept = step.after.security if step.after.security == old.security else security
            found += _group(step.after, GroupState(old.name, old.vswitch, old.vlan, teaming, kept))
    return found


def impossible(steps: Sequence[Step], at: str = "") -> list[Finding]:
    """Return findings for what esxcli cannot do."""
    found = []
    for step in steps:
        old, new = step.before, step.after
        if isinstance(old, GroupState) and isinstance(new, GroupState) and old.vswitch != new.vswitch:
            why = "esxcli can only remove a port group and make another one."
            what = f"it moves from {old.vswitch} to {new.vswitch}"
            found.append(Finding(f"{at}port_groups.{step.name}", "MOVE_OVER_SSH", what, why, "Use transport: api."))
    return found
