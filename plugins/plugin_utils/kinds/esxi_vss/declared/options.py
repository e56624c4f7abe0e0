# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a task turned into a request; everything that needs no host is refused here, all of it at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..run.request import ITSELF, Request
from . import declaration
from .model import Half

APPLYING = ("merged", "replaced", "overridden", "deleted")
OFFLINE = ("rendered", "parsed")


def request_of(options: Mapping[str, Any], check_mode: bool) -> Request:
    """Return the request.

    Raises:
        RefusalError: with every finding.

    """
    state = options["plan_for"] if options["state"] in ("gathered", "verified") else options["state"]
    state = state if state in APPLYING else "merged"
    findings: list[Finding] = []
    halves = _halves(options, state, findings)
    findings += _judge(options, halves)
    if findings:
        raise RefusalError(sorted(set(findings)))
    left_out, strangers = _left_out(options.get("hosts_left_out") or (), halves)
    return Request(
        halves={name: half for name, half in halves.items() if name not in left_out},
        left_out=left_out,
        strangers=strangers,
        state=state,
        consent=frozenset(options["consent"]),
        management_interface=options["management_interface"],
        check_mode=check_mode,
        links=(options["verify"] or {}).get("links") is not False,
        back=(options["timeouts"] or {}).get("back") or 90,
        run_id=options["run_id"],
    )


def restoring(request: Request, points: Mapping[str, Any]) -> Request:
    """Return the request with what is to be restored; a host that is left out may be none that the run has changed."""
    left_out, _strangers = _left_out(request.strangers, points)
    kept = {name: each for name, each in points.items() if name not in left_out}
    return replace(request, points=kept, left_out=left_out, strangers=())


def _left_out(given: Sequence[str], hosts: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of the hosts are left out, and which names are none of them; the first label will do."""
    meant = {name: _meant(name, hosts) for name in given}
    left_out = tuple(dict.fromkeys(host for found in meant.values() for host in found))
    return left_out, tuple(name for name, found in meant.items() if not found)


def _meant(name: str, hosts: Collection[str]) -> list[str]:
    same = [host for host in hosts if host.lower() == name.lower()]
    return same or [host for host in hosts if host and host.split(".")[0].lower() == name.split(".")[0].lower()]


def _halves(options: Mapping[str, Any], state: str, findings: list[Finding]) -> dict[str, Half]:
    given = [options.get(key) for key in ("vswitches", "port_groups", "vmkernel")]
    own = declaration.read(*given, state=state, findings=findings)
    if not options.get("hosts"):
        return {ITSELF: own}
    hosts = declaration.read_hosts(options["hosts"], state, findings)
    if not own.empty:
        why = "vswitches, port_groups and vmkernel are of the host that is connected to, hosts of those of a vCenter."
        what = "both hosts and vswitches, port_groups or vmkernel are given"
        findings.append(Finding("hosts", "HOSTS_AND_OWN", what, why, "Leave one out."))
    return hosts


def _judge(options: Mapping[str, Any], halves: Mapping[str, Half]) -> list[Finding]:
    found: list[Finding] = []
    state = options["state"]
    if state in ("overridden", "deleted"):
        for name, half in halves.items():
            if not (half.vswitches or half.port_groups):
                why = "It would take every virtual switch away." if state == "overridden" else "Nothing says what goes."
                where, what = f"hosts.{name}" if name else "state", f"{state} with nothing declared"
                found.append(Finding(where, "NOTHING_DECLARED", what, why, "Declare at least one object."))
    if options["transport"] == "ssh" and options.get("hosts"):
        why = "A vCenter has no esxcli."
        found.append(Finding("transport", "SSH_TO_VCENTER", "ssh with hosts", why, "Connect to each host itself."))
    if state == "restored" and options.get("restore_point") is None and not _kept_somewhere(options):
        why = "Only what is known can be put back."
        mend = "Give restore_point, or run_id and restore_dir."
        found.append(Finding("restore_point", "RESTORE_POINT_MISSING", "restored without one", why, mend))
    return found


def _kept_somewhere(options: Mapping[str, Any]) -> bool:
    return bool(options["run_id"] and options.get("restore_dir"))
