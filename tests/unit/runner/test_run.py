# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a run comes to with parts that pass, fail, hang, skip, are killed, or do nothing; parts run for real."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from .conftest import PYTEST

OK = "def test_ok(): pass"


def sh(name, script, **more):
    """A part that is no pytest."""
    return {"name": name, "command": f"sh -c '{script}'", "counts": "one", **more}


def test_what_passes_is_counted(checkout):
    checkout.parts(checkout.tests("two", OK + "\ndef test_too(): pass"), sh("lint", "echo fine"))
    done = checkout.run()
    assert (done.code, done.last) == (0, "3 passed, 0 failed, 0 skipped")
    assert "[lint] fine" in done.output


def test_a_failure_is_counted_and_its_log_shown(checkout):
    checkout.parts(checkout.tests("bad", OK + "\ndef test_bad(): assert 'these' == 'those'"), sh("lint", "true"))
    done = checkout.run()
    assert (done.code, done.last) == (1, "2 passed, 1 failed, 0 skipped")
    assert (
        "==> The end of bad.log" in done.output and "'these' == 'those'" in done.output.split("The end of bad.log")[1]
    )


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 3", "ended with status 3"),
        ("kill -9 $$", "killed by SIGKILL"),
        ("no-such-program", "ended with status 127"),
    ],
)
def test_a_command_that_ends_badly_is_one_failure_with_the_reason(checkout, script, problem):
    checkout.parts(sh("bad", script))
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert f"bad: {problem}" in done.output


def test_a_program_that_is_not_there_is_a_failure(checkout):
    checkout.parts({"name": "gone", "command": "/no/such/program", "counts": "one"})
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert "gone: cannot be started: " in done.output


def test_a_part_that_hangs_is_ended_at_its_limit_with_its_children(checkout):
    checkout.parts(sh("hangs", "echo $$ > pid; sleep 1000 & wait", limit=1))
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert "hangs: did not end within 1 s" in done.output
    assert not Path("/proc", (checkout.root / "pid").read_text().strip()).exists()


def test_a_child_that_keeps_the_output_open_holds_nobody_up(checkout):
    checkout.parts(sh("leaves", "sleep 1000 & echo $! > pid; echo over"))
    done = checkout.run()
    os.kill(int((checkout.root / "pid").read_text()), signal.SIGKILL)  # it still ran: a lab outlives its part
    assert (done.code, done.last) == (0, "1 passed, 0 failed, 0 skipped")


@pytest.mark.parametrize("script", ["true", "echo 5 passed"])
def test_a_part_that_executes_no_test_has_failed(checkout, script):
    checkout.parts(sh("silent", script, counts="tests"))
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert "silent: no test was executed" in done.output


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x = 1", 5),
        ("def pytest_collection_modifyitems(): raise KeyError", 5),
        (OK + "\ndef test_stops(): raise KeyboardInterrupt", 2),
        (OK + "\n@pytest.fixture(scope='bad')\ndef f(): pass", 2),
    ],
)
def test_a_pytest_that_ends_oddly_is_a_failure(checkout, text, status):
    checkout.parts(checkout.tests("odd", text))
    done = checkout.run()
    assert done.code == 1
    assert f"odd: pytest ended with status {status}" in done.output


def test_a_wrong_option_of_pytest_is_a_failure(checkout):
    part = checkout.tests("odd", OK)
    checkout.parts({**part, "command": f"{part['command']} --no-such-option"})
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert "odd: ended with status 4" in done.output


def test_a_pytest_that_dies_in_a_test_is_a_failure_whatever_its_status(checkout):
    checkout.parts(checkout.tests("dies", OK + "\ndef test_dies(): os._exit(0)"))
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")
    assert "dies: a pytest session did not end" in done.output


def test_a_script_that_swallows_a_failure_does_not_hide_it(checkout):
    part = checkout.tests("bad", "def test_bad(): assert False")
    checkout.parts({**part, "command": f"sh -c '{part['command']}; true'"})
    assert checkout.run().last == "0 passed, 1 failed, 0 skipped"


def test_an_error_of_a_fixture_is_a_failure(checkout):
    text = "@pytest.fixture\ndef broken(): raise OSError\ndef test_one(broken): pass"
    checkout.parts(checkout.tests("bad", text))
    assert checkout.run().last == "0 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize("strict", ["True", "False"])
def test_one_that_is_expected_to_fail_and_passes_is_a_failure(checkout, strict):
    checkout.parts(checkout.tests("odd", f"@pytest.mark.xfail(strict={strict}, reason='old')\n{OK}"))
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")


def test_a_pytest_inside_a_test_is_not_counted(checkout):
    inner = "subprocess.run([sys.executable, '-m', 'pytest', '-p', 'runner.recorder', __file__, '-k', 'other'])"
    checkout.parts(checkout.tests("outer", f"def test_one(): {inner}\ndef test_other(): pass"))
    assert checkout.run().last == "2 passed, 0 failed, 0 skipped"


def test_several_pytests_of_one_part_are_added_up(checkout):
    part = checkout.tests("two", OK)
    checkout.parts({**part, "command": f"sh -c '{part['command']} && {part['command']}'"})
    assert checkout.run().last == "2 passed, 0 failed, 0 skipped"


def test_the_setup_that_fails_is_a_failure(checkout):
    checkout.parts(sh("lint", "true"), setup="false")
    done = checkout.run()
    assert (done.code, done.last) == (1, "0 passed, 1 failed, 0 skipped")


def test_a_name_that_no_part_has_is_one_sentence_and_status_2(checkout):
    checkout.parts(sh("lint", "true"), sh("molecule-a", "true", group="molecule"))
    done = checkout.run("lint", "nope")
    assert (done.code, done.output) == (
        2,
        "script/test: no part is called nope; there are lint, molecule-a, molecule\n",
    )


def test_named_parts_and_groups_run_alone(checkout):
    checkout.parts(sh("lint", "exit 1"), sh("a", "true", group="m"), sh("b", "true", group="m"), sh("c", "true"))
    assert checkout.run("m", "c").last == "3 passed, 0 failed, 0 skipped"


def test_quick_takes_the_quick_commands(checkout):
    checkout.parts(sh("lint", "exit 1", quick="true"), sh("site", "exit 1"), setup="false")
    assert checkout.run("--quick").last == "1 passed, 0 failed, 0 skipped"


def test_what_only_all_runs_runs_with_all(checkout):
    slice_ = checkout.tests("slice", f"@pytest.mark.all_only('the reason')\ndef test_more(): pass\n{OK}")
    inner = sh("inner", "exit 1", default=False, within="slice")
    checkout.parts(slice_, inner, sh("long", "true", default=False, only_all="it is long"))
    done = checkout.run()
    assert (done.code, done.last) == (0, "1 passed, 0 failed, 0 skipped")
    assert "long (the whole part): it is long\ntest_slice.py: the reason\n" in done.output
    done = checkout.run("--all")
    assert (done.code, done.last) == (0, "3 passed, 0 failed, 0 skipped")
    assert "it is long" not in done.output


def test_list_says_what_each_part_proves(checkout):
    checkout.parts(sh("lint", "true", proves="style", seconds=77))
    assert checkout.run("--list").output.split() == ["lint", "77", "s", "style"]


MEET = """echo $$ >> {name}.at; n=0; while [ ! -e {other}.at ]; do sleep 0.05; done"""


def test_two_lanes_go_on_at_once(checkout):
    checkout.parts(
        sh("a", MEET.format(name="a", other="b"), lab="x.yml"),
        sh("b", MEET.format(name="b", other="a")),
        sh("c", "true"),
    )
    assert checkout.run().last == "3 passed, 0 failed, 0 skipped"


ALONE = "mkdir busy && sleep 0.3 && rmdir busy"


@pytest.mark.parametrize("labs", [["1.yml", "2.yml", "3.yml", "4.yml"], ["shared.yml"] * 4])
def test_of_parts_on_one_lab_and_of_those_on_their_own_one_runs_at_a_time(checkout, labs):
    checkout.parts(*(sh(f"p{number}", ALONE, lab=lab) for number, lab in enumerate(labs)))
    assert checkout.run().last == "4 passed, 0 failed, 0 skipped"


def test_a_lab_that_parts_share_and_one_of_its_own_and_a_part_without_are_in_use_at_once(checkout):
    def meets(name, *others):
        return f"touch {name}; " + "".join(f"while [ ! -e {other} ]; do sleep 0.05; done; " for other in others)

    checkout.parts(
        sh("a", meets("a", "b", "c"), lab="shared.yml"),
        sh("z", "true", lab="shared.yml"),
        sh("b", meets("b", "a", "c"), lab="own.yml", limit=60),
        sh("c", meets("c", "a", "b")),
    )
    assert checkout.run().last == "4 passed, 0 failed, 0 skipped"


def test_beside_a_part_that_wants_to_be_alone_nothing_runs(checkout):
    others = "test ! -e busy && sleep 0.3 && test ! -e busy"
    checkout.parts(
        sh("x", ALONE, alone=True), sh("y", others), sh("z", others, lab="x.yml"), sh("w", ALONE, alone=True)
    )
    assert checkout.run().last == "4 passed, 0 failed, 0 skipped"


def ended(checkout):
    file = checkout.root / "ended"
    return file.read_text().splitlines() if file.exists() else []


def test_a_lab_that_parts_share_is_ended_once_after_the_last_of_them(checkout):
    parts = [sh(name, "test ! -e ended", lab="lab/demo.yml", alone=name == "b") for name in ("a", "b")]
    checkout.parts(*parts, sh("own", "true", lab="own.yml"), sh("c", "true"))
    assert checkout.run().code == 0
    assert ended(checkout) == ["down lab/demo.yml"]


def test_the_own_lab_of_a_part_that_failed_is_ended_too(checkout):
    checkout.parts(sh("own", "exit 1", lab="own.yml"), sh("other", "true", lab="other.yml"))
    assert checkout.run().code == 1
    assert ended(checkout) == ["down own.yml"]


def await_file(path):
    while not path.exists() or not path.read_text().strip():
        time.sleep(0.05)
    return path.read_text().split()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_what_was_started_and_its_labs(checkout, number):
    text = """
@pytest.fixture
def child():
    process = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    yield process
    open("cleaned", "w").write("yes")
def test_waits(child):
    open("pids", "w").write(f"{os.getpid()} {child.pid}\\n")
    child.wait()
"""
    checkout.parts(checkout.tests("waits", text, lab="own.yml"), sh("later", "true", alone=True), sh("free", "true"))
    process = checkout.start()
    pids = await_file(checkout.root / "pids")
    process.send_signal(number)
    output = process.communicate()[0]
    assert process.returncode == 128 + number
    assert [pid for pid in pids if Path("/proc", pid).exists()] == []
    assert (checkout.root / "cleaned").exists(), "pytest had no time for its fixtures"
    assert ended(checkout) == ["down own.yml"]
    assert "waits: stopped" in output and "later: not run: the run was stopped" in output
    assert output.splitlines()[-1].endswith(" failed, 0 skipped")


def test_a_part_that_does_not_listen_to_a_stop_is_killed(checkout):
    script = 'trap "" INT TERM; echo $$ > pids; while :; do sleep 0.1; done'
    checkout.parts({"name": "deaf", "command": f"sh -c '{script}'", "counts": "one"})
    process = checkout.start(NETSTACK_TEST_GRACE="0.5")
    (pid,) = await_file(checkout.root / "pids")
    process.terminate()
    assert "deaf: stopped" in process.communicate()[0]
    assert not Path("/proc", pid).exists()


def test_where_nobody_reads_any_more_what_was_started_is_ended(checkout):
    checkout.parts(sh("talks", "echo $$ > pids; while :; do echo still here; sleep 0.1; done"))
    process = checkout.start()
    (pid,) = await_file(checkout.root / "pids")
    process.stdout.close()
    assert process.wait() != 0
    assert not Path("/proc", pid).exists()


def test_a_second_run_in_the_same_checkout_is_refused(checkout):
    checkout.parts(sh("waits", "echo at work > pids; while [ ! -e go ]; do sleep 0.05; done"))
    first = checkout.start()
    await_file(checkout.root / "pids")
    second = checkout.run()
    checkout.write("go", "")
    assert (second.code, second.output) == (2, "script/test: another script/test is at work in this checkout\n")
    assert first.communicate()[0].splitlines()[-1] == "1 passed, 0 failed, 0 skipped"


def test_the_processor_time_of_children_is_told(checkout):
    busy = "import time\ndef test_busy():\n    while time.process_time() < 1.5: pass"
    checkout.parts(checkout.tests("busy", busy), {"name": "x", "command": PYTEST})
    line = next(line for line in checkout.run("busy").output.splitlines() if line.startswith("busy "))
    assert int(line.split("processor")[1].split()[0]) > 0
