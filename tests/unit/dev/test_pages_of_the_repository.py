# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the pages for contributors and the forms of issues name files that exist, and that forms are forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ..runner import graph

GITHUB = graph.ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PAGES = [*sorted((graph.ROOT / "docs/dev").glob("*.md")), *sorted(path for path in GITHUB.rglob("*") if path.is_file())]
TOPS = {name.split("/")[0] for name in graph.tracked() if "/" in name}
BASES = ("", "plugins/plugin_utils", "plugins/module_utils", "lab", "playbooks", "plugins/plugin_utils/kinds/junos_ex")
ANYWHERE = {"stack.yml"}
PLACEHOLDER = re.compile(r"\b(ROLE|MODULE|KIND)\b")


def named(text: str) -> Iterator[str]:
    """Yield what is written as a path: in backticks, or bare from a folder at the top."""
    text = re.sub(r"(?s)```.*?^```", "", text, flags=re.MULTILINE)
    for word in re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text):
        if "/" in word or word.endswith((".py", ".md")) or (word.endswith(".yml") and word not in ANYWHERE):
            yield word
    for word in re.findall(r"(?<![\w./:@-])[\w.-]+/[\w./-]*\w", re.sub(r"`.*?`", "", text)):
        if word.split("/")[0] in TOPS:
            yield word
    yield from (word for word in re.findall(r"(?<![\w./-])[A-Z]+\.md\b", text))


def exists(word: str) -> bool:
    return any(graph.below(f"{base}/{word}".strip("/")) for base in BASES)


def made(text: str) -> set[str]:
    return set(re.findall(r"(?m)^`([\w./-]+)`\n\n```", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_names_paths_that_exist(page):
    text = page.read_text()
    words = {word for word in named(text) if not PLACEHOLDER.search(word)} - made(text)
    assert sorted(word for word in words if not word.startswith(".cache/") and not exists(word)) == []


@pytest.mark.parametrize("page", sorted((graph.ROOT / "docs/dev").glob("*.md")), ids=lambda path: path.name)
def test_a_link_of_a_page_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text())
    assert links
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_the_map_is_a_page_of_at_most_100_lines_and_says_where_a_stranger_begins():
    text = (graph.ROOT / "docs/dev/map.md").read_text()
    assert text.count("\n") <= 100
    begins = text.split("## Where a stranger begins")[1]
    assert re.findall(r"(?m)^\*\*(A new (?:rule|option|kind)|A simulator|A golden file)", begins)[:5] == [
        *("A new rule", "A new option", "A new kind"),
        *("A simulator", "A golden file"),
    ]


def test_the_map_names_every_folder_of_the_product():
    text = (graph.ROOT / "docs/dev/map.md").read_text()
    folders = {"/".join(Path(name).parts[:2]) for name in graph.below("plugins") if len(Path(name).parts) > 2}
    left_out = {"plugins/callback", "plugins/lookup", "plugins/doc_fragments"}
    assert [folder for folder in sorted(folders - left_out) if folder not in text] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_a_form_has_what_a_form_needs(form):
    found = yaml.safe_load(form.read_text())
    assert {"name", "description", "body"} <= set(found) <= {"name", "description", "body", "labels", "title"}
    asked = [each for each in found["body"] if each["type"] != "markdown"]
    assert {each["type"] for each in asked} <= {"input", "textarea", "checkboxes", "dropdown"}
    assert all(each["attributes"]["label"] for each in asked)
    assert len({each["id"] for each in asked}) == len(asked)
    assert all(each["attributes"]["options"] for each in asked if each["type"] in ("checkboxes", "dropdown"))


def test_a_bug_is_asked_for_versions_device_run_and_report():
    body = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE/bug.yml").read_text())["body"]
    assert {"versions", "device", "run_id", "report"} <= {each.get("id") for each in body}


def test_ci_runs_what_everybody_runs_on_the_commit():
    (job,) = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text())["jobs"].values()
    assert job["steps"][0]["uses"].startswith("actions/checkout@")
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs == [".ci/run"]
    assert (graph.ROOT / runs[0]).stat().st_mode & 0o100
