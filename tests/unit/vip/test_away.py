# SPDX-License-Identifier: GPL-3.0-or-later
"""A node is away for as long as its lease says and no longer, by the check that keepalived runs and by our reading."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.vip import away
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.lease import LONGEST
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import render_lease_check

from .vip_builders import Clock, configure, mark, paths_below

SHELLS = [name for name in ("dash", "bash") if shutil.which(name)]
NOW = 5000
ENDED = [f"{NOW - 1} {NOW}\n", "1 2\n"]
SHORT = ["", "\n", "1\n", "0\n", f"{NOW - 1}\n", f"{NOW - 1} {NOW + 9}"]  # the last one has no end of its line
LONG = [f"{NOW - 1} {NOW + 9} 7\n", f"1 {NOW + LONGEST + 1}\n", f"1 {'9' * 30}\n", f"{'9' * 30} {'9' * 30}\n"]
NUMBERS = [
    "x\n",
    "-1 9999\n",
    "1 9x\n",
    "9x 5\n",
    "1 0x9999\n",
    "1 09\n",
    "1 5.5e3\n",
    "\\\n 9999\n",
    "$(reboot) 9999\n",
]
GARBAGE = [*ENDED, *SHORT, *LONG, *NUMBERS, f"{NOW + 1} {NOW + 9}\n"]


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "uptime", NOW)


@pytest.fixture
def paths(tmp_path, clock):
    return paths_below(tmp_path)


def leave(paths, text):
    Path(paths.leases).mkdir(parents=True, exist_ok=True)
    Path(paths.lease("web4")).write_text(text)


def held_away(paths, shell, name="web4"):
    """Run the check as keepalived does; tell whether it fails. Nothing but these two statuses ever comes."""
    script = Path(paths.leases).parent / "check"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(render_lease_check(paths))
    done = subprocess.run([shell, str(script), name], capture_output=True, timeout=10, check=False)
    assert done.returncode in (0, 1), done
    return done.returncode == 1


def test_the_shell_of_debian_is_among_those_that_are_tried():
    assert "dash" in SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_a_node_is_away_until_its_lease_ends_and_takes_part_from_then_on(paths, clock, shell):
    away.send(paths, "web4", 60)
    for now, expected in ((NOW, True), (NOW + 59, True), (NOW + 60, False), (NOW + 9999, False)):
        clock.set(now)
        assert held_away(paths, shell) is expected
        assert away.is_away(paths, "web4") is expected
    assert away.seconds_left(paths, "web4") == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_a_lease_of_before_a_boot_holds_nobody(paths, clock, shell):
    away.send(paths, "web4", 600)
    clock.set(12)
    assert not held_away(paths, shell)
    assert not away.is_away(paths, "web4")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", GARBAGE)
def test_what_is_no_lease_lets_the_node_take_part(paths, shell, text):
    leave(paths, text)
    assert not held_away(paths, shell)
    assert not away.is_away(paths, "web4")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_lease_that_cannot_be_read_lets_the_node_take_part(paths, clock, shell):
    Path(paths.lease("web4")).mkdir(parents=True)
    assert not held_away(paths, shell)
    assert not away.is_away(paths, "web4")
    Path(paths.lease("web4")).rmdir()
    away.send(paths, "web4", 60)
    assert held_away(paths, shell)
    clock.path.unlink()
    assert not held_away(paths, shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_lease_holds_its_own_instance_only(paths, shell):
    away.send(paths, "web4", 60)
    assert not held_away(paths, shell, "web6")


LINE = st.text(st.sampled_from("0159 \t\n-x"), max_size=12)
NEAR = st.tuples(st.integers(NOW - 3, NOW + 3), st.integers(NOW - 3, NOW + 3)).map(lambda pair: "{} {}\n".format(*pair))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINE | NEAR)
@example(f"0 {NOW + LONGEST}\n")
@example(f"0{NOW - 1} 0{NOW + 1}\n")
def test_keepalived_and_this_collection_read_the_same_from_every_file(paths, text):
    leave(paths, text)
    assert held_away(paths, "dash") is away.is_away(paths, "web4")


def test_a_lease_is_replaced_in_one_step_and_a_link_is_not_followed(paths, tmp_path):
    (tmp_path / "victim").write_text("precious")
    Path(paths.leases).mkdir(parents=True)
    Path(paths.lease("web4")).symlink_to(tmp_path / "victim")
    away.send(paths, "web4", 60)
    assert (tmp_path / "victim").read_text() == "precious"
    assert away.seconds_left(paths, "web4") == 60
    assert [path.name for path in Path(paths.leases).iterdir()] == ["web4.away"]
    assert Path(paths.lease("web4")).stat().st_mode & 0o777 == 0o600


def test_a_renewed_lease_begins_where_the_first_one_did_and_a_lapsed_one_begins_anew(paths, clock):
    away.send(paths, "web4", 60)
    clock.set(NOW + 50)
    away.send(paths, "web4", 60)
    assert (away.lease_of(paths, "web4").since, away.seconds_left(paths, "web4")) == (NOW, 60)
    clock.set(NOW + 500)
    away.send(paths, "web4", 60)
    assert away.lease_of(paths, "web4").since == NOW + 500


def test_without_a_lease_a_host_is_at_home_and_coming_home_twice_is_no_fault(paths):
    assert not away.is_away(paths, "web4")
    away.send(paths, "web4", 60)
    for _twice in range(2):
        away.bring_home(paths, "web4")
    assert not away.is_away(paths, "web4")
    assert away.told(paths, ["web4"]) == []


@pytest.mark.parametrize(
    ("text", "expected"), [("1\n", True), ("0\n", False), ("0", False), ("", False), ("x", False), ("7", True)]
)
def test_the_mark_of_an_earlier_release_is_read_as_its_keepalived_reads_it(paths, text, expected):
    mark(paths, "web4", text)
    assert away.is_away(paths, "web4") is expected


def test_where_keepalived_still_tracks_a_mark_the_mark_goes_with_the_lease(paths):
    """In place: keepalived never reads an empty file."""
    mark(paths, "web4", "0\n")
    inode = Path(paths.mark("web4")).stat().st_ino
    away.send(paths, "web4", 60)
    assert Path(paths.mark("web4")).read_text() == "1\n"
    away.bring_home(paths, "web4")
    assert Path(paths.mark("web4")).read_text() == "0\n"
    assert Path(paths.mark("web4")).stat().st_ino == inode


def test_no_mark_is_made_where_there_is_none(paths):
    away.send(paths, "web4", 60)
    assert not Path(paths.mark("web4")).exists()


def test_tidying_removes_marks_and_leases_of_instances_that_are_gone(paths):
    away.send(paths, "kept", 60)
    away.send(paths, "gone", 60)
    mark(paths, "kept", "1\n")
    away.tidy(paths, ["kept"])
    assert away.litter(paths, ["kept"]) == []
    assert [away.is_away(paths, name) for name in ("kept", "gone")] == [True, False]
    assert not Path(paths.mark("kept")).exists()


def test_the_instances_of_a_host_are_those_of_its_configuration(paths):
    assert away.configured(paths) == []
    configure(paths, "web6", "web4")
    assert away.configured(paths) == ["web4", "web6"]


def test_who_is_away_is_told_with_the_seconds_that_are_left_and_those_that_it_has_been_over(paths, clock):
    away.send(paths, "web4", 100)
    away.send(paths, "web6", 10)
    mark(paths, "old4", "1\n")
    clock.set(NOW + 30)
    held, over = away.told(paths, ["web4", "web6", "old4", "home4"])
    assert "away from web4 (70 s more), old4 (without an end, by an earlier release)" in held
    assert "web6 (until 20 s ago)" in over
