# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stop a run in which a device did not answer its plan, and say what goes on without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.answered import advice, alone, login_advice

_SPEC: dict[str, Any] = {"groups": {"type": "list", "elements": "str", "required": True}}


class ActionModule(Action):
    """Read what the plan left in the variables of the hosts; nothing is contacted."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return who did not answer, and fail where somebody did not, or was not planned."""
        super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        variables = task_vars or {}
        known = {str(host): variables["hostvars"].raw_get(host) for host in variables["ansible_play_hosts_all"]}
        away = {host: str(of["stack_unreachable"]) for host, of in known.items() if of.get("stack_unreachable")}
        expected = {host for name in arguments["groups"] for host in variables["groups"].get(name, (name,))}
        failed = sorted(host for host in expected & set(known) - set(away) if "stack_pending" not in known[host])
        told = [f"{host}: {' '.join(text.split())}" for host, text in sorted(away.items())]
        told += [f"{host}: its plan failed, see above" for host in failed]
        refused = [host for host in failed if _login_refused(known[host])]
        if not told:
            return {"changed": False, "away": []}
        pending = {host for host, of in known.items() if of.get("stack_pending")}
        limit = str(variables.get("ansible_limit") or "")
        related, pairs = _related(known), _pairs(known)
        go_on = login_advice(refused) or advice(limit, {*away, *failed}, pending, related)
        go_on += alone(away.keys(), pending - set(failed), related, pairs)
        msg = f"{len(told)} of {len(known)} devices could not be planned, and nothing was changed. {go_on}"
        return {"failed": True, "changed": False, "away": told, "msg": msg, "_ansible_verbose_always": True}


def _login_refused(known: Mapping[str, Any]) -> bool:
    plan = known.get(f"{known.get('stack_role')}_plan")
    return isinstance(plan, Mapping) and bool(plan.get("login_refused"))


def _related(known: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the other ends of each host's links, its partner in a pair, and the hosts of its vCenter."""
    found = _pairs(known)
    for host, variables in known.items():
        others = {
            str(link[end]) for link in variables.get("stack_links") or () for end in ("peer", "host") if end in link
        }
        for other in others - {host}:
            found[host].add(other)
            found.setdefault(other, set()).add(host)
    return found


def _pairs(known: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return each host's partners in a pair of load balancers."""
    members: dict[str, set[str]] = {}
    for host, variables in known.items():
        for name in variables.get("group_names") or ():
            if str(name).startswith("lb_pair_"):
                members.setdefault(str(name), set()).add(host)
    return {host: {peer for pair in members.values() if host in pair for peer in pair - {host}} for host in known}
