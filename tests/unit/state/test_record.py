# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a record is put back only where its run wrote it: for this site, run and host, and as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.record import Record
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.store import Folder, StateError

CONTENT = {"": {"vswitches": {"vSwitch0": {"mtu": 1500, "uplinks": ("vmnic0",)}}}, "numbers": {10: "ten", 2: "two"}}


@pytest.fixture
def record(tmp_path) -> Record:
    found = Record(Folder(tmp_path), "r1", "esx1", "links", "berlin")
    found.update(lambda _old: CONTENT)
    return found


def file_of(record: Record) -> Path:
    return Path(record.place)


def test_a_record_has_its_own_content_and_nobody_elses(record, tmp_path):
    assert record.read() == json.loads(json.dumps(CONTENT))
    assert file_of(record) == tmp_path / "r1" / "esx1~links.json"
    others = [("r2", "esx1", "links"), ("r1", "esx2", "links"), ("r1", "esx1", "")]
    assert [Record(Folder(tmp_path), *other, site="berlin").read() for other in others] == [None] * 3


@pytest.mark.parametrize(
    ("owner", "message"),
    [
        (("r2", "esx1", "links", "berlin"), "is of run 'r1', not of run 'r2'"),
        (("r1", "esx2", "links", "berlin"), "is of host 'esx1', not of host 'esx2'"),
        (("r1", "esx1", "other", "berlin"), "is of part 'links', not of part 'other'"),
        (("r1", "esx1", "links", "bonn"), "is of site 'berlin', not of site 'bonn'"),
    ],
)
def test_the_record_of_another_run_host_or_site_is_neither_read_nor_overwritten(record, tmp_path, owner, message):
    other = Record(Folder(tmp_path), *owner)
    copy = file_of(other)
    copy.parent.mkdir(exist_ok=True)
    text = file_of(record).read_text()
    copy.write_text(text)
    for use in (other.read, lambda: other.update(lambda _old: {})):
        with pytest.raises(StateError, match=message) as refused:
            use()
        assert str(copy) in str(refused.value)
    assert copy.read_text() == text


def edits():
    def moved(whole):
        whole["host"] = "esx2"

    def changed(whole):
        whole["content"][""]["vswitches"]["vSwitch0"]["mtu"] = 9000

    def taken_out(whole):
        del whole["content"][""]

    def unsigned(whole):
        del whole["digest"]

    return [moved, changed, taken_out, unsigned]


@pytest.mark.parametrize("edit", edits(), ids=lambda edit: edit.__name__)
def test_a_record_that_was_edited_is_refused_by_name(record, tmp_path, edit):
    whole = json.loads(file_of(record).read_text())
    edit(whole)
    host = whole["host"]
    found = Record(Folder(tmp_path), "r1", host, "links", "berlin")
    file_of(found).write_text(json.dumps(whole))
    with pytest.raises(StateError, match="was edited") as refused:
        found.read()
    assert found.place in str(refused.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"": {"vswitches": {}}}', '{"format": 1, "digest": "x"}'])
def test_what_is_no_record_of_this_release_is_refused(record, text):
    file_of(record).write_text(text)
    with pytest.raises(StateError, match="is no record of a run"):
        record.read()
