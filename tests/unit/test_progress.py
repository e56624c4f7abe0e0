# SPDX-License-Identifier: GPL-3.0-or-later
"""While a device is waited for a line says what for, again and again; a task that is quick says nothing."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover import detached
from ansible_collections.netstack.datacenter.plugins.plugin_utils.progress import EVERY, Progress

QUICK = 0.02


class Screen(list[str]):
    """Collects lines, and can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()

    def show(self, text: str) -> None:
        with self.changed:
            self.append(text)
            self.changed.notify()

    def until(self, text: str) -> None:
        """Wait for a line with the text."""
        with self.changed:
            assert self.changed.wait_for(lambda: any(text in each for each in self), timeout=30), self


def test_what_is_waited_for_is_said_with_the_host_while_it_changes():
    screen = Screen()
    with Progress("ex1", screen.show, "reads", QUICK) as progress:
        screen.until("ex1: reads (0 s so far)")
        progress.at("commits")
        screen.until("ex1: commits (")
    assert not progress._thread.is_alive()


def test_no_line_comes_after_the_block_even_when_it_fails():
    screen = Screen()
    with pytest.raises(ValueError, match="x"), Progress("ex1", screen.show, "reads", QUICK) as progress:
        screen.until("reads")
        raise ValueError("x")
    assert not progress._thread.is_alive()


def test_a_quick_task_says_nothing():
    screen = Screen()
    with Progress("ex1", screen.show, "reads"):
        pass
    assert (list(screen), EVERY) == ([], 15.0)


def test_a_detached_work_is_told_of_by_the_last_line_of_its_journal(tmp_path):
    seen, step = tmp_path / "seen", "step 3: the switch bundles"
    screen = Screen()

    def work(journal: detached.Journal) -> dict[str, object]:
        journal.report(step)
        deadline = time.monotonic() + 5
        while journal.alive() and not seen.exists() and time.monotonic() < deadline:
            time.sleep(QUICK)
        return {"done": True}

    def show(text: str) -> None:
        screen.show(text)
        if text == step:
            seen.touch()

    assert detached.run(work, tmp_path / "journal", 5, show, QUICK) == {"done": True}
    assert step in screen


def test_before_the_first_line_of_the_journal_it_begins(tmp_path):
    assert detached._last_line(tmp_path / "none") == "begins"
