# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse a run that would change one end alone of a link, judged by the plans and by who is in the run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import Change, read
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.limit import OneEnd, one_ended, shaken

BY_ROLE = {"linux": "linux_bond"}
"""Kinds whose end a role of its own changes, which no playbook of this collection runs."""


class ActionModule(Action):
    """Reads variables only: no connection is opened."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the refusals as a failure, and what other links will notice; or only tell who else has to act."""
        super().run(tmp, task_vars)
        spec: dict[str, Any] = {"links": {"type": "list", "elements": "dict", "default": []}}
        spec.update({name: {"type": "dict", "default": {}} for name in ("by_link", "switches")})
        spec["converted"] = {"type": "list", "elements": "str", "default": []}
        spec["refuse"] = {"type": "bool", "default": True}
        spec["again"] = {"type": "bool", "default": False}
        _result, arguments = self.validate_argument_spec(argument_spec=spec)
        told = _by_role(arguments["links"], arguments["by_link"])
        result: dict[str, Any] = {"changed": False, "refused": [], "by_role": told}
        if not arguments["refuse"]:
            return {**result, "warnings": told} if told else result
        found, shaken_links = _judged(arguments, task_vars or {})
        result["refused"] = [each.link for each in found]
        if shaken_links:
            result["warnings"] = shaken_links
        if found:
            result.update(failed=True, msg="\n".join(map(str, found)))
        return result


def _judged(arguments: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[list[OneEnd], list[str]]:
    """Return the links that must not be changed in this run, and what other links will notice."""
    here = str(known["inventory_hostname"])
    present = frozenset(known["groups"]["all"] if arguments["again"] else known["ansible_play_hosts"])
    both, apart = frozenset(arguments["converted"]), _apart(known, present)
    own = [link for link in arguments["links"] if link["link"] not in both]
    found, told = list(one_ended(here, own, _changes(arguments["by_link"]), present, apart=apart)), []
    for name, plan in arguments["switches"].items():
        changes = _changes(plan["by_link"])
        found += one_ended(name, plan["links"], changes, present, both)
        for vlan, others in shaken(plan["links"], changes, both).items():
            told.append(f"{name} renumbers VLAN {vlan} at once: {', '.join(others)} lose it until their own turn.")
    return found, told


def _apart(known: Mapping[str, Any], present: Collection[str]) -> dict[str, str]:
    """Return the hosts that take no change, as the play has them from their vCenters, each with the reason."""
    found: dict[str, str] = {}
    for center in present:
        for host, became in (known["hostvars"].raw_get(center).get("stack_apart") or {}).items():
            found[str(host)] = str(became["reason"] or became["outcome"]).partition("\n")[0].rstrip(".")
    return found


def _changes(by_link: Mapping[str, Any]) -> dict[str, list[Change]]:
    return {link: [read(change) for change in changes] for link, changes in by_link.items()}


def _by_role(links: list[dict[str, Any]], by_link: Mapping[str, Any]) -> list[str]:
    """Tell whose end of a link that changes has to be changed by its own role."""
    told = "{link}: the role {role} changes the end of {peer} ({peer_lag}). No playbook runs it: run it on {peer}."
    return [
        told.format(**link, role=BY_ROLE[link["peer_kind"]])
        for link in links
        if link["provisioned"] and link["peer_kind"] in BY_ROLE and link["link"] in by_link
    ]
