# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that does not come into service is taken back, whatever went wrong, and an interrupted one is finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import service
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    Deployment,
    RejectedError,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import CommandError
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import MARKER, declared_digest
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import Runtime, UnreachableError
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.service import NotLoadedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import (
    Change,
    File,
    LeftoverError,
    Transaction,
)

from .haproxy_builders import FakeSocket, rendered, web
from .test_deploy import NOT_THERE, RUNNING, FakeHost, parameters


class OwnTransaction(Transaction):
    """Keeps and writes files of the user who runs the tests."""

    def plan(self, files: Sequence[File]) -> list[Change]:
        home = Path(self.folder).parent.parent
        return super().plan([replace(file, owner=home.owner(), group=home.group()) for file in files])


class FakeService:
    """A running HAProxy with a digest, whose loads fail in turn with the given errors."""

    def __init__(self, *errors: Exception, digest: str = "") -> None:
        self.errors, self.digest = list(errors), digest
        self.loaded: list[str] = []

    def doubt(self, text: str) -> str:
        return "" if declared_digest(text) == self.digest else "what serves is another configuration"

    def reload(self, before: str, after: str) -> None:
        self.loaded.append(after)
        if self.errors:
            raise self.errors.pop(0)


class FailingHost(FakeHost):
    """A host on which one command of systemd fails."""

    def __init__(self, unit: str, fails: str, **more: Any) -> None:
        super().__init__(unit, "", **more)
        self.fails = fails
        self.asked: list[str] = []

    def systemctl(self, *words: str) -> None:
        self.asked.append(" ".join(words))
        if self.fails in self.asked[-1]:
            raise CommandError(f"systemctl {self.asked[-1]}: Job failed")


def deployment(tmp_path: Path, host: FakeHost, fake: FakeService, predict: bool = False) -> Deployment:
    found = Deployment(host, OwnTransaction("haproxy", store=str(tmp_path / "store")), predict)
    found.service = fake  # type: ignore[assignment]
    return found


LOG = {"file": None, "address": "10.0.0.5", "port": 514, "protocol": "udp"}


@pytest.mark.parametrize(
    "error",
    [
        NotLoadedError("refused"),
        CommandError("systemctl reload: refused"),
        UnreachableError("/run/haproxy-master.sock: refused"),
        PermissionError(1, "refused"),
        ValueError("no master process: refused"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_fails_the_old_files_come_back_and_are_loaded(error: Exception, etc: Path, tmp_path: Path) -> None:
    fake = FakeService(error)
    with pytest.raises(RejectedError, match="refused; the old configuration is back in place and serves"):
        deployment(tmp_path, FakeHost(RUNNING, ""), fake).present(wishes_from(parameters()))
    assert (etc / "haproxy.cfg").read_text() == "# by hand\n"
    assert list((etc / "conf.d").iterdir()) == []
    assert fake.loaded[1:] == ["# by hand\n"]
    assert Transaction("haproxy", store=str(tmp_path / "store")).generations() == []


def test_an_address_that_cannot_be_bound_is_told_with_the_object_that_wants_it(etc: Path, tmp_path: Path) -> None:
    """The words are those of 3.0.11; only loading shows it, for ``haproxy -c`` binds nothing."""
    number = rendered(web(), "2.6").main.splitlines().index("    bind 192.0.2.100:80") + 1
    words = f"Binding [{etc}/haproxy.cfg:{number}] for frontend web: protocol tcpv4: cannot bind socket"
    with pytest.raises(RejectedError) as refusal:
        deployment(tmp_path, FakeHost(RUNNING, ""), FakeService(NotLoadedError(words))).present(
            wishes_from(parameters(declared_as={"prefix": "haproxy_"}))
        )
    told = "(the line is: bind 192.0.2.100:80; declared in haproxy_services.web.frontends.web.binds[0])"
    assert f"{words} {told}; the old configuration is back" in str(refusal.value)


def test_an_rsyslog_that_does_not_restart_takes_the_change_back(etc: Path, tmp_path: Path) -> None:
    host = FailingHost(RUNNING, "rsyslog")
    with pytest.raises(RejectedError, match=r"rsyslog\.service: Job failed; the old configuration is back"):
        deployment(tmp_path, host, FakeService()).present(wishes_from(parameters(rsyslog=LOG)))
    assert sorted(path.name for path in etc.iterdir()) == ["conf.d", "haproxy.cfg"]
    assert (etc / "haproxy.cfg").read_text() == "# by hand\n"


def test_a_second_failure_is_told_and_the_files_are_back_all_the_same(etc: Path, tmp_path: Path) -> None:
    fake = FakeService(NotLoadedError("first"), UnreachableError("second"))
    with pytest.raises(RejectedError, match=r"first; .* does not load it either \(second\)"):
        deployment(tmp_path, FakeHost(RUNNING, ""), fake).present(wishes_from(parameters()))
    assert (etc / "haproxy.cfg").read_text() == "# by hand\n"


def test_files_that_cannot_be_put_back_are_told_beside_the_first_failure(
    etc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService(NotLoadedError("first")))

    def fail(_generation: str) -> None:
        raise LeftoverError("These files could not be put back: a")

    monkeypatch.setattr(found.transaction, "take_back", fail)
    with pytest.raises(RejectedError, match=r"first; These files could not be put back: a"):
        found.present(wishes_from(parameters()))


def test_a_start_that_fails_in_any_way_is_stopped_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "STATE_FILE", str(tmp_path / "state" / "global"))
    host = FakeHost(NOT_THERE, "")
    commands: list[str] = []

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        commands.append(" ".join(command))
        return 0, "", ""

    host.run = run
    running = service.Service(host, host.version()[1], patience=0)

    def fail(_text: str) -> None:
        raise ValueError("no master process")

    monkeypatch.setattr(running, "_prove", fail)
    with pytest.raises(NotLoadedError, match="no master process"):
        running.start("x")
    assert "systemctl stop haproxy.service" in commands


def test_an_interrupted_rollback_is_finished(etc: Path, tmp_path: Path) -> None:
    first = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService())
    first.transaction.run_id = "r"
    first.present(wishes_from(parameters()))
    (etc / "haproxy.cfg").write_text("# by hand\n")
    (etc / "haproxy.cfg").chmod(0o644)
    (etc / "conf.d" / "web.cfg").unlink()  # the files are back, and the run was killed before the reload
    fake = FakeService(digest="0" * 64)
    second = deployment(tmp_path, FakeHost(RUNNING, ""), fake)
    second.transaction.run_id = "r"
    outcome = second.restored()
    assert (outcome.changes, outcome.actions) == ([], ["reload"])
    assert fake.loaded == ["# by hand\n"]


def test_a_digest_that_a_foreign_configuration_inherited_is_not_believed(tmp_path: Path) -> None:
    """Masters up to 3.0 hand their environment on to a configuration that sets no digest (seen with 3.0.11)."""
    host = FakeHost(RUNNING, "")
    running = service.Service(host, host.version()[1])
    answers = {"show env": "NETSTACK_CONFIG_SHA256=abc\n", "show stat -1 1 -1": "# pxname,svname,\nx,FRONTEND,\n"}
    fake = FakeSocket(tmp_path / "admin", answers)
    running.admin = Runtime(fake.path)
    assert running.running_digest() == ""
    fake.answers["show stat -1 1 -1"] += "netstack-health,FRONTEND,\n"
    assert running.running_digest() == "abc"
    fake.close()


def test_a_rollback_that_is_done_does_nothing(etc: Path, tmp_path: Path) -> None:
    first = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService())
    first.transaction.run_id = "r"
    first.present(wishes_from(parameters()))
    for _time in range(2):
        again = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService())
        again.transaction.run_id = "r"
        outcome = again.restored()
    assert not outcome.changed


def test_restoring_twice_without_a_run_does_not_bring_the_change_back(etc: Path, tmp_path: Path) -> None:
    deployment(tmp_path, FakeHost(RUNNING, ""), FakeService()).present(wishes_from(parameters()))
    outcomes = [deployment(tmp_path, FakeHost(RUNNING, ""), FakeService()).restored() for _time in range(2)]
    assert [outcome.changed for outcome in outcomes] == [True, False]
    assert (etc / "haproxy.cfg").read_text() == "# by hand\n"


def test_a_fragment_of_somebody_else_is_not_overwritten(etc: Path, tmp_path: Path) -> None:
    (etc / "conf.d" / "web.cfg").write_text("listen theirs\n")
    (etc / "haproxy.cfg").unlink()
    with pytest.raises(RejectedError, match=r"conf\.d/web\.cfg .*not made by this role.* service web"):
        deployment(tmp_path, FakeHost(RUNNING, ""), FakeService()).present(wishes_from(parameters(foreign="keep")))
    assert (etc / "conf.d" / "web.cfg").read_text() == "listen theirs\n"


@pytest.mark.parametrize("predict", [True, False])
def test_where_nothing_is_ours_nothing_is_removed(predict: bool, etc: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "global").write_text("theirs\n")
    outcome = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService(), predict).absent()
    assert not outcome.changed
    assert (tmp_path / "state" / "global").read_text() == "theirs\n"
    assert (etc / "conf.d").is_dir()


def test_what_is_ours_is_removed(etc: Path, tmp_path: Path) -> None:
    (etc / "haproxy.cfg").write_text(rendered(web()).main)
    (etc / "conf.d" / "web.cfg").write_text(f"{MARKER}\n")
    outcome = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService()).absent()
    assert outcome.actions == ["stop", "disable"]
    assert list(etc.iterdir()) == []


def refusing_rsyslogd(text: str) -> FakeHost:
    host = FakeHost(RUNNING, "")
    host.rsyslogd = "/usr/sbin/rsyslogd"
    answer = host.run

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        return (1, "", text) if "rsyslogd" in command[0] else answer(command)

    host.run = run
    return host


@pytest.mark.parametrize("predict", [True, False])
def test_what_rsyslogd_refuses_is_not_put_in_place(predict: bool, etc: Path, tmp_path: Path) -> None:
    host = refusing_rsyslogd("rsyslogd: error during parsing file /tmp/x, on or before line 2: syntax error\n")
    with pytest.raises(RejectedError, match=r"rsyslogd refuses .*nothing was changed: .*syntax error"):
        deployment(tmp_path, host, FakeService(), predict).present(wishes_from(parameters(rsyslog=LOG)))
    assert (etc / "haproxy.cfg").read_text() == "# by hand\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"address": 'log" bad'}, "rsyslog.address: must be an IP address"),
        ({"address": "*"}, "rsyslog.address: must be one host"),
        ({"file": '/var/log/a" b'}, "rsyslog.file: must be an absolute path"),
        ({"file": "lb.log"}, "rsyslog.file: must be an absolute path"),
        ({"port": 70000}, "rsyslog.port: must lie between 1 and 65535"),
    ],
)
def test_a_log_destination_that_would_break_the_drop_in_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RejectedError, match=message):
        wishes_from(parameters(rsyslog={**LOG, **options}))


def test_a_package_is_looked_up_in_a_fixed_language() -> None:
    host = FakeHost(NOT_THERE)
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        commands.append(command)
        return 0, "  Candidate: 2.8.5-1\n", ""

    host.run = run
    assert host.version()[0] == "2.8.5-1"
    assert list(commands[0][:2]) == ["env", "LC_ALL=C"]
