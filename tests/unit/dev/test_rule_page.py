# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a new rule is one file of the product, by doing what docs/dev/rule.md says in a copy of the checkout."""

from __future__ import annotations

import pytest

from ..runner import graph
from .scratch import Scratch, commands, files_made

PAGE = (graph.ROOT / "docs/dev/rule.md").read_text()
RULE = "VLAN_NAME_OF_ANOTHER_ID"
RENEW = "import docs.generate as made; [path.write_text(text) for path, text in made.pages().items()]"
PRODUCT = {"plugins", "roles", "playbooks", "meta"}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """Return the copy with the page's files in it, and with the generated pages made anew."""
    copy = Scratch(tmp_path_factory.mktemp("rule"))
    for name, text in files_made(PAGE).items():
        assert not (copy.folder / name).exists(), f"{name} is in the checkout already"
        copy.write(name, text)
    done = copy.run("-c", RENEW)
    assert done.returncode == 0, done.stderr
    return copy


def test_one_file_of_the_product_is_touched_and_the_list_of_rules_is_generated(scratch):
    changed = set(scratch.changed())
    of_product = [name for name in changed if name.split("/")[0] in PRODUCT]
    assert of_product == [name for name in files_made(PAGE) if name.endswith(".py")]
    assert len(of_product) == 1
    assert changed == {*files_made(PAGE), "docs/rules.md"}


def test_the_list_of_rules_has_the_new_one_in_a_section_of_its_own(scratch):
    section = (scratch.folder / "docs/rules.md").read_text().split("## The names of VLANs\n")[1].split("\n## ")[0]
    assert section.count("### ") == 1
    assert f"### {RULE}\n\nA VLAN is named after an id that is not its own. *Error, waivable.*" in section


@pytest.mark.parametrize("command", commands(PAGE), ids=lambda words: words[-1])
def test_what_the_page_has_its_reader_run_passes_with_the_new_rule_and_fails_without_it(scratch, command):
    program, *arguments = command
    assert program == "pytest"
    assert (done := scratch.run("-m", "pytest", *arguments)).returncode == 0, done.stdout
    (rule,) = (name for name in files_made(PAGE) if name.endswith(".py"))
    (scratch.folder / rule).rename(scratch.folder / f"{rule}.away")
    try:
        assert scratch.run("-m", "pytest", *arguments).returncode == 1
    finally:
        (scratch.folder / f"{rule}.away").rename(scratch.folder / rule)
