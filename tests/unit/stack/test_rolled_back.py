# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with ansible-core that what an inventory still declares after a rollback is told, and is no failure."""

from __future__ import annotations

import json

import pytest

from .real_ansible import Place

BOOK = """
- name: A report
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write it
      netstack.datacenter.stack_report:
        folder: report
        pending: true
        rolled_back: "{{ back | default('') }}"
        failures: "{{ found | default([]) }}"
"""


def reported(place: Place, *options: str) -> tuple[int, dict[str, list[str]]]:
    """Run it; return the status and this host's part of the report."""
    done = place.plays(BOOK, *options)
    return done.returncode, json.loads((place.folder / "report" / "hosts" / "localhost.json").read_text())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


def test_what_is_pending_after_a_rollback_is_not_verified_and_says_what_to_do(place: Place) -> None:
    code, part = reported(place, "-e", "back=ticket-4711")
    assert (code, part["failures"]) == (0, [])
    assert "Run ticket-4711 was taken back, and the inventory still declares" in part["unverified"][0]


def test_what_is_pending_without_a_rollback_is_a_failure(place: Place) -> None:
    code, part = reported(place)
    assert code != 0
    assert "What is declared is not in service" in part["failures"][0]


def test_what_failed_besides_is_a_failure_after_a_rollback_too(place: Place) -> None:
    code, part = reported(place, "-e", json.dumps({"back": "ticket-4711", "found": ["two hosts hold it"]}))
    assert (code != 0, part["failures"]) == (True, ["two hosts hold it"])
