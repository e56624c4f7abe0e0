# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse to go on when the declared site was refused, when a derived variable was overridden, or hosts are confused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.constants import DEFAULT_TRANSPORT, LOCALHOST
from ansible.errors import AnsibleError

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DeviceAction, refuse_template
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.addresses import (
    Endpoint,
    Examined,
    examine,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import API, NETCONF, SSH
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.run import RUN_ID
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import Verdict, judge

_PORTS = {NETCONF: 830, API: 443, SSH: 22}
_OVER_SSH = ("ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh")
_SPEC: dict[str, Any] = {"addresses": {"type": "bool", "default": False}}
_NEEDS: list[tuple[str, str, list[str]]] = []


class ActionModule(DeviceAction):
    """Read variables only: no connection is opened and nothing runs on the target."""

    SPEC = _SPEC
    NEEDS = _NEEDS

    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the findings for this host, as a failure when there is one."""
        verdict = judge(self._task_vars)
        if arguments["addresses"] and not verdict.errors and self._speaks_for_all():
            found = self._examined()
            verdict.errors += found.errors
            verdict.warnings += found.warnings
        result = result_of(verdict)
        result["run_id"] = self._run_id()
        result["ansible_facts"] = {"netstack_run": result["run_id"]}
        return result

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
        for kind, protocol in (("junos_ex", NETCONF), ("esxi_vss", API), ("vcenter", API), ("linux", SSH)):
            for host in self._task_vars["groups"].get(kind, ()):
                if host not in LOCALHOST and self._is_reached(host, kind):
                    transport = self.variable_of(host, "esxi_teaming_transport") if kind == "esxi_vss" else None
                    yield host, kind, SSH if transport == "ssh" else protocol

    def _endpoint(self, host: str, kind: str, protocol: str) -> Endpoint:
        found = self.reach_of(host, protocol)
        port = found.port or _PORTS[protocol]
        ssh = None if protocol == API else found.ssh_arguments
        return Endpoint(host, kind, found.host, port, found.sources["host"], "" if ssh is None else found.via, ssh)

    def _is_reached(self, host: str, kind: str) -> bool:
        """Tell whether this collection reaches the host itself, by the network: not behind a vCenter, no container."""
        known = self._variables_of(host)
        if kind == "esxi_vss":
            return "esxi_teaming_vswitches" in known
        if kind != "linux":
            return True
        ours = host in self._task_vars["groups"].get("load_balancers", ()) or "linux_bond_bonds" in known
        return ours and str(self.variable_of(host, "ansible_connection") or DEFAULT_TRANSPORT) in _OVER_SSH


def result_of(verdict: Verdict) -> dict[str, Any]:
    """Turn the verdict into a task result, the same in check mode."""
    result: dict[str, Any] = {
        "changed": False,
        "checked": verdict.checked,
        "errors": verdict.errors,
        "waived": verdict.waived,
    }
    if verdict.warnings:
        result["warnings"] = verdict.warnings
    if verdict.errors:
        count = len(verdict.errors)
        head = f"The declared site is refused: {count} error{'s' if count > 1 else ''}. No device was contacted."
        result.update(failed=True, msg="\n".join([head, *verdict.errors]))
    return result
