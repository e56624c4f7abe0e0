# SPDX-License-Identifier: GPL-3.0-or-later
"""Who knows a run that is to be taken back, and what of it is gone; judged by what its hosts were asked for before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Hosts = Mapping[str, Mapping[str, Any]]
SWITCH, HOST, LINKS, BACKUPS = "stack_undoing", "stack_undoing", "stack_restoring", "stack_backups"
"""What the playbook registers: the restores in check mode, and the backups of a load balancer."""


def findings(run_id: str, hosts: Hosts) -> list[str]:
    """Return why the run cannot be taken back."""
    if not any(_knows(run_id, of) for of in hosts.values()):
        looked = [f"{host}: {where}" for host, of in hosts.items() for where in _looked(of)]
        head = f"No host of this run knows the run {run_id}, so nothing can be taken back. Looked for it at:"
        mend = "Compare the id with the report of that run; without stack_rollback_to the runs are listed. What it did "
        mend += "to ESXi hosts is kept in netstack_state (docs/state.md) of the machine that ran it."
        return ["\n".join([head, *(looked or ["(no host)"]), mend])]
    return list(_gone(run_id, hosts))


def _knows(run_id: str, of: Mapping[str, Any]) -> bool:
    backups = _result(of, BACKUPS).get("generations") or ()
    restores = (_result(of, name) for name in (SWITCH, LINKS))
    made = any(str(each.get("run_id")) == run_id for each in backups)
    return made or any(each.get("known") or each.get("kept") for each in restores)


def _looked(of: Mapping[str, Any]) -> Iterator[str]:
    if "generations" in _result(of, BACKUPS):
        yield "/var/lib/netstack/backup"
    if "known" in _result(of, SWITCH):
        yield "the commit history"
    for name in (HOST, LINKS):
        if "kept_at" in _result(of, name):
            yield str(_result(of, name)["kept_at"]) or "nowhere, for esxi_teaming_restore_dir is empty"


def _gone(run_id: str, hosts: Hosts) -> Iterator[str]:
    """Name each link that a switch's history says was changed at both ends, and of which its host's steps are gone."""
    for switch, of in hosts.items():
        peers = {str(link["link"]): str(link["peer"]) for link in of.get("stack_links") or ()}
        for link in _result(of, SWITCH).get("both_ends") or ():
            steps = _result(hosts.get(peers.get(link, ""), {}), LINKS)
            if steps.get("kept") is False:
                yield (
                    f"{switch}: its commit history says that the run {run_id} changed both ends of {link}, and what "
                    f"takes them back is not there: {steps['kept_at'] or 'esxi_teaming_restore_dir is empty'}. Let "
                    "netstack_state be that of the run (docs/state.md), or declare the link as it was and run site.yml."
                )


def _result(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}
