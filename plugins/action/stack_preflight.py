# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse to go on when the declared site was refused, when a derived variable was overridden, or hosts are confused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from ansible import context
from ansible.constants import DEFAULT_TRANSPORT, LOCALHOST
from ansible.errors import AnsibleError
from ansible.inventory.manager import IGNORED

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DeviceAction, refuse_template
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.addresses import (
    Endpoint,
    Examined,
    examine,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import API, NETCONF, SSH
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Kind, Library
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds
from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight import (
    files,
    free_text,
    hidden,
    libraries,
    secrets,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.tags import Tags, only_ours
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.run import RUN_ID
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.stored import former
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import Verdict, judge, judge_site

_PORTS = {NETCONF: 830, API: 443, SSH: 22}
_OVER_SSH = ("ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh")
_SPEC: dict[str, Any] = {
    "scope": {"type": "str", "choices": ["host", "site"], "default": "host"},
    "parts": {"type": "list", "elements": "str", "default": []},
    "addresses": {"type": "bool", "default": False},
}
_NEEDS: list[tuple[str, str, list[str]]] = []


class ActionModule(DeviceAction):
    """Read variables only: no connection is opened and nothing runs on the target."""

    SPEC = _SPEC
    NEEDS = _NEEDS

    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the findings for this host, or for the site, as a failure when there is one."""
        whole = arguments["scope"] == "site"
        verdict = judge_site(self._task_vars) if whole else judge(self._task_vars)
        concerned: dict[str, Any] = {}
        if not verdict.errors:
            verdict.errors += self._hidden() + self._former()
            self._judge_free_text(verdict, self._hosts() if whole else [self.device])
            concerned = {**self._judge_run(verdict, arguments["parts"]), "unjudged": self._unjudged()} if whole else {}
            if arguments["addresses"] and self._speaks_for_all():
                found = self._examined()
                verdict.errors += found.errors
                verdict.warnings += found.warnings
        result = {**result_of(verdict, self._elsewhere(verdict)), **concerned}
        result["run_id"] = self._run_id()
        result["ansible_facts"] = {"netstack_run": result["run_id"]}
        return result

    def _elsewhere(self, verdict: Verdict) -> str:
        """Return the host that shows what all hosts of the play would repeat; empty for that one, which is the last."""
        last = str((self._task_vars.get("ansible_play_batch") or [""])[-1])
        return last if verdict.of_site and not self._task.run_once and last != self.device else ""

    def _judge_run(self, verdict: Verdict, parts: list[str]) -> dict[str, bool]:
        """Judge what is not declared: the run's tags, secrets, libraries, files; return which parts it concerns."""
        run, skip = (self._task_vars.get(f"ansible_{name}_tags") or () for name in ("run", "skip"))
        tags = Tags(run, skip, parts, self._task.tags)
        ours = only_ours(str(name) for name in context.CLIARGS.get("args") or ())
        verdict.errors += tags.errors(ours)
        verdict.warnings += tags.warnings(ours)
        if tags.load_balancers:
            verdict.errors += secrets.findings(self._needs(), self._secrets)
        if tags.links:
            verdict.errors += libraries.findings(self._libraries())
        sources = self._task_vars.get("ansible_inventory_sources") or ()
        verdict.warnings += files.findings((str(source) for source in sources), IGNORED)
        return {"links": tags.links, "load_balancers": tags.load_balancers}

    def _judge_free_text(self, verdict: Verdict, hosts: list[str]) -> None:
        """Judge free text by what those who run the site trust its authors with; each finding once for all hosts."""
        found: dict[str, dict[str, None]] = {}
        for host in hosts:
            known = self._task_vars if host == self.device else self._variables_of(host)
            policy = free_text.policy_of(self._templated(known, free_text.VARIABLE))
            lines = free_text.of_host(known, partial(self._templated, known))
            found.setdefault(policy, {}).update(dict.fromkeys(lines))
        verdict.errors += found.get(free_text.REFUSE, ())
        verdict.warnings += found.get(free_text.WARN, ())

    def _unjudged(self) -> list[str]:
        """Return why nothing can be said of some paths, each reason once for all hosts."""
        found = (line for host in self._hosts() for line in self._variables_of(host).get("stack_unjudged") or ())
        return list(dict.fromkeys(str(line) for line in found))

    def _hidden(self) -> list[str]:
        """Return what of a role's variables the site hides; asked in the role, for only there it would be missed."""
        role = self._task._role
        if role is None:
            return []
        name = str(role.get_name()).rpartition(".")[2]
        empty = hidden.of_role(name, role.get_default_vars(), self._task_vars)
        bare = hidden.without_site(self._task_vars["hostvars"], self.device) if empty else {}
        return list(hidden.findings(empty, self._task_vars, bare))

    def _former(self) -> list[str]:
        """Return why the host is in this play by nothing but a group that it is not in any more."""
        hosts = self._task.get_play().hosts
        told = former(self._task_vars, [hosts] if isinstance(hosts, str) else [str(each) for each in hosts or ()])
        return [told] if told else []

    def _needs(self) -> dict[str, list[secrets.Need]]:
        pairs = {
            host: name.removeprefix("lb_pair_")
            for name, hosts in self._task_vars["groups"].items()
            for host in hosts
            if name.startswith("lb_pair_")
        }
        return {host: list(secrets.needs(self._variables_of(host), pairs.get(host, ""))) for host in self._hosts()}

    def _secrets(self, host: str, variable: str) -> tuple[str, Any]:
        """Return which variable counts for a role's dictionary of secrets, and its value or what is wrong with it."""
        name = variable if variable in self._variables_of(host) else secrets.SHARED
        try:
            return name, self.variable_of(host, name)
        except AnsibleError as error:
            return name, str(error)

    def _libraries(self) -> dict[Library, list[str]]:
        run = set(self._hosts())
        found: dict[Library, list[str]] = {}
        for each in kinds():
            for host in (name for name in self._task_vars["groups"].get(each.name, ()) if name in run):
                for library in libraries.needed(each, self._variables_of(host), self._transport(host, each)):
                    found.setdefault(library, []).append(host)
        return found

    def _transport(self, host: str, kind: Kind) -> str:
        return str(self.variable_of(host, kind.transport) or kind.protocol) if kind.transport else kind.protocol

    def _hosts(self) -> list[str]:
        return [str(host) for host in self._task_vars["ansible_play_hosts_all"]]

    def _run_id(self) -> str:
        given = self._templated(self._task_vars, "netstack_run_id")
        refuse_template("netstack_run_id", given)
        return RUN_ID if given is None else str(given)

    def _speaks_for_all(self) -> bool:
        """Tell whether this host is the first of the play: what concerns all is found out once."""
        return bool(self._task_vars["ansible_play_hosts_all"][:1] == [self.device])

    def _examined(self) -> Examined:
        """Compare the addresses of this run's hosts, and of the other ends of their links, with all that are known."""
        run = set(self._task_vars["ansible_play_hosts_all"])
        peers = {str(link["peer"]) for host in run for link in self._variables_of(host).get("stack_links") or ()}
        endpoints, failures = [], []
        for host, kind, protocol in self._reached():
            try:
                endpoints.append(self._endpoint(host, kind, protocol))
            except (AnsibleError, ValueError) as error:
                failures.append((host, f"{host}: its connection variables cannot be resolved: {error}"))
        found = examine(endpoints, run | peers)
        found.errors += [text for host, text in failures if host in run | peers]
        found.warnings += [text for host, text in failures if host not in run | peers]
        absent = sorted(peer for peer in peers if peer not in self._task_vars["hostvars"])
        if absent:
            text = "The addresses of other ends that this inventory does not have (a slice?) were not compared: "
            found.warnings.append(text + ", ".join(absent))
        return found

    def _reached(self) -> Iterator[tuple[str, str, str]]:
        """Yield host, kind and protocol of what this collection reaches."""
        for kind in (each for each in kinds() if each.protocol):
            for host in self._task_vars["groups"].get(kind.name, ()):
                if host not in LOCALHOST and self._is_reached(host, kind):
                    yield host, kind.name, self._transport(host, kind)

    def _endpoint(self, host: str, kind: str, protocol: str) -> Endpoint:
        found = self.reach_of(host, protocol)
        port = found.port or _PORTS[protocol]
        ssh = None if protocol == API else found.ssh_arguments
        return Endpoint(host, kind, found.host, port, found.sources["host"], "" if ssh is None else found.via, ssh)

    def _is_reached(self, host: str, kind: Kind) -> bool:
        """Tell whether this collection reaches the host itself, by the network: not behind a vCenter, no container."""
        known = self._variables_of(host)
        told = any(known.get(name) for name in kind.told_by)
        if kind.protocol != SSH:
            return told or not kind.hypervisor
        ours = told or host in self._task_vars["groups"].get("load_balancers", ())
        return ours and str(self.variable_of(host, "ansible_connection") or DEFAULT_TRANSPORT) in _OVER_SSH


def result_of(verdict: Verdict, elsewhere: str = "") -> dict[str, Any]:
    """Turn the verdict into a task result, the same in check mode; each error stands in it once."""
    result: dict[str, Any] = {"changed": False, "checked": verdict.checked, "waived": verdict.waived}
    result["errors"] = [] if elsewhere else verdict.errors
    if verdict.notes:
        result["notes"] = verdict.notes
    if verdict.warnings:
        result["warnings"] = verdict.warnings
    if verdict.errors:
        count = len(verdict.errors)
        head = f"The declared site is refused: {count} error{'s' if count > 1 else ''}"
        where = f" (those of {elsewhere}, told there)" if elsewhere else ""
        result.update(failed=True, msg=f"{head}{where}. No device was contacted.")
        result["_ansible_verbose_always"] = not elsewhere  # the list is shown line by line, as debug does it
    return result
