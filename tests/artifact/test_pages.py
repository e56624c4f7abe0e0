# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what the pages name is there, in the artifact where they ship: links, anchors, paths, roles, kinds."""

from __future__ import annotations

import json
import posixpath
import subprocess

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds as all_kinds

from .conftest import ROOT
from .pages import anchors, links, paths, section

CLONE = "Try it in a clone"
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"] + "/blob/main/"


def _git(*arguments: str) -> list[str]:
    command = ["git", "-C", str(ROOT), "ls-files", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


FILES = [name for name in _git("--cached", "--others", "--exclude-standard") if (ROOT / name).is_file()]
FOLDERS = {"/".join(name.split("/")[:depth]) for name in FILES for depth in range(1, name.count("/") + 1)}
TRACKED = {*FILES, *FOLDERS}
PAGES = sorted(name for name in FILES if name.endswith(".md"))


def _text(page: str) -> str:
    return (ROOT / page).read_text()


def _target(page: str, link: str) -> tuple[str, str] | None:
    """Return (path from the top, anchor) of a link into the repository, nothing for one to elsewhere."""
    path, _hash, anchor = link.partition("#")
    if path.startswith(REPOSITORY):
        return path.removeprefix(REPOSITORY), anchor
    if "://" in path:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page, anchor


def _broken(page: str, link: str) -> bool:
    found = _target(page, link)
    if found is None:
        return False
    path, anchor = found
    return path not in TRACKED or bool(anchor and anchor not in anchors(_text(path)))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_anchor_resolves(page):
    assert [link for link in links(_text(page)) if _broken(page, link)] == []


def test_a_broken_link_and_a_broken_anchor_are_seen():
    assert _broken("docs/rules.md", "gone.md")
    assert _broken("README.md", "docs/rules.md#no-such-heading")
    assert _broken("README.md", REPOSITORY + "docs/gone.md")
    assert not _broken("docs/exchange.md", "rules.md#vlans")


def test_pages_that_ship_link_and_name_only_what_ships(shipped):
    missing = {}
    for page in (page for page in PAGES if page in shipped):
        text = _text(page)
        if page == "README.md":
            text = text.replace(section(text, CLONE), "")
        wanted = {_target(page, link)[0] for link in links(text) if "://" not in link}
        beside = posixpath.dirname(page)
        wanted |= {path for path in paths(text, TRACKED) if posixpath.join(beside, path) not in shipped}
        missing[page] = sorted(wanted - shipped)
    assert {page: gone for page, gone in missing.items() if gone} == {}
    assert {"README.md", "SECURITY.md", "docs/how_it_works.md", "roles/vip/README.md"} <= set(missing)


def test_pages_of_the_clone_name_only_what_is_there(shipped):
    told = {page: _text(page) for page in ("CONTRIBUTING.md", "docs/proof.md", "docs/performance.md")}
    told["README.md"] = section(_text("README.md"), CLONE)
    assert {page: paths(text, TRACKED) - TRACKED for page, text in told.items() if paths(text, TRACKED) - TRACKED} == {}
    assert [page for page in told if page in shipped] == ["README.md"]


def test_absolute_links_are_only_for_what_does_not_ship(shipped):
    found = {page: [link for link in links(_text(page)) if link.startswith(REPOSITORY)] for page in PAGES}
    assert [link for every in found.values() for link in every if _target("", link)[0] in shipped] == []
    assert found["README.md"]


def test_the_readme_names_every_role_and_every_kind_and_says_which_are_not_configured():
    text = _text("README.md")
    roles = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
    assert {link.split("/")[1] for link in links(text) if link.startswith("roles/")} == roles
    kinds = json.loads(_text("docs/stack.schema.json"))["$defs"]["Device"]["properties"]["kind"]["enum"]
    rows = [line.split("|")[1] for line in section(text, "What it configures").splitlines() if line.startswith("| `")]
    named = [{name.strip(" `") for name in row.split(",")} for row in rows]
    assert sorted(name for row in named for name in row) == sorted(kinds)
    assert named[-1] == {each.name for each in all_kinds() if not each.protocol}


def test_the_first_success_is_on_the_first_screen():
    lines = _text("README.md").splitlines()
    clone, collection = (lines.index(f"## {title}") for title in (CLONE, "Use the collection"))
    success = [number for number, line in enumerate(lines) if line.startswith(("script/demo", "ansible-playbook"))]
    assert success[0] - clone < 10
    assert success[1] - collection <= 52
    assert len(lines) <= 120
