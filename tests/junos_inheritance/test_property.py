# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a switch inherits and whatever is declared of it: nothing else changes, or it is refused by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from runner.slices import everything, whole_or_slice

from kinds.junos_ex.errors import CommitError

from .expander import UnclearError, effective
from .memory import RefusedError, Switch
from .promise import Promise, changed
from .reader import from_text
from .states import LINKS, SWITCHED, State, situations, states

MODELS = {
    ("els", "append"): ("ex4300-48t", 2),
    ("els", "override"): ("ex4300-24t", 2),
    ("nonels", "append"): ("ex4200-48t", 2),
    ("nonels", "override"): ("ex3300-48t", 2),
}
EXAMPLES = whole_or_slice(500, 100, reason="more states and declarations are drawn")
STYLES = pytest.mark.parametrize("style", ["els", "nonels"])
DRAWN = settings(
    max_examples=EXAMPLES,
    database=None,
    # What stands before main draws the same each time; --all draws anew.
    derandomize=not everything(),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def switch_of(state: State, precedence) -> Switch:
    model, fpcs = MODELS[state.style, precedence]
    return Switch(model, fpcs, state.lines, precedence)


def known(switch: Switch) -> frozenset[str]:
    """Return what takes effect; examples of which Juniper's pages do not tell are left out."""
    try:
        return switch.effective()
    except UnclearError:
        reject()


@STYLES
@DRAWN
@given(data=st.data(), precedence=st.sampled_from(["append", "override"]))
def test_the_simulated_switch_inherits_as_the_judge_says(style, data, precedence):
    switch = switch_of(data.draw(states(style)), precedence)
    assume(switch.sane)
    shown, judged = effective(from_text(switch.shown(inherit=True)), precedence, ()), known(switch)
    # Where a range has no port any more, what names it is shown by its name, or is an empty container.
    hollow = {line for line in shown ^ judged if any(other.startswith(f"{line} ") for other in shown | judged)}
    assert [line for line in (shown ^ judged) - hollow if not names_an_interface(line)] == []


def names_an_interface(line: str) -> bool:
    """Tell whether a line outside `interfaces` names one: there a switch may go on to show the name of a range."""
    return not line.startswith("interfaces ") and " interface " in line


NAMED = {"RANGE_PATTERN", "RANGE_LAST_PORT", "GROUP_INHERITED", "INACTIVE"}
"""The rules that refuse because of a range, a group or something inactive."""
SWITCH = "COMMIT"
OTHER = {"UNTAGGED_NOT_SAID", "FOREIGN", SWITCH}
"""Rules that refuse what is declared, whatever is inherited; they name the object."""


def attempt(switch: Switch, task: dict) -> str:
    """Do a task; return the refusal, or an empty text. The switch's own commit check may refuse what is declared."""
    try:
        switch.apply(task)
    except RefusedError as refusal:
        return str(refusal)
    except CommitError as refusal:
        return "\n".join(f"{report.message} [{SWITCH}]" for report in refusal.reports[:-1])
    return ""


def judge_refusal(state: State, task: dict, refusal: str) -> None:
    """Assert that each finding names the range or group that it is about, or the object."""
    given = {word for line in state.lines for word in line.split() if re.fullmatch(r"r\d|links|g\d", word)}
    objects = {name for kind in ("ports", "bundles") for name in task.get(kind, ())}
    objects |= {port for name in task.get("bundles", ()) for port in (*LINKS, *SWITCHED)}
    for finding in refusal.splitlines():
        rule = re.search(r"\[([A-Z_]+)\]", finding)
        assert rule is not None and rule[1] in NAMED | OTHER, finding
        names = given if rule[1] in NAMED - {"INACTIVE"} else objects
        assert any(re.search(rf"\b{re.escape(name)}\b", finding) for name in names), finding


@STYLES
def test_nothing_undeclared_changes_or_it_is_refused_by_name(style):
    counted = {"done": 0, "refused": 0}

    @DRAWN
    @given(drawn=situations(style), precedence=st.sampled_from(["append", "override"]))
    def holds(drawn: tuple[State, dict], precedence) -> None:
        state, task = drawn
        switch = switch_of(state, precedence)
        assume(switch.sane)
        before, written = known(switch), switch.shown()
        refusal = attempt(switch, task)
        if refusal:
            counted["refused"] += 1
            judge_refusal(state, task, refusal)
            assert switch.shown() == written
            return
        counted["done"] += 1
        promise, after = Promise(task, before), known(switch)
        assert [line for line in changed(before, after) if not promise.allowed(line)] == []
        assert promise.broken(after) == []
        again = switch.shown()
        assert attempt(switch, task) == ""
        assert switch.shown() == again

    holds()
    assert counted["done"] * 3 >= counted["done"] + counted["refused"], counted
