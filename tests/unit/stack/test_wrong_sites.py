# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each wrong site is refused with exactly the messages that are committed beside it."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import RULES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import UNREADABLE, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded, load

from . import site_files

WRONG = site_files.sites("wrong")
WARNED = site_files.sites("warned")
OF_NO_OBJECT = {"SITE_EMPTY"}  # there is nothing that a waiver could stand at
IN_RUN = {name for name, rule in RULES.items() if rule.stage == "run"}  # no site breaks them, a device does
CHECKED_ELSEWHERE = {"FILE_UNREADABLE", "PYDANTIC_MISSING", *IN_RUN}
OF_A_SITE = {name: rule for name, rule in RULES.items() if name not in IN_RUN}


def named(site: Path) -> str:
    return f"{site.parent.name}/{site.stem}"


@functools.cache
def committed(site: Path) -> str:
    return site.with_suffix(".txt").read_text()


@functools.cache
def as_it_is(site: Path) -> Loaded:
    """Return a committed site, loaded once for all tests that change neither it nor the rules."""
    return load(site, site_files.HERE)


@pytest.mark.parametrize("site", [*WRONG, *WARNED], ids=named)
def test_the_messages_are_the_golden_ones(site, golden):
    golden(site.with_suffix(".txt"), site_files.messages(site, as_it_is(site)))


@pytest.mark.parametrize("site", WRONG, ids=named)
def test_a_wrong_site_leaves_nothing_but_its_errors(site):
    loaded = as_it_is(site)
    assert loaded.errors
    for variables in inventory(loaded).values():
        assert set(variables) == {"stack_errors", "stack_digest", "stack_groups"}


@pytest.mark.parametrize("site", WARNED, ids=named)
def test_a_warned_site_is_not_refused(site):
    loaded = as_it_is(site)
    assert not loaded.errors
    assert len(loaded.warnings) + len(loaded.notes) == 1


@pytest.mark.parametrize("site", WRONG, ids=named)
def test_every_message_names_its_line_its_object_and_its_rule(site):
    for line in committed(site).splitlines():
        place, named_object, text = line.split(": ", 2)
        assert place.startswith(("wrong/", "sites/"))
        assert named_object
        assert text.endswith("]")
        assert text[text.rindex("[") + 1 : -1] in RULES


def test_there_are_far_more_causes_than_the_issue_asks_for():
    causes = {committed(site).splitlines()[0].rsplit("[", 1)[1] for site in WRONG}
    assert len(WRONG) >= 100
    assert len(causes) >= 70


def test_ten_faults_in_one_file_give_ten_messages():
    assert len(committed(site_files.HERE / "wrong" / "ten_faults.yml").splitlines()) == 10


def test_every_rule_has_a_site_that_breaks_it():
    shown = "".join(committed(site) for site in [*WRONG, *WARNED])
    assert {rule for rule in RULES if f"[{rule}]" not in shown} == CHECKED_ELSEWHERE


@pytest.mark.parametrize("rule", [name for name, rule in OF_A_SITE.items() if rule.check is not None])
def test_without_the_rule_a_golden_file_is_red(rule, monkeypatch):
    monkeypatch.setitem(RULES, rule, replace(RULES[rule], check=lambda _site: ()))
    concerned = [site for site in [*WRONG, *WARNED] if f"[{rule}]" in committed(site)]
    assert any(site_files.messages(site, load(site, site_files.HERE)) != committed(site) for site in concerned)


def broken_by(rule: str) -> tuple[Path, tuple[str, str]]:
    """Return the first site that breaks the rule, and the object that the finding names first."""
    site = next(site for site in [*WRONG, *WARNED] if f"[{rule}]" in committed(site))
    finding = next(item for item in as_it_is(site).findings if item.rule == rule)
    return site, finding.fault.objects()[0]


def with_waiver(site: Path, owner: tuple[str, str], rule: str, reason: str, folder: Path) -> Loaded:
    """Return the site with one more waiver; the bare word `on` is a boolean of YAML 1.1."""
    data = yaml.load(site.read_text().replace(" on:", ' "on":'), Loader=yaml.CSafeLoader)
    data[owner[0]][owner[1]].setdefault("waive", {})[rule] = reason
    copy = folder / "stack.yml"
    copy.write_text(yaml.dump(data, Dumper=yaml.CSafeDumper))
    return load(copy, folder)


@pytest.mark.parametrize("rule", [name for name, rule in OF_A_SITE.items() if rule.waivable])
def test_a_waivable_rule_is_waived_with_a_reason_which_is_shown_and_not_without_one(rule, tmp_path):
    site, owner = broken_by(rule)
    loaded = with_waiver(site, owner, rule, "the reason", tmp_path)
    assert rule not in {item.rule for item in loaded.findings}
    assert f"{'.'.join(owner)}: {rule} waived: the reason" in [str(item) for item in loaded.waived]
    for nothing in ("", " "):
        refused = with_waiver(site, owner, rule, nothing, tmp_path)
        assert "WAIVER_WITHOUT_REASON" in {item.rule for item in refused.errors}


def test_what_a_run_finds_is_waived_at_a_link_of_an_esxi_host_which_hears_of_it_and_nowhere_else(tmp_path):
    site = next(each for each in WARNED if each.stem == "esxi_management_access")
    loaded = with_waiver(site, ("links", "esx1-lan"), "LINK_DOWN", "blade enclosure", tmp_path)
    assert [str(item) for item in loaded.waived] == ["links.esx1-lan: LINK_DOWN waived: blade enclosure"]
    assert not loaded.errors
    hosts = inventory(loaded)
    assert hosts["esx1"]["stack_waived"] == ["links.esx1-lan: LINK_DOWN waived: blade enclosure"]
    assert [link["waive"] for link in hosts["esx1"]["stack_links"]] == [{"LINK_DOWN": "blade enclosure"}]
    assert [link.get("waive") for link in hosts["filer"]["stack_links"]] == [None]
    unused = with_waiver(site, ("links", "filer"), "LINK_DOWN", "no reason", tmp_path)
    assert "WAIVER_UNUSED" in {item.rule for item in unused.warnings}
    refused = with_waiver(site, ("links", "esx1-lan"), "LINK_DOWN", " ", tmp_path)
    assert {item.rule for item in refused.errors} == {"WAIVER_WITHOUT_REASON"}


@pytest.mark.parametrize(
    "rule", [name for name, rule in OF_A_SITE.items() if rule.check and not rule.waivable and name not in OF_NO_OBJECT]
)
def test_any_other_rule_is_waived_by_no_reason(rule, tmp_path):
    site, owner = broken_by(rule)
    loaded = with_waiver(site, owner, rule, "the reason", tmp_path)
    assert rule in {item.rule for item in loaded.findings}
    assert "WAIVER_REFUSED" in {item.rule for item in loaded.errors}


def test_when_no_host_can_be_read_one_host_stands_for_the_site():
    loaded = load(site_files.HERE / "wrong" / "yaml_syntax.yml", site_files.HERE)
    assert list(inventory(loaded)) == [UNREADABLE]


def test_an_unreadable_file_is_refused(tmp_path):
    (tmp_path / "stack.yml").write_bytes(b"plugin: netstack.datacenter.stack\nvlans: {\xff: {}}\n")
    assert [item.rule for item in load(tmp_path / "stack.yml", tmp_path).errors] == ["FILE_UNREADABLE"]
