# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that are declared and that the switch does not have, told before a commit that could only be taken back."""

from __future__ import annotations

from . import verify
from .findings import Finding
from .names import in_order
from .plan import Plan
from .request import Request
from .session import Session


def judge_ports(session: Session, request: Request, made: Plan) -> None:
    """Add a finding for each member that is not there, where bundles are verified, and a note for each plain port.

    An uplink port is there only with its transceiver, the ports of a virtual chassis' member only while it is up. The
    switch is asked only where something changes. A path between two states judges its own ports.
    """
    if request.maker is not None or not made.changed:
        return
    members = {port: bundle.name for bundle in made.expected for port in bundle.members if port not in bundle.disabled}
    wanted = members if request.verification.links else {}
    plain = [port.name for port in request.declared.ports if not port.disabled]
    if not (wanted or plain):
        return
    there = verify.links(session.read("get_interface_information", terse=True)).up
    made.findings += [_no_such_port(port, wanted[port]) for port in sorted(wanted, key=in_order) if port not in there]
    made.notes += [
        f"The switch has no {port} now; it is configured for when it comes." for port in plain if port not in there
    ]


def _no_such_port(port: str, bundle: str) -> Finding:
    return Finding(
        f"bundles.{bundle}",
        "NO_SUCH_PORT",
        f"the switch has no {port}",
        "The bundle could not be verified with it, so the commit would be taken back after the wait.",
        "Correct the port, or insert the transceiver, card or member that brings it.",
    )
