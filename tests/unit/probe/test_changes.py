# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback `changes` writes exactly what a run reports as changed, alike in check mode, and no secret."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import pytest
from ansible.release import __version__

from unit.stack.real_ansible import run

# Up to ansible-core 2.18 the result of a loop under no_log holds no items, and a missing setting is told otherwise.
OLD_CORE = tuple(int(part) for part in __version__.split(".")[:2]) < (2, 19)
UNDER_NO_LOG = [None] if OLD_CORE else ["(item 0)", "(item 1)"]
MISSING_SETTING = "setting: file" if OLD_CORE else "config 'file'"

# One task runs a module, which finds out by itself whether it changes or would change; the others need none for that.
PLAYBOOK = """
- name: Changes
  hosts: a:b
  gather_facts: false
  module_defaults:
    ansible.builtin.file: {state: directory, mode: "0700"}
  tasks:
    - name: Change by a module
      ansible.builtin.file: {path: "{{ folder }}/{{ inventory_hostname }}"}
    - name: Change one of two
      ansible.builtin.debug: {msg: "CANARY"}
      loop: [{path: x}, {path: y}]
      loop_control: {label: "{{ item.path }}"}
      changed_when: first and item.path == 'x'
    - name: Change nothing
      ansible.builtin.debug: {msg: "CANARY"}
    - name: Change without a loop
      ansible.builtin.debug: {msg: "CANARY"}
      changed_when: first
      notify: Handler
    - name: Change without a label
      ansible.builtin.debug: {msg: "CANARY"}
      loop: [{path: z}]
      changed_when: first
    - name: Change under no_log
      ansible.builtin.debug: {msg: "{{ item }}"}
      loop: ["CANARY-1", "CANARY-2"]
      changed_when: first
      no_log: true
    - name: Skip
      ansible.builtin.debug: {msg: "CANARY"}
      changed_when: true
      when: false
    - name: Fail at the second item
      ansible.builtin.debug: {msg: "CANARY"}
      loop: [good, bad]
      changed_when: first and item == 'good'
      failed_when: item == 'bad' and not ansible_check_mode
      ignore_errors: true
  handlers:
    - name: Handler
      ansible.builtin.debug: {msg: "CANARY"}
      changed_when: first
"""


FIRST, AGAIN = (["-e", f'{{"first": {value}}}'] for value in ("true", "false"))


def play(folder: Path, record: Path, *arguments: str) -> list[dict[str, str]]:
    playbook = folder.parent / "play.yml"
    playbook.write_text(PLAYBOOK)
    settings = {"ANSIBLE_CALLBACKS_ENABLED": "netstack.datacenter.changes", "NETSTACK_CHANGES_FILE": str(record)}
    local = ["-e", f"ansible_connection=local ansible_python_interpreter={sys.executable} folder={folder}"]
    done = run(folder.parent, "ansible-playbook", "-i", "a,b", str(playbook), *local, *arguments, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]: Failure using" not in done.stderr
    return [json.loads(line) for line in record.read_text().splitlines()]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The lines of a check-mode run on an empty folder, of the first real run and of the second."""
    folder = tmp_path_factory.mktemp("changes") / "made"
    folder.mkdir()
    record = folder.parent / "record.jsonl"
    return [*(play(folder, record, *arguments) for arguments in (["--check", *FIRST], FIRST, AGAIN)), record]


def marks(lines, host):
    return [(line["task"], line["item"]) for line in lines if line["host"] == host]


def test_a_real_run_is_written_task_by_task_and_item_by_item(runs):
    assert marks(runs[1], "a") == [
        ("Change by a module", None),
        ("Change one of two", "x"),
        ("Change without a loop", None),
        ("Change without a label", '{"path": "z"}'),
        *(("Change under no_log", item) for item in UNDER_NO_LOG),
        ("Fail at the second item", "good"),
        ("Handler", None),
    ]
    assert len(marks(runs[1], "b")) == len(marks(runs[1], "a"))
    assert runs[1][0]["path"].endswith("play.yml:8")


def test_what_check_mode_reports_is_written_in_the_same_form(runs):
    def key(line):
        return (line["host"], line["task"], line["path"], line["item"])

    predicted, happened = ({key(line) for line in run} for run in runs[:2])
    assert predicted == happened


def test_a_second_run_writes_an_empty_file(runs):
    assert runs[2] == []


def test_no_secret_gets_into_the_file(runs):
    assert "CANARY" not in json.dumps(runs[:3])


def test_only_the_user_of_the_run_reads_the_file(runs):
    assert stat.S_IMODE(runs[3].stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("planted", "said"), [(False, MISSING_SETTING), (True, "/record is a link, which is not followed")]
)
def test_without_a_file_the_run_goes_on_and_says_why_nothing_is_written(tmp_path, monkeypatch, planted, said):
    monkeypatch.delenv("NETSTACK_CHANGES_FILE", raising=False)
    playbook = tmp_path / "play.yml"
    playbook.write_text("- hosts: localhost\n  gather_facts: false\n  tasks: []\n")
    settings = {"ANSIBLE_CALLBACKS_ENABLED": "netstack.datacenter.changes"}
    if planted:
        (tmp_path / "victim").write_text("precious")
        (tmp_path / "record").symlink_to("victim")
        settings["NETSTACK_CHANGES_FILE"] = str(tmp_path / "record")
    done = run(tmp_path, "ansible-playbook", str(playbook), **settings)
    assert done.returncode == 0
    told = " ".join(done.stderr.split())  # ansible-core 2.17 breaks lines
    assert said in told
    assert re.search(r"(callback|datacenter)\.changes", told)
    assert [path.read_text() for path in tmp_path.glob("victim")] == ["precious"] * planted
