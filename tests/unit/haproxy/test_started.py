# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration is judged as the unit starts HAProxy: with its master, its files and its variables."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import host as hosts
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import RejectedError
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.started import Started, started

from .haproxy_accepts import RELEASES, program_of
from .test_deploy import RUNNING, FakeHost, predict

#: The unit of Debian 12 and 13, as systemd shows it.
DEBIAN = """\
ExecStart={ path=/usr/sbin/haproxy ; argv[]=/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS ; \
ignore_errors=no ; start_time=[Mon 2026-11-30 12:00:00 UTC] ; stop_time=[n/a] ; pid=4711 ; code=(null) ; status=0/0 }
Environment=CONFIG=/etc/haproxy/haproxy.cfg PIDFILE=/run/haproxy.pid "EXTRAOPTS=-S /run/haproxy-master.sock"
EnvironmentFiles=/etc/default/haproxy (ignore_errors=yes)
EnvironmentFiles=/etc/sysconfig/haproxy (ignore_errors=yes)
"""
MAIN = "/etc/haproxy/haproxy.cfg"


def read(default: str) -> Started:
    """Return how Debian's unit starts HAProxy with a text of /etc/default/haproxy."""
    return started(DEBIAN, lambda path: default if path == "/etc/default/haproxy" else "")


@pytest.mark.parametrize(
    ("default", "files"),
    [
        ("", (MAIN,)),
        ("# EXTRAOPTS='-f /x.cfg'\nTZ=UTC\n", (MAIN,)),
        ("EXTRAOPTS='-S /run/haproxy-master.sock -f /etc/haproxy/extra.cfg'\n", (MAIN, "/etc/haproxy/extra.cfg")),
        ('CONFIG="/etc/haproxy/other.cfg"\nEXTRAOPTS="-de -m 16"\n', ("/etc/haproxy/other.cfg",)),
        ("EXTRAOPTS='-f /x.cfg\n", (MAIN,)),
    ],
)
def test_the_files_of_the_unit(default: str, files: tuple[str, ...]) -> None:
    assert read(default)[:2] == (True, files)


def test_of_a_unit_that_is_not_there_nothing_is_known() -> None:
    assert started("ExecStart=\n", lambda _path: "") == Started()


def test_a_unit_without_a_master() -> None:
    assert not started(
        "ExecStart={ path=/x ; argv[]=/x -db -f ${C} ; }\nEnvironment=C=/a.cfg\n", lambda _path: ""
    ).master


def host(
    monkeypatch: pytest.MonkeyPatch, default: str = "", release: str = "", unit: str = DEBIAN
) -> tuple[Host, list[str]]:
    """Return a host with a unit, and the last command that it was asked to run."""
    last: list[str] = []

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        if command[0] == "systemctl":
            return 0, unit, ""
        last[:] = command
        done = subprocess.run(command, capture_output=True, text=True, check=False) if release else None
        return (done.returncode, done.stdout, done.stderr) if done else (0, "", "")

    monkeypatch.setattr(hosts, "on_disk", lambda path: default if path == "/etc/default/haproxy" else "")
    found = Host(run)
    found.program = program_of(release) if release else "/usr/sbin/haproxy"
    return found, last


def test_another_file_of_the_unit_is_judged_with_ours_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    found, last = host(monkeypatch, "EXTRAOPTS='-f /etc/haproxy/extra.cfg'\n")
    assert found.complaint("global\n") == ""
    assert last[:4] == ["/usr/sbin/haproxy", "-c", "-W", "-dW"]
    assert [last[4], last[6:]] == ["-f", ["-f", "/etc/haproxy/extra.cfg"]]


@pytest.mark.parametrize(
    "default", ["CONFIG=/etc/haproxy/other.cfg\n", "EXTRAOPTS='-f /etc/haproxy/conf.d/'\n"], ids=["CONFIG", "conf.d"]
)
def test_a_unit_that_does_not_read_ours_or_reads_it_twice_is_told(
    default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, last = host(monkeypatch, default)
    assert "mend CONFIG or EXTRAOPTS in /etc/default/haproxy" in found.misread()
    assert found.complaint("global\n") == ""
    assert last[4] == "-f"
    assert "netstack-haproxy-" in last[5]


@pytest.mark.parametrize("release", RELEASES)
def test_the_variables_of_the_unit_are_known(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not program_of(release):
        pytest.skip(f"no HAProxy {release} is on this machine (script/haproxy unpacks it)")
    text = 'backend b\n    timeout connect 1s\n    timeout server 1s\n    server a "${WHERE}:80"\n'
    assert "could not resolve address" in host(monkeypatch, "WHERE=nosuch.invalid\n", release)[0].complaint(text)
    assert host(monkeypatch, "WHERE=192.0.2.1\nUNUSED=1\n", release)[0].complaint(text) == ""


@pytest.mark.parametrize("release", RELEASES)
def test_a_program_beside_the_workers_is_accepted_where_a_master_runs(
    release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not program_of(release):
        pytest.skip(f"no HAProxy {release} is on this machine (script/haproxy unpacks it)")
    text = "program api\n    command /bin/true\n"
    assert host(monkeypatch, release=release)[0].complaint(text) == ""
    alone = host(monkeypatch, release=release, unit=DEBIAN.replace("-Ws", "-D"))[0]
    assert "without master worker mode" in alone.complaint(text)


def test_it_is_refused_before_anything_is_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = FakeHost(RUNNING, "")
    monkeypatch.setattr(found, "started", lambda: Started(True, ("/etc/haproxy/other.cfg",)))
    with pytest.raises(RejectedError, match=r"nothing was changed, for the unit reads /etc/haproxy/other\.cfg"):
        predict(found, tmp_path)
