# SPDX-License-Identifier: GPL-3.0-or-later
"""Which function answers which RPC, and what an answer is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from .device import Device, Session
from .errors import CommitError, JunosError, Report, error, syntax_error
from .frames import report_element
from .xmlform import Element, elements, local, value_of

if TYPE_CHECKING:
    from .netconf import Lab


@dataclass
class Reply:
    """What goes back: elements, `<ok/>` or not, warnings, and whether the session ends."""

    content: list[Element] = field(default_factory=list)
    ok: bool = False
    close: bool = False
    failed: bool = False


@dataclass
class Call:
    """One RPC: who asks which switch for what."""

    device: Device
    session: Session
    request: Element
    lab: Lab

    @property
    def name(self) -> str:
        """Give the RPC's name."""
        return local(self.request)

    def flag(self, name: str) -> bool:
        """Tell whether the request has the child `name`."""
        return any(local(child) == name for child in elements(self.request))

    def argument(self, name: str, default: str = "") -> str:
        """Give the text of the child `name`."""
        return next((value_of(child) for child in elements(self.request) if local(child) == name), default)

    def only(self, *names: str) -> None:
        """Refuse arguments that are not among `names`: none is accepted and ignored.

        Raises:
            JunosError: an argument is not known here.
        """
        for child in elements(self.request):
            if local(child) not in names:
                raise syntax_error(local(child))


Handler = Callable[[Call], Reply]
HANDLERS: dict[str, Handler] = {}


def rpc(*names: str) -> Callable[[Handler], Handler]:
    """Register a function as the answer to RPCs."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return register


def answer(call: Call) -> Reply:
    """Answer an RPC; errors become `<rpc-error>`."""
    call.device.tick()
    try:
        handler = HANDLERS.get(call.name)
        if handler is None:
            raise syntax_error(call.name)
        return handler(call)
    except CommitError as failure:
        return failed_commit(call.device, failure.reports)
    except JunosError as failure:
        return Reply([report_element(report) for report in failure.reports], failed=True)


def engine(device: Device) -> str:
    """Give the name of the routing engine that answers."""
    return "fpc0" if device.fpcs >= 1 else "re0"


def failed_commit(device: Device, reports: list[Report]) -> Reply:
    """Make the answer to a refused commit: the errors stand below the routing engine."""
    results = etree.Element("commit-results")
    below = etree.SubElement(results, "routing-engine")
    etree.SubElement(below, "name").text = engine(device)
    below.extend([report_element(report) for report in reports])
    return Reply([results], failed=True)


def output(text: str) -> Element:
    """Make an `<output>`."""
    element = etree.Element("output")
    element.text = f"\n{text}\n"
    return element


def number(call: Call, text: str, low: int, high: int) -> int:
    """Read a number of an RPC's argument.

    Raises:
        JunosError: it is none, or out of range.
    """
    if not text.isdigit() or not low <= int(text) <= high:
        raise error(f"Value {text} is not within range ({low}..{high})", bad=text)
    return int(text)
