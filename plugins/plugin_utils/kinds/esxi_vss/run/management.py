# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a change touch the way to a host, and does it keep a working uplink all the while?"""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..declared.model import IP_HASH, HostState, Teaming, Vmk
from .plan import Plan

DEFAULT = "vmk0"
"""The VMkernel interface that a host is installed with, which carries its management unless somebody moved it."""


def interfaces(host: HostState, addresses: Collection[str], named: str | None) -> list[Vmk]:
    """Return the VMkernel interfaces that carry management, each of which may be the way to the host.

    The one that the user names; else the one with an address at which the host is reached, and those that the host has
    selected for management; vmk0 where neither is known.
    """
    if named is not None:
        return [host.vmks[named]] if named in host.vmks else []
    reached = [vmk for vmk in host.vmks.values() if vmk.address and vmk.address in addresses]
    selected = [vmk for vmk in host.vmks.values() if vmk.name in (host.managed or ()) and vmk not in reached]
    guessed = [host.vmks[DEFAULT]] if DEFAULT in host.vmks else []
    return [*reached, *selected] or guessed


def is_guessed(host: HostState, addresses: Collection[str], named: str | None) -> bool:
    """Tell whether nothing but the habit of installers says which VMkernel interface carries management."""
    reached = any(vmk.address and vmk.address in addresses for vmk in host.vmks.values())
    return named is None and not reached and not any(name in host.vmks for name in host.managed or ())


def switch_of(host: HostState, vmk: Vmk) -> str | None:
    """Return the virtual switch that carries an interface."""
    group = host.groups.get(vmk.port_group)
    return group.vswitch if group is not None else None


def refuse(plan: Plan, vmk: Vmk, at: str = "") -> list[Finding]:
    """Return a finding where the change would leave management without an uplink that surely works throughout."""
    if not plan.changed:
        return []
    danger = _danger(plan.before, plan.after, vmk)
    if not danger:
        return []
    why = f"{vmk.name} on it carries the host's management; a far end that does not suit it would cut the host off."
    mend = "Change one leg at a time, or add management to consent and change the switch right after it (KB 1001938)."
    return [Finding(f"{at}port_groups.{vmk.port_group}", "MANAGEMENT", danger, why, mend)]


def _danger(before: HostState, after: HostState, vmk: Vmk) -> str:
    """Return what may cut management off, or nothing."""
    old, new = before.groups.get(vmk.port_group), after.groups.get(vmk.port_group)
    if old is None:
        return ""
    if new is None or new.vswitch not in after.switches:
        return "the port group goes"
    if new.vswitch != old.vswitch:
        return f"the port group moves to {new.vswitch}"
    if new.vlan != old.vlan:
        return f"the VLAN changes from {old.vlan} to {new.vlan}"
    return _uplinks_danger(before, before.effective(old)[0], after.effective(new)[0])


def _uplinks_danger(host: HostState, old: Teaming, new: Teaming) -> str:
    """Judge the uplinks with link: one of them must stay in use, and suit whatever the far end is.

    One uplink alone suits plain ports and a bundle of one; more of them work only with the far end that they had.
    """
    if old == new:
        return ""
    used, later = _lit(host, old), _lit(host, new)
    if not used & later:
        return f"no uplink with link stays in use ({_list(used)} before, {_list(later)} after)"
    hashed = (old.load_balancing == IP_HASH, new.load_balancing == IP_HASH)
    alone = len(later) == 1
    if hashed[0] != hashed[1] and not alone:
        return f"load balancing changes from {old.load_balancing} to {new.load_balancing} over {_list(later)}"
    if hashed[1] and later - used:
        return f"IP hash spreads to {_list(later - used)}"
    return ""


def _lit(host: HostState, teaming: Teaming) -> set[str]:
    """Return the active uplinks with link, else the standby ones."""
    for nics in (teaming.active_uplinks, teaming.standby_uplinks):
        lit = {nic for nic in nics or () if nic in host.nics and host.nics[nic].speed}
        if lit:
            return lit
    return set()


def _list(nics: set[str]) -> str:
    return ", ".join(sorted(nics)) or "none"
