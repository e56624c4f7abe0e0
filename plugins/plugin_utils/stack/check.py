# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All rules over one site, with the waivers that its objects declare."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import rules
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import RULES, Rule, reading
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import (
    Fault,
    Finding,
    Path,
    Positions,
    spoken,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import SECTIONS, Site

NODE_DEPTH = 2
"""Length of the path of an object: section and name."""
TOPICS = rules.TOPICS  # used, so that the import stays: importing the topics fills the catalogue


@dataclass(frozen=True)
class Waived:
    """A finding that its object waives, with the reason."""

    finding: Finding
    owner: tuple[str, str]
    reason: str

    def __str__(self) -> str:
        """Return the line that every report shows."""
        return f"{spoken(self.owner)}: {self.finding.rule} waived: {self.reason}"


@reading("WAIVER_UNKNOWN_RULE")
def waiver_unknown_rule(name: str) -> str:
    """A waiver names a rule that there is not.

    Breaks: its author believes that something is waived.
    Why: unknown names are errors on every level.
    Mend: correct the rule's id (docs/rules.md).
    """
    close = difflib.get_close_matches(name, RULES, 1)
    return f"there is no rule {name!r} to waive; " + (
        f"did you mean {close[0]}?" if close else "docs/rules.md lists them"
    )


@reading("WAIVER_WITHOUT_REASON")
def waiver_without_reason(name: str) -> str:
    """A waiver has no reason.

    Breaks: nobody can judge later whether it still holds.
    Why: the waiver and its reason stand in every report.
    Mend: write why the rule does not apply to this object.
    """
    return (
        f"{name} is waived without a reason, so nobody can judge later whether that still holds; write why it does "
        "not apply here"
    )


@reading("WAIVER_REFUSED")
def waiver_refused(name: str) -> str:
    """A waiver names a rule that cannot be waived.

    Breaks: the fault is certain, and no reason makes it work.
    Why: only rules that a site may have good reasons to break are waivable (docs/rules.md).
    Mend: mend the fault and remove the waiver.
    """
    return f"{name} cannot be waived, for no reason makes such a site work; mend the fault and remove the waiver"


@reading("WAIVER_UNUSED", severity="warning")
def waiver_unused(name: str) -> str:
    """A waiver waives nothing.

    Breaks: it would hide the fault when it comes back.
    Why: waivers are exceptions; one that is not needed any more is a trap.
    Mend: remove it.
    """
    return f"{name} is waived but nothing breaks it, so the waiver would hide a later fault; remove it"


def check(site: Site, positions: Positions) -> tuple[list[Finding], list[Waived]]:
    """Return the findings that count, and those that were waived."""
    waivers = dict(_waivers(site))
    findings: list[Finding] = []
    waived: list[Waived] = []
    for rule in RULES.values():
        for fault in rule.check(site) if rule.check else ():
            finding = Finding(rule.id, rule.severity, positions.at(fault.path), fault)
            owner = next((item for item in fault.objects() if (*item, rule.id) in waivers), None)
            if owner is not None and rule.waivable:
                waived.append(Waived(finding, owner, waivers[(*owner, rule.id)]))
            elif rule.stage != "run" and not _only_a_gap(site, fault, positions):
                findings.append(finding)
    findings += _judge_waivers(waivers, {(*item.owner, item.finding.rule) for item in waived}, positions)
    return findings, waived


def _only_a_gap(site: Site, fault: Fault, positions: Positions) -> bool:
    """Tell whether the fault may come from a value that is refused already: it is about something not written down."""
    partial = fault.path[:1] == ("services",) and fault.path[1] in site.partial
    return partial and (len(fault.path) == NODE_DEPTH or positions.exact(fault.path) is None)


def _waivers(site: Site) -> Iterator[tuple[tuple[str, str, str], str]]:
    for section in SECTIONS:
        for name, item in getattr(site, section).items():
            for identifier, reason in item.waive.items():
                yield (section, name, identifier), reason


def _judge_waivers(
    waivers: dict[tuple[str, str, str], str], used: set[tuple[str, str, str]], positions: Positions
) -> Iterator[Finding]:
    for key, reason in waivers.items():
        section, name, identifier = key
        path: Path = (section, name, "waive", identifier)
        verdict = _verdict(identifier, RULES.get(identifier), reason, used=key in used)
        if verdict is not None:
            rule, text = verdict
            yield Finding(rule, RULES[rule].severity, positions.at(path), Fault(path, text))


def _verdict(identifier: str, rule: Rule | None, reason: str, *, used: bool) -> tuple[str, str] | None:
    if rule is None:
        return "WAIVER_UNKNOWN_RULE", waiver_unknown_rule(identifier)
    if not rule.waivable:
        return "WAIVER_REFUSED", waiver_refused(identifier)
    if not reason.strip():
        return "WAIVER_WITHOUT_REASON", waiver_without_reason(identifier)
    return None if used else ("WAIVER_UNUSED", waiver_unused(identifier))
