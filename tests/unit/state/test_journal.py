# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the journal of a conversion comes to the store with its end, and that a store that is away is told."""

from __future__ import annotations

from functools import partial

from ansible_collections.netstack.datacenter.plugins.action.link_cutover import journal_kept
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import detached
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.store import Folder, StateError

NAME = ("r1", "cutover-esx1.log")


def work(journal: detached.Journal) -> dict[str, object]:
    journal.tell("step 1 of 7")
    return {"changed": True}


class Away(Folder):
    def update(self, *_given: object) -> None:
        raise StateError("https://kept.example.com/state cannot be reached")


def test_each_conversion_adds_its_own_lines_to_the_journal_of_its_run(tmp_path):
    file, kept = tmp_path / "here" / "cutover-esx1.log", Folder(tmp_path / "state")
    for run in ("r0", "r1", "r1"):
        found = detached.run(partial(journal_kept, kept, (run, NAME[1]), work), file)
        assert found == {"changed": True}
    assert file.read_text().count("step 1 of 7") == 3
    assert kept.read(NAME).count("step 1 of 7") == 2
    assert set(kept.read(NAME).splitlines()) <= set(file.read_text().splitlines())


def test_where_the_store_is_away_the_work_is_done_and_the_place_of_the_journal_told(tmp_path):
    file = tmp_path / "cutover-esx1.log"
    found = detached.run(partial(journal_kept, Away(tmp_path), NAME, work), file)
    assert found["changed"] is True
    assert found["warnings"] == [f"The journal stays at {file}: https://kept.example.com/state cannot be reached"]


def test_a_failure_of_the_work_is_not_hidden(tmp_path):
    def fails(_journal: detached.Journal) -> dict[str, object]:
        raise ValueError("it broke")

    found = detached.run(partial(journal_kept, Folder(tmp_path / "state"), NAME, fails), tmp_path / "log")
    assert found["failed"] is True and "it broke" in found["msg"]
