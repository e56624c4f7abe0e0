# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered and parsed: what can be said without a switch."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..config import setform, views
from ..config.emit import words
from ..config.gather import structured
from ..config.statements import Config, from_xml
from ..declared.model import Style
from . import plan
from .facts import style_of
from .request import Request


def render(request: Request, running: str | None) -> plan.Plan:
    """Return the plan against a given configuration, or against an empty one; spanning tree is taken to be RSTP.

    Raises:
        RefusalError: the plan has findings, or the text does not tell surely where it names a port.

    """
    if request.style is None:
        raise AssertionError("the options refuse to render without a style")
    current = read(running) if running else Config()
    unsure = setform.unsure(current)
    if unsure is not None:
        why = "The set form does not tell which of its words are names, so a port could not be taken out of it."
        mend = "Give the output of show configuration | display xml."
        raise RefusalError([Finding("running_config", "UNREADABLE", f"it holds {words(unsure)}", why, mend)])
    made = plan.make(views.offline(current), request.declared, request.state, request.style, stp=request.stp or "rstp")
    if made.findings:
        raise RefusalError(sorted(set(made.findings)))
    return made


def read(running: str) -> Config:
    """Return a configuration given as XML or in set form.

    Raises:
        RefusalError: it is neither.

    """
    form = _other_form(running)
    try:
        if form:
            raise ValueError(f"it is {form}")
        return from_xml(running) if running.lstrip().startswith("<") else setform.from_set(running.splitlines())
    except ValueError as error:
        why = "It is read as XML or in the set form; what is not understood would be taken for nothing."
        mend = "Give the output of show configuration | display xml, or | display set."
        raise RefusalError([Finding("running_config", "UNREADABLE", str(error), why, mend)]) from None


def _other_form(running: str) -> str:
    """Return what a text is that is neither XML nor in the set form; an empty text where it may be one of them."""
    if re.match(r"\s*[{\[]\s*[\"}\]]", running):
        return "JSON (show configuration | display json)"
    lines = [line.strip() for line in running.splitlines()]
    braces = any(line.endswith(("{", ";", "}")) and not line.startswith(("set ", "deactivate ", "{")) for line in lines)
    return "in braces (show configuration)" if braces and not running.lstrip().startswith("<") else ""


def parse(running: str, style: Style | None) -> tuple[dict[str, object], Style]:
    """Return the given configuration in the shape of the declaration, and its style.

    Raises:
        RefusalError: it is empty, cannot be read, or does not tell its style.

    """
    if setform.is_empty(running):
        why = "It would be taken for a switch without any configuration; what should have printed it has failed."
        mend = "Give the output of show configuration | display xml, or | display set."
        raise RefusalError([Finding("running_config", "EMPTY", "there is no configuration in it", why, mend)])
    config = read(running)
    found = style or style_of(config)
    if found is None:
        why = "Nothing in the configuration tells it."
        raise RefusalError([Finding("style", "STYLE_MISSING", "the style is unknown", why, "Say els or nonels.")])
    return structured(views.offline(config).inherited, found), found
