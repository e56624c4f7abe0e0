# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each wrong site is refused with exactly the messages that are committed beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import RULES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import UNREADABLE, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load

from . import goldens

WRONG = goldens.sites("wrong")
WARNED = goldens.sites("warned")
CHECKED_ELSEWHERE = {"FILE_UNREADABLE", "PYDANTIC_MISSING"}


def named(site: Path) -> str:
    return f"{site.parent.name}/{site.stem}"


def golden(site: Path) -> str:
    return site.with_suffix(".txt").read_text()


@pytest.mark.parametrize("site", [*WRONG, *WARNED], ids=named)
def test_the_messages_are_the_golden_ones(site):
    assert goldens.messages(site) == golden(site)


@pytest.mark.parametrize("site", WRONG, ids=named)
def test_a_wrong_site_leaves_nothing_but_its_errors(site):
    loaded = load(site, goldens.HERE)
    assert loaded.errors
    for variables in inventory(loaded).values():
        assert list(variables) == ["stack_errors"]


@pytest.mark.parametrize("site", WARNED, ids=named)
def test_a_warned_site_is_not_refused(site):
    loaded = load(site, goldens.HERE)
    assert not loaded.errors
    assert len(loaded.warnings) == 1


@pytest.mark.parametrize("site", WRONG, ids=named)
def test_every_message_names_its_line_its_object_and_its_rule(site):
    for line in golden(site).splitlines():
        place, named_object, text = line.split(": ", 2)
        assert place.startswith(("wrong/", "sites/"))
        assert named_object
        assert text.endswith("]")
        assert text[text.rindex("[") + 1 : -1] in RULES


def test_there_are_far_more_causes_than_the_issue_asks_for():
    causes = {golden(site).splitlines()[0].rsplit("[", 1)[1] for site in WRONG}
    assert len(WRONG) >= 100
    assert len(causes) >= 70


def test_ten_faults_in_one_file_give_ten_messages():
    assert len(golden(goldens.HERE / "wrong" / "ten_faults.yml").splitlines()) == 10


def test_every_rule_has_a_site_that_breaks_it():
    shown = "".join(golden(site) for site in [*WRONG, *WARNED])
    assert {rule for rule in RULES if f"[{rule}]" not in shown} == CHECKED_ELSEWHERE


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if rule.check is not None])
def test_without_the_rule_a_golden_file_is_red(rule, monkeypatch):
    monkeypatch.setitem(RULES, rule, replace(RULES[rule], check=lambda _site: ()))
    concerned = [site for site in [*WRONG, *WARNED] if f"[{rule}]" in golden(site)]
    assert any(goldens.messages(site) != golden(site) for site in concerned)


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if rule.waivable])
def test_a_waivable_rule_is_waived_with_a_reason_and_the_reason_is_shown(rule, tmp_path):
    site = next(site for site in [*WRONG, *WARNED] if f"[{rule}]" in golden(site))
    finding = next(item for item in load(site, goldens.HERE).findings if item.rule == rule)
    section, name = finding.fault.objects()[0]
    copy = tmp_path / "stack.yml"
    copy.write_text(with_waiver(site.read_text(), section, name, rule))
    loaded = load(copy, tmp_path)
    assert rule not in {item.rule for item in loaded.findings}
    assert f"{section}.{name}: {rule} waived: the reason" in [str(item) for item in loaded.waived]


def with_waiver(text: str, section: str, name: str, rule: str) -> str:
    """Return the site with one more waiver; the bare word `on` is a boolean of YAML 1.1."""
    data = yaml.safe_load(text.replace(" on:", ' "on":'))
    data[section][name].setdefault("waive", {})[rule] = "the reason"
    return yaml.safe_dump(data)


def test_when_no_host_can_be_read_one_host_stands_for_the_site():
    loaded = load(goldens.HERE / "wrong" / "yaml_syntax.yml", goldens.HERE)
    assert list(inventory(loaded)) == [UNREADABLE]


def test_an_unreadable_file_is_refused(tmp_path):
    (tmp_path / "stack.yml").write_bytes(b"plugin: netstack.datacenter.stack\nvlans: {\xff: {}}\n")
    assert [item.rule for item in load(tmp_path / "stack.yml", tmp_path).errors] == ["FILE_UNREADABLE"]
