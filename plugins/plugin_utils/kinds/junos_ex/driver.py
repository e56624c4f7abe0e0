# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles, VLANs and ports of one Juniper EX, with one writing session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from functools import cached_property, partial

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import NETCONF
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.changes import grouped
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.driver import Driver, Result
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import results

from .declared import options
from .device.commits import Token, describe_pending, runs
from .device.connect import looked_up, warm
from .device.session import Session
from .device.target import target_of
from .run import offline
from .run.facts import survey
from .run.pending import settle
from .run.plan import Plan, refuse_foreign
from .run.request import Request, Survey
from .run.restore import restore, verified
from .run.transaction import apply

warm()  # The top of an action plugin is imported before the workers fork.


class JunosDriver(Driver):
    """One switch; a commit that is held awaits `confirmed` or `abandoned`."""

    @cached_property
    def _request(self) -> Request:
        return options.request_of(self.options, self.task.check_mode)

    @cached_property
    def _session(self) -> Callable[[], Session]:
        """Return what opens a session; one after the other may be needed."""
        connection = self.task.connection(NETCONF)
        return partial(Session, looked_up(target_of(connection, self.options["timeouts"] or {})))

    def more_states(self) -> Mapping[str, Callable[[], Result]]:
        """Return the two ends of a commit that is held."""
        return {"confirmed": self._settle, "abandoned": self._settle}

    def parse(self) -> Result:
        """Return the declaration that a configuration is."""
        parsed, style = offline.parse(self.options["running_config"], options.style_of(self.options))
        return {"parsed": parsed, "style": style}

    def render(self) -> Result:
        """Return the load that would be sent."""
        made = offline.render(self._request, self.options["running_config"])
        return {"rendered": made.xml, "style": made.style, **_described(made)}

    def verify(self) -> Result:
        """Return what was seen of bundles and links."""
        request, session = self._request, self._session
        with self.task.waiting("verifies what is declared"):
            return results(verified(session, request))

    def apply(self) -> Result:
        """Commit with a timer, prove the links, confirm."""
        request = self._request
        if request.declared.empty:
            told = "Nothing is declared; the switch was not contacted."
            return {"changed": False, "commands": [], "warnings": [told]}
        session = self._session
        with self.task.waiting("reads the switch") as progress:
            verification = replace(request.verification, progress=progress.at)
            outcome = apply(session, replace(request, verification=verification))
        result = {
            "changed": outcome.changed,
            **_described(outcome.plan),
            "style": outcome.plan.style,
            "diff": {"prepared": outcome.diff + "\n" if outcome.diff else ""},
            "verified": outcome.verified,
            "rescue_saved": outcome.rescue_saved,
            "warnings": outcome.warnings,
        }
        return result if outcome.token is None else {**result, "token": asdict(outcome.token)}

    def gather(self) -> Result:
        """Read only: no lock, no load, no commit check."""
        request, session = self._request, self._session
        with self.task.waiting("reads the switch"), closing(session()) as opened:
            seen = survey(opened, request)
        before, _after = seen.plan.structures()
        pending = describe_pending(seen.pending, seen.left) if seen.pending else ""
        result: Result = {"gathered": before, "style": seen.style, "pending": pending, "runs": runs(seen.history)}
        if pending or seen.plan.warnings:
            told = [f"{self.task.device}: {text}" for text in seen.plan.warnings]
            result["warnings"] = [pending, *told] if pending else told
        return result if request.declared.empty else {**result, **self._plan(seen)}

    def _plan(self, seen: Survey) -> Result:
        findings = seen.plan.findings + refuse_foreign(seen.plan, "foreign" in self._request.consent)
        plan = {
            "changed": seen.plan.changed,
            "changes": seen.plan.summary(),
            "findings": [str(finding) for finding in sorted(set(findings))],
            "notes": seen.plan.notes,
            **grouped(seen.plan.changes, self.options["links"]).plain(),
            **_described(seen.plan),
        }
        return {"plan": plan, "diff": {"prepared": "".join(line + "\n" for line in seen.plan.commands)}}

    def restore(self) -> Result:
        """Load what the run replaced, and prove it."""
        request, session = self._request, self._session
        with self.task.waiting("puts back what the run replaced"):
            done = restore(session, request)
        diff = {"prepared": done.diff + "\n" if done.diff else ""}
        plan = {"changed": done.changed, **grouped(done.changes, self.options["links"]).plain()}
        result: Result = {"changed": done.changed, "diff": diff, "undone": list(done.undone), "plan": plan}
        if done.links:
            what = f"The run changed both ends of {', '.join(done.links)}. This end of theirs stays as it is."
            result["warnings"] = [f"{what} link_cutover with state restored takes both back."]
        return result

    def _settle(self) -> Result:
        token, confirm = Token(**self.options["token"]), self.options["state"] == "confirmed"
        session, synchronize = self._session, options.synchronize_of(self.options)
        with self.task.waiting("confirms the pending commit" if confirm else "takes the pending commit back"):
            done = settle(session, token, confirm, self.task.check_mode, synchronize)
        return {"changed": done, "token": self.options["token"]}


def _described(made: Plan) -> Result:
    before, after = made.structures()
    return {"before": before, "after": after, "commands": made.commands}
