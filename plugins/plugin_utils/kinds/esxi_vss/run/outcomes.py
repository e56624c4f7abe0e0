# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each host of a vCenter, by name, and one message about all that failed."""

from __future__ import annotations

from collections.abc import Mapping

from ..device import errors, esxcli
from .plan import Plan
from .request import ITSELF, Outcome, Request

CHANGED, UNCHANGED, FAILED, NOT_BEGUN, LEFT_OUT = "changed", "unchanged", "failed", "not begun", "left out"
_WORDS = (CHANGED, UNCHANGED, NOT_BEGUN, LEFT_OUT)


def by_host(request: Request, outcome: Outcome) -> dict[str, dict[str, str]]:
    """Return what became of each host of a vCenter, with the reason where it failed; nothing for a host itself."""
    names = sorted({*request.wanted, *request.left_out} - {ITSELF})
    return {name: _one(request, outcome, name) for name in names}


def of_read(
    request: Request, plans: Mapping[str, Plan], away: Mapping[str, errors.HostError]
) -> dict[str, dict[str, str]]:
    """Return the same of hosts that were read only: `changed` is what would change."""
    return by_host(
        Request(request.halves, left_out=request.left_out, check_mode=True), Outcome(dict(plans), dict(away))
    )


def _one(request: Request, outcome: Outcome, name: str) -> dict[str, str]:
    if name in outcome.failed:
        word = CHANGED if name in outcome.done else FAILED
        return {"outcome": word, "reason": outcome.failed[name].text()}
    if name not in request.wanted:
        return {"outcome": LEFT_OUT, "reason": ""}
    if name not in outcome.pending:
        return {"outcome": UNCHANGED, "reason": ""}
    return {"outcome": CHANGED if request.check_mode or name in outcome.done else NOT_BEGUN, "reason": ""}


def told(request: Request, outcome: Outcome) -> errors.HostError | None:
    """Return the failure of a host itself; of a vCenter's hosts one for all, which names every host."""
    if not request.center or not outcome.failed:
        return next(iter(outcome.failed.values()), None)
    found = by_host(request, outcome)
    names = {word: [name for name, each in found.items() if each["outcome"] == word] for word in _WORDS}
    failed = {name: error for name, error in outcome.failed.items() if name not in outcome.done}
    unseen = {name: error for name, error in outcome.failed.items() if name in outcome.done}
    lines = [f"{len(failed)} of {len(request.wanted)} hosts failed.", *_reasons(failed)] if failed else []
    lines += [f"{_word(word, request)}: {', '.join(names[word])}." for word in _WORDS if names[word]]
    lines += ["Not read back:", *_reasons(unseen)] if unseen else []
    error = errors.SomeHostsError("\n".join(lines), way_on(failed) if failed else "Run again: it reads them.")
    error.failed = dict(outcome.failed)
    return error


def none_read(away: Mapping[str, errors.HostError]) -> errors.HostError:
    """Return that not one host could be read."""
    lines = ["No host could be read; nothing was changed.", *_reasons(away)]
    if all(isinstance(error, errors.ConnectError) for error in away.values()):
        return errors.UnreachableError("\n".join(lines))
    error = errors.SomeHostsError("\n".join(lines))
    error.failed = dict(away)
    return error


def _word(word: str, request: Request) -> str:
    return "Would change" if word == CHANGED and request.check_mode else word.capitalize()


def _reasons(failed: Mapping[str, errors.HostError]) -> list[str]:
    return [named(name, error.text()) for name, error in failed.items()]


def way_on(failed: Mapping[str, errors.HostError]) -> str:
    """Return how to go on without these hosts."""
    names = ", ".join(failed)
    return f"To go on without: hosts_left_out: [{names}] (variable esxi_teaming_hosts_left_out of the role)."


def named(name: str, text: str) -> str:
    """Return a sentence about a host, after its name where it is one of many."""
    return f"{name}: {text}" if name != ITSELF else text


def recovery(name: str, made: Plan) -> list[str]:
    """Return the lines that put a host back from its own console, below its name where it is one of many."""
    lines = esxcli.recovery(made)
    return [f"# at the console of {name}", *lines] if name != ITSELF and lines else lines
