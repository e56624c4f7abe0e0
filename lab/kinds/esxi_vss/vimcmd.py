# SPDX-License-Identifier: GPL-3.0-or-later
"""vim-cmd: the commands of `hostsvc/net` that public texts about teaming use."""

from __future__ import annotations

from typing import Any

from . import views, vimtext
from .command import Option, Options, RefusedError, Values, edit_group, edit_switch, group, read
from .host import Host
from .policy import TEAMINGS, Policy

POLICY: Options = {
    "nicteaming-policy": Option("", choices=TEAMINGS),
    "nicorderpolicy-active": Option("", "list"),
    "nicorderpolicy-standby": Option("", "list"),
}
GROUP: Options = {**POLICY, "portgroup-name": Option(""), "portgroup-vlanid": Option("", "number")}


def run(host: Host, words: list[str]) -> str:
    """Run `vim-cmd`; give what it prints.

    Raises:
        RefusedError: the command is unknown, or its arguments are wrong.
    """
    name = words[0] if words else ""
    options = [word for word in words[1:] if word.startswith("--")]
    names = [word for word in words[1:] if not word.startswith("--")]
    if name == "hostsvc/net/refresh":
        return ""
    if name == "hostsvc/net/info":
        return vimtext.text(views.info(host))
    if name == "hostsvc/net/vswitch_info":
        found = [each for each in views.info(host).vswitch if each.name in names or not names]
        return "".join(vimtext.text(each) for each in found)
    if name == "hostsvc/net/vswitch_setpolicy":
        return _vswitch(host, names, read(options, POLICY))
    if name == "hostsvc/net/portgroup_set":
        return _portgroup(host, names, read(options, GROUP))
    raise RefusedError(f"Invalid command '{name}'.")


def _vswitch(host: Host, names: list[str], given: Values) -> str:
    """Change a virtual switch's teaming; port groups keep what is their own (KB 1022751)."""
    if len(names) != 1:
        raise RefusedError("Insufficient arguments.\nUsage: vswitch_setpolicy [options] vSwitch-name")
    edit_switch(host, names[0], lambda spec: _policy(spec.policy.nicTeaming, given))
    return ""


def _portgroup(host: Host, names: list[str], given: Values) -> str:
    """Change a port group: it needs both names, of the virtual switch and of the port group."""
    if len(names) != 2:
        raise RefusedError("Insufficient arguments.\nUsage: portgroup_set [options] vSwitch-name portgroup-name")
    if group(host.net, names[1]).vswitchName != names[0]:
        raise RefusedError(f"(vim.fault.NotFound) {names[1]} is not on {names[0]}")

    def edit(spec: Any) -> None:
        spec.name = given.get("portgroup-name", spec.name)
        spec.vlanId = given.get("portgroup-vlanid", spec.vlanId)
        _policy(spec.policy.nicTeaming, given)

    edit_group(host, names[1], edit)
    return ""


def _policy(teaming: Any, given: Values) -> None:
    """Set what is given."""
    teaming.policy = given.get("nicteaming-policy", teaming.policy)
    if "nicorderpolicy-active" in given or "nicorderpolicy-standby" in given:
        active, standby = given.get("nicorderpolicy-active", []), given.get("nicorderpolicy-standby", [])
        teaming.nicOrder = Policy.NicOrderPolicy(activeNic=active, standbyNic=standby)
