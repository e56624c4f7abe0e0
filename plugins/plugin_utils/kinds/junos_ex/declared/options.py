# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a task turned into a request; everything that needs no device is refused here, all of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..config.names import is_port
from ..platform import Limit, limit_of
from ..run.request import MARGIN, Request, Verification
from . import declaration
from .model import Declared, Style

APPLYING = ("merged", "replaced", "overridden", "deleted")


def request_of(options: Mapping[str, Any], check_mode: bool) -> Request:
    """Return the request.

    Raises:
        RefusalError: with every finding.

    """
    state = options["plan_for"] if options["state"] in ("gathered", "verified") else options["state"]
    state = state if state in APPLYING else "merged"
    limit = _limit(options)
    declared, findings = declaration.read(
        options.get("vlans"),
        options.get("bundles"),
        options.get("ports"),
        going=state == "deleted",
        limit=limit,
        device_count=options.get("device_count"),
    )
    findings += _judge(options, declared, state)
    if findings:
        raise RefusalError(sorted(set(findings)))
    return Request(
        declared=declared,
        state=cast(Any, state),
        style=style_of(options),
        stp=None if options["stp"] == "auto" else options["stp"],
        limit=limit,
        consent=frozenset(options["consent"]),
        management_ports=tuple(options["management_ports"]),
        management_vlan=options["management_vlan"],
        check_mode=check_mode,
        minutes=options["confirm_minutes"],
        hold=options["hold"],
        run_id=options["run_id"],
        ticket=options["ticket"],
        synchronize=synchronize_of(options),
        rescue=options["rescue"],
        verification=_verification(options["verify"]),
    )


def style_of(options: Mapping[str, Any]) -> Style | None:
    """Return the style that the user says, or None to find it."""
    return None if options["style"] == "auto" else cast(Style, options["style"])


def synchronize_of(options: Mapping[str, Any]) -> bool | None:
    """Return whether to commit on all members of a chassis, or None to find it."""
    return {"auto": None, "always": True, "never": False}[options["synchronize"]]


def _limit(options: Mapping[str, Any]) -> Limit | None:
    given = options.get("limits") or {}
    known = limit_of(options.get("model"), options.get("release")) if options.get("model") else None
    if not any(given.get(key) for key in ("members", "lags")):
        return known
    base = known or limit_of(None)
    lags = given.get("lags") or base.lags
    return Limit(given.get("members") or base.members, lags, "limits of the task", ae=max(base.ae, lags - 1))


def _verification(options: Mapping[str, Any] | None) -> Verification:
    given = {key: value for key, value in (options or {}).items() if value is not None}
    if "command" in given:
        given["command"] = tuple(str(word) for word in given["command"])
    return Verification(**given)


def _judge(options: Mapping[str, Any], declared: Declared, state: str) -> list[Finding]:
    found: list[Finding] = []
    if options["state"] in ("overridden", "deleted") and declared.empty:
        why = "It would take every bundle away." if state == "overridden" else "Nothing says what goes."
        found.append(
            Finding("state", "NOTHING_DECLARED", f"{state} with nothing declared", why, "Declare at least one object.")
        )
    if options["state"] == "rendered" and options["style"] == "auto":
        why = "There is no switch to ask."
        found.append(Finding("style", "STYLE_MISSING", "rendered without a style", why, "Say els or nonels."))
    for name in options["management_ports"]:
        if not is_port(name) and not name.startswith("ae"):
            why = "It is compared with the ports that a change touches."
            found.append(
                Finding("management_ports", "PORT_NAME", f"{name!r} is no port", why, "Give a name such as ge-0/0/3.")
            )
    return found + _times(options)


def _times(options: Mapping[str, Any]) -> list[Finding]:
    """Judge the timer: Junos counts minutes, 1 to 65535, and there must be time left to verify and to confirm."""
    minutes, waits = options["confirm_minutes"], (options["verify"] or {}).get("timeout") or Verification().timeout
    found: list[Finding] = []
    if not 1 <= minutes <= 65535:
        why = "Junos counts minutes, 1 to 65535."
        found.append(Finding("confirm_minutes", "OUT_OF_RANGE", f"{minutes} is out of range", why, "Give minutes."))
    elif waits > minutes * 60 - MARGIN:
        why = f"The switch would take the commit back before it is verified; {MARGIN} s must remain to confirm it."
        what = f"verify.timeout {waits} s does not fit into confirm_minutes {minutes}"
        found.append(
            Finding("verify.timeout", "TIMER_TOO_SHORT", what, why, "Raise confirm_minutes or lower the time-out.")
        )
    if options["state"] == "restored" and not options["run_id"]:
        why = "Only commits of one run are undone."
        found.append(Finding("run_id", "RUN_ID_MISSING", "restored without a run_id", why, "Give the run's id."))
    if options["hold"] and options["state"] not in APPLYING:
        why = "Only a change can be left pending."
        found.append(
            Finding("hold", "HOLD_WITHOUT_CHANGE", f"hold with state {options['state']}", why, "Leave it out.")
        )
    return found
