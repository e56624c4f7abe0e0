# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a switch without touching it: pending commit first, then its configuration, then what is to be done."""

from __future__ import annotations

from typing import TypeAlias

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..config import ranges
from ..config.emit import words
from ..config.members import bundles_of
from ..config.names import physical
from ..config.statements import Config, Path
from ..config.views import Views, differences, with_absent
from ..declared.model import Style
from ..declared.rules import too_many_bundles, too_many_members
from ..device import errors
from ..device.commits import describe_pending
from ..device.session import Session
from ..platform import LOWEST, OFTEN, limit_of
from . import plan
from .management import WayIn, declared_way, found_way
from .missing import judge_ports
from .request import Request, Survey


def survey(session: Session, request: Request) -> Survey:
    """Read what there is and compute the difference.

    Raises:
        errors.SwitchError: it cannot be read, or its style is unknown.

    """
    history = session.history()
    newest, pending, left = session.pending(history)
    views = session.views()
    style = request.style or session.style() or style_of(views.inherited)
    if style is None:
        raise errors.SwitchError("The switch does not tell its style.", "Set style to els or nonels.")
    made = request.plan(views, style)
    if request.state != "deleted":
        _judge_limits(session, request, made)
        judge_ports(session, request, made)
    return Survey(newest, pending, left, style, made, history)


def style_of(config: Config) -> Style | None:
    """Return the style by statements that only one of them has."""
    tags = {step.tag for item in config.statements for step in item}
    if tags & {"port-mode", "ethernet-switching-options"}:
        return "nonels"
    return "els" if tags & {"interface-mode", "switch-options"} else None


def _judge_limits(session: Session, request: Request, made: plan.Plan) -> None:
    """Refuse more members or bundles than the model has; it is asked for only where their number makes it matter."""
    count = len(bundles_of(made.after))
    few = count <= LOWEST.lags and all(len(bundle.members) <= LOWEST.members for bundle in request.declared.bundles)
    limit = request.limit or (LOWEST if few else limit_of(*session.software()))
    made.findings += too_many_bundles(count, limit)
    for bundle in request.declared.bundles:
        made.findings += too_many_members(bundle, limit)
    if not limit.certain and count > OFTEN.lags:
        made.notes.append(f"{count} bundles; {OFTEN.lags} are the limit of some releases ({OFTEN.source}).")


def refuse_pending(seen: Survey) -> None:
    """Refuse to do anything while a confirmed commit is pending: even a commit check would confirm it.

    Raises:
        errors.PendingCommitError: with its owner and the time that it has left.

    """
    if seen.pending is not None:
        mend = "Nothing was done, because anything might confirm it. Wait, or let its owner confirm or abandon it."
        raise errors.PendingCommitError(describe_pending(seen.pending, seen.left), mend)


def refuse_findings(seen: Survey, request: Request) -> None:
    """Refuse what is wrong with the plan, and what needs consent and has none.

    Raises:
        RefusalError: with all findings at once.

    """
    found = seen.plan.findings + plan.refuse_foreign(seen.plan, "foreign" in request.consent)
    if found:
        raise RefusalError(sorted(set(found)), "Nothing was changed.")


def refuse_differences(found: Views, made: plan.Plan) -> None:
    """Refuse a candidate that would give something else than what is wanted, such as what a group has for a new object.

    Raises:
        RefusalError: with each statement, and the group that gives it.

    """
    differing = differences(with_absent(found, made.names), made.after) if made.exact else []
    if differing:
        by_range, others = _by_range(differing, made)
        raise RefusalError([*by_range, *_differing(others)], "Nothing was changed.")


Difference: TypeAlias = tuple[str, Path, str]


def _by_range(found: list[Difference], made: plan.Plan) -> tuple[list[Finding], list[Difference]]:
    """Return one finding for each range whose list of ports cannot be edited so, and the other differences.

    The ports of these are others than the declared ones: a list that the switch reads otherwise makes many differ.
    """
    before, after = made.views.written, made.written
    edited = {name for name in ranges.names(before) if ranges.listed(before, name) != ranges.listed(after, name)}
    held: dict[str, list[Difference]] = {}
    others: list[Difference] = []
    for each in found:
        port = physical(_object(each[1]))
        near = [*ranges.holding(before, port), *ranges.holding(after, port)] if edited and not each[2] else []
        name = next((one.name for one in near if one.name in edited and port not in made.names), None)
        (others if name is None else held.setdefault(name, [])).append(each)
    return [_not_so(name, differing) for name, differing in held.items()], others


def _not_so(name: str, found: list[Difference]) -> Finding:
    ports = ranges.spans({physical(_object(item)) for _word, item, _group in found})
    word, first, _group = found[0]
    what = f"with its list of ports edited, the switch would {word} {words(first)}; it concerns {ports}"
    why = "Nobody declared this: the switch reads the new list otherwise, or a part of it is inactive."
    mend = "Write its ports one by one as member on the switch, none of them inactive, first."
    return Finding(f"interface-range {name}", "INHERITED", what, why, mend)


def _differing(found: list[Difference]) -> list[Finding]:
    """Return one finding for each object and source."""
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for word, item, group in found:
        kinds.setdefault((_object(item), word, group), []).append(words(item))
    return [_differs(where, word, group, texts) for (where, word, group), texts in kinds.items()]


def _object(item: Path) -> str:
    return next((step.key for step in item if step.tag == "interface" and step.key), item[0].tag)


def _differs(where: str, word: str, group: str, texts: list[str]) -> Finding:
    what = ", ".join(texts)
    if group:
        why = "Nobody declared it; what a group gives an object that comes or changes is not taken for wanted."
        mend = f"Declare it, add apply-groups-except {group} to the object on the switch, or edit the group."
        return Finding(where, "GROUP_INHERITED", f"{what} would be inherited from group {group}", why, mend)
    why = "The switch was asked what the candidate would give, and nobody declared this."
    mend = "Look at show configuration | display inheritance on the switch."
    return Finding(where, "INHERITED", f"the switch would {word} {what}", why, mend)


def refuse_management(session: Session, seen: Survey, request: Request) -> list[str]:
    """Refuse to touch the way in without consent; return a note where the way in cannot be told.

    Raises:
        RefusalError: the change touches it.

    """
    if "management" in request.consent:
        return []
    config = seen.plan.before
    way: WayIn | None = declared_way(config, seen.style, request.management_ports, request.management_vlan)
    if way is None:
        way = found_way(config, seen.style, session.addresses, session.read)
    found = plan.refuse_management(seen.plan, way.ports, way.vlans, False, way.how)
    if found:
        raise RefusalError(found, "Nothing was changed.")
    if way.how:
        return []
    return [
        "It could not be told through which port the controller reaches the switch (no interface of its configuration "
        "has the address that was connected to); name it in management_ports or management_vlan."
    ]
