# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that are declared and that the switch does not have, told before a commit that could only be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding

from ..config.names import in_order
from ..declared.model import Bundle
from ..device.session import Session
from ..platform import PORT
from . import chassis, verify
from .chassis import Reason
from .plan import Plan
from .request import Request


def judge_ports(session: Session, request: Request, made: Plan) -> None:
    """Add a finding for each member that is not there, where bundles are verified, and a note for each plain port.

    An uplink port is there only with its transceiver, the ports of a virtual chassis' member only while it is up. A
    plain port that nothing can bring is a finding, too. The switch is asked only where something changes, and for its
    members only where a port is missing. A path between two states judges its own ports.
    """
    if request.maker is not None or not made.changed:
        return
    members = {port: bundle.name for bundle in made.expected for port in bundle.members if port not in bundle.disabled}
    wanted = members if request.verification.links else {}
    plain = [port.name for port in request.declared.ports if not port.disabled]
    single = _single(request, made)
    if not (wanted or plain or single):
        return
    there = verify.links(session.read("get_interface_information", terse=True)).up
    absent = [port for port in (*sorted(wanted, key=in_order), *plain) if port not in there]
    found = chassis.read(session) if absent else []
    for port in absent:
        _judge(made, port, wanted.get(port), chassis.reason(found, port))
    fpcs = _fpcs(there)
    made.warnings += [_on_one(bundle, fpcs) for bundle in single if len(fpcs) > 1]


def _judge(made: Plan, port: str, bundle: str | None, reason: Reason | None) -> None:
    if bundle is not None:
        made.findings.append(_no_such_port(port, f"bundles.{bundle}", reason))
    elif reason is not None and reason.sure:
        made.findings.append(_no_such_port(port, f"ports.{port}", reason))
    else:
        why = f" ({reason.text})" if reason is not None else ""
        made.notes.append(f"The switch has no {port} now{why}; it is configured for when it comes.")


def _no_such_port(port: str, where: str, reason: Reason | None) -> Finding:
    told = f": {reason.text}" if reason is not None else ""
    why = "The bundle could not be verified with it, so the commit would be taken back after the wait."
    if reason is not None and reason.sure:
        mend = "Correct the port."
        why = why if where.startswith("bundles.") else "It would be configured for nothing."
    else:
        mend = "Correct the port, or insert the transceiver, card or member that brings it."
    return Finding(where, "NO_SUCH_PORT", f"the switch has no {port}{told}", why, mend)


def _single(request: Request, made: Plan) -> list[Bundle]:
    """Return the bundles that change and whose ports are on one FPC, where the declaration names no other one.

    Where it does, LINK_ON_ONE_MEMBER of the site's rules has told it, or was waived.
    """
    ports = [port.name for port in request.declared.ports]
    ports += [port for bundle in request.declared.bundles for port in bundle.members]
    if len(_fpcs(ports)) != 1:
        return []
    return [each for each in request.declared.bundles if len(each.members) > 1 and each.name in made.touched]


def _fpcs(ports: Iterable[str]) -> list[str]:
    """Return the members of the virtual chassis, or the line cards, after which ports are named."""
    return sorted({match[2] for port in ports if (match := PORT.fullmatch(port))}, key=int)


def _on_one(bundle: Bundle, fpcs: Sequence[str]) -> str:
    there = ", ".join(fpcs)
    return (
        f"{bundle.name}: all ports are on one member of the virtual chassis, which has {there}, so the bundle falls "
        "with it; move a cable to another member."
    )
