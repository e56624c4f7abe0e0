# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back at the console of an ESX(i) 4: vim-cmd and esxcfg-vswitch, for its esxcli knows no virtual switches.

vim-cmd wants both names for a port group, the virtual switch's and its own; with the first alone it does nothing to it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from ..declared.model import GroupState, HostState, SwitchState, Teaming, said
from ..run.plan import Plan, Step

_NET = "vim-cmd hostsvc/net"
_OLD = re.compile(r"[1-4]\.\d.*")


def is_meant(version: str) -> bool:
    """Tell whether a host is so old; one whose version is not known is none."""
    return _OLD.fullmatch(version) is not None


def recovery(made: Plan) -> list[str]:
    """Return what puts a host back: what it had before the change, written out where a port group inherited it.

    What no command is known for stands in a line of comment, so that nobody takes the rest for the whole.
    """
    groups = [step for step in made.steps if step.kind == "group" and step.after is not None]
    lines = []
    for step, taken in made.ways_back():
        lines += [f"esxcfg-vswitch -U {nic} {shlex.quote(step.name)}" for nic in taken]
        lines += _switch(step)
    return lines + [line for step in groups for line in _group(made, step)]


def _switch(step: Step) -> Iterator[str]:
    old, new = step.before, step.after
    if not isinstance(old, SwitchState):
        return
    name = shlex.quote(old.name)
    if not isinstance(new, SwitchState):
        yield f"esxcfg-vswitch -a {name}"
        new = SwitchState(old.name)
    if old.mtu != new.mtu:
        yield f"esxcfg-vswitch -m {old.mtu} {name}"
    yield from (f"esxcfg-vswitch -L {nic} {name}" for nic in old.uplinks if nic not in new.uplinks)
    yield from (f"{_NET}/vswitch_setpolicy {options} {name}" for options in _options(old.teaming, new.teaming))
    yield from (f"esxcfg-vswitch -U {nic} {name}" for nic in new.uplinks if nic not in old.uplinks)
    yield from _by_hand(old.name, old, new)


def _group(made: Plan, step: Step) -> Iterator[str]:
    old, new = step.before, step.after
    if not isinstance(old, GroupState) or not isinstance(new, GroupState):
        return
    both = f"{shlex.quote(old.vswitch)} {shlex.quote(old.name)}"
    if old.vlan != new.vlan:
        yield f"{_NET}/portgroup_set --portgroup-vlanid={old.vlan} {both}"
    was, inherited = _effective(made.before, old), _effective(made.before, new)
    own = [each.name for each in fields(Teaming) if getattr(old.teaming, each.name) != getattr(new.teaming, each.name)]
    former = replace(new.teaming, **{name: getattr(was.teaming, name) for name in own})
    yield from (f"{_NET}/portgroup_set {options} {both}" for options in _options(former, new.teaming))
    yield from _by_hand(old.name, was, inherited)


def _effective(host: HostState, group: GroupState) -> GroupState:
    """Return a port group with what takes effect in it below the switches of this host."""
    teaming, security = host.effective(group)
    return replace(group, teaming=teaming, security=security)


def _options(old: Teaming, new: Teaming) -> Iterator[str]:
    """Yield the options of each command for what differs.

    The order stands alone, for some 4.x refused it at a port group (andyleonard.com, 2010-09-23). It names both lists:
    what is in none of them becomes unused.
    """
    if old.load_balancing != new.load_balancing:
        yield f"--nicteaming-policy={old.load_balancing}"
    lists = {"active": old.active_uplinks, "standby": old.standby_uplinks}
    changed = (old.active_uplinks, old.standby_uplinks) != (new.active_uplinks, new.standby_uplinks)
    if changed and any(lists.values()):
        yield " ".join(f"--nicorderpolicy-{name}={','.join(nics)}" for name, nics in lists.items() if nics)


_COMMANDED = ("load_balancing", "active_uplinks", "standby_uplinks")


def _by_hand(name: str, old: Any, new: Any) -> Iterator[str]:
    """Yield a line for what no command is known for."""
    parts = [(each, getattr(old, each), getattr(new, each)) for each in ("teaming", "security")]
    left = [
        f"{field} {str(value).lower()}"
        for _part, before, after in parts
        for field, value in said(before).items()
        if field not in _COMMANDED and value != getattr(after, field)
    ]
    if left:
        yield f"# {name}, by the vSphere Client: {', '.join(left)}"
