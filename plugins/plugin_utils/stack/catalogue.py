# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The catalogue of rules: one function and one docstring each; the docs page is made from these."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault, Severity

if TYPE_CHECKING:
    from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site

Stage = Literal["reading", "model", "run"]
Check = Callable[["Site"], Iterable[Fault]]
Message = Callable[..., str]
_SECTION = re.compile(r"^(Breaks|Why|Mend): ", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One rule.

    A rule of stage `reading` has no check: the reader asks its function for the message. One of stage `run` is broken
    at the devices; its check names the objects at which a run looks, and so a waiver means something.
    """

    id: str
    severity: Severity
    waivable: bool
    stage: Stage
    topic: str
    summary: str
    breaks: str
    why: str
    mend: str
    check: Check | None


RULES: dict[str, Rule] = {}


def rule(identifier: str, *, severity: Severity = "error", waivable: bool = False) -> Callable[[Check], Check]:
    """Enter a check of the model into the catalogue; its docstring has the sections Breaks, Why and Mend."""

    def enter(check: Check) -> Check:
        texts = _texts(identifier, check)
        _enter(Rule(id=identifier, severity=severity, waivable=waivable, stage="model", check=check, **texts))
        return check

    return enter


def in_run(identifier: str) -> Callable[[Check], Check]:
    """Enter a rule that only a run can find broken; it refuses, and is waivable."""

    def enter(check: Check) -> Check:
        _enter(
            Rule(id=identifier, severity="error", waivable=True, stage="run", check=check, **_texts(identifier, check))
        )
        return check

    return enter


def reading(identifier: str, *, severity: Severity = "error") -> Callable[[Message], Message]:
    """Enter what the reader itself refuses; the function returns the message."""

    def enter(message: Message) -> Message:
        texts = _texts(identifier, message)
        _enter(Rule(id=identifier, severity=severity, waivable=False, stage="reading", check=None, **texts))
        return message

    return enter


def _texts(identifier: str, function: Callable[..., Any]) -> dict[str, str]:
    """Return topic, summary and sections of a rule's docstring; raise ValueError when one is missing."""
    parts = _SECTION.split(inspect.getdoc(function) or "")
    texts = {name.lower(): " ".join(text.split()) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    if set(texts) != {"breaks", "why", "mend"}:
        raise ValueError(f"rule {identifier}: the docstring needs the sections Breaks, Why and Mend")
    *_above, package, module = function.__module__.split(".")
    topic = package if module == "rules" else module
    return {"topic": topic, "summary": " ".join(parts[0].split()), **texts}


def _enter(entry: Rule) -> None:
    if entry.id in RULES:
        raise ValueError(f"rule {entry.id} is defined twice")
    RULES[entry.id] = entry
