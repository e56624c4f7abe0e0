# SPDX-License-Identifier: GPL-3.0-or-later
"""The module predicts from what runs, not from what is on disk alone, and restarts only with consent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import deploy
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    LIMIT_DROP_IN,
    Deployment,
    Outcome,
    RejectedError,
    shown,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import MAIN, Host
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.limits import descriptors
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import declared_digest, masked
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.rsyslog import log_drop_in
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import Runtime
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.service import NotLoadedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from .haproxy_builders import FakeSocket, rendered, web

NOT_THERE = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nMainPID=0\n"
RUNNING = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nMainPID=4711\n"


@pytest.fixture(autouse=True)
def host_without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of the tests may have a HAProxy of its own, whose files are none of theirs."""
    monkeypatch.setattr(deploy, "on_disk", lambda _path: "")


class FakeHost(Host):
    """A host whose commands answer from a table, and whose program is missing unless it is given."""

    def __init__(self, unit: str, complaint: str | None = None, limit: int = 524288, may_raise: bool = False) -> None:
        super().__init__(self._answer)
        self.program = "" if complaint is None else "/usr/sbin/haproxy"
        self._unit, self._complaint, self._limit, self._may_raise = unit, complaint, limit, may_raise
        self.stood_in: list[str] = []
        self.files: list[str] = []  # that the master was started with

    def _answer(self, command: Sequence[str]) -> tuple[int, str, str]:
        text = " ".join(command)
        answers = {"apt-cache policy": "  Candidate: 3.0.11-1+deb13u5\n", "haproxy -v": "HAProxy version 2.6.12-1 x\n"}
        answers.update({"systemctl show haproxy": self._unit, "DefaultLimitNOFILE": "DefaultLimitNOFILE=524288\n"})
        return 0, next((answer for part, answer in answers.items() if part in text), ""), ""

    def complaint(self, text: str, fatal_warnings: bool = True, stand_ins: Sequence[str] = (), *_more: Any) -> str:
        self.stood_in = list(stand_ins)
        return self._complaint or ""

    def hard_limit(self, pid: int) -> int | None:
        return self._limit

    def may_raise_limits(self) -> bool:
        return self._may_raise

    def configured(self, pid: int) -> list[str]:
        return self.files


def parameters(**more: Any) -> dict[str, Any]:
    """Return the module's parameters for one HTTP service."""
    rest = {"node": "lb1", "secrets": {}, "awaited_files": [], "rsyslog": None, "foreign": "remove"}
    return {**web(), **rest, "fatal_warnings": True, "allow_restart": False, **more}


def predict(host: FakeHost, tmp_path: Path, running: str = "", **more: Any) -> Outcome:
    """Return what check mode says about a host that has no configuration and runs one with the digest ``running``."""
    deployment = Deployment(host, Transaction("haproxy", store=str(tmp_path)), predict=True)
    answers = {"show stat -1 1 -1": "# pxname,svname,\nnetstack-health,FRONTEND,\n"}
    fake = FakeSocket(tmp_path / "admin", {**answers, "show env": f"NETSTACK_CONFIG_SHA256={running}\n"})
    deployment.service.admin = Runtime(fake.path)
    try:
        return deployment.present(wishes_from(parameters(**more)))
    finally:
        fake.close()


def test_an_empty_host_is_predicted_and_said_to_be_unvalidated(tmp_path: Path) -> None:
    outcome = predict(FakeHost(NOT_THERE), tmp_path)
    assert (outcome.actions, outcome.validated, outcome.in_effect) == (["start"], False, False)
    assert [change.wanted.path for change in outcome.changes] == ["/etc/haproxy/conf.d/web.cfg", MAIN]
    assert "not validated" in outcome.notes[0]


def test_without_the_program_a_real_run_refuses(tmp_path: Path) -> None:
    deployment = Deployment(FakeHost(NOT_THERE), Transaction("haproxy", store=str(tmp_path)), predict=False)
    with pytest.raises(RejectedError, match="not installed"):
        deployment.present(wishes_from(parameters()))


def test_a_running_process_with_another_configuration_is_reloaded(tmp_path: Path) -> None:
    assert predict(FakeHost(RUNNING, ""), tmp_path, running="0" * 64).actions == ["reload"]


def test_a_stopped_and_disabled_service_is_enabled_and_started(tmp_path: Path) -> None:
    unit = RUNNING.replace("=active", "=failed").replace("=enabled", "=disabled")
    assert predict(FakeHost(unit, ""), tmp_path).actions == ["enable", "start"]


def test_what_haproxy_refuses_is_refused_in_its_words_in_check_mode_too(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match=r"HAProxy 2.6.12-1 refuses .* nothing was changed: no such keyword"):
        predict(FakeHost(RUNNING, "no such keyword"), tmp_path)


def test_only_a_missing_file_that_is_awaited_is_stood_in_for(tmp_path: Path) -> None:
    host = FakeHost(RUNNING, "")
    predict(host, tmp_path, awaited_files=["/nowhere/a.pem", "/etc/passwd"])
    assert host.stood_in == ["/nowhere/a.pem"]


MANY = {"global": {"maxconn": 40000}}


def test_more_connections_than_files_are_refused_without_consent_to_a_restart(tmp_path: Path) -> None:
    with pytest.raises(
        RejectedError, match=r"maxconn needs 802\d\d file descriptors and the running HAProxy may open 10000"
    ):
        predict(FakeHost(RUNNING, "", limit=10000), tmp_path, **MANY)


def test_with_consent_it_is_restarted(tmp_path: Path) -> None:
    outcome = predict(FakeHost(RUNNING, "", limit=10000), tmp_path, allow_restart=True, **MANY)
    assert (outcome.actions, outcome.restarts) == (["restart"], True)


def test_where_the_limit_can_be_raised_in_place_it_is_reloaded(tmp_path: Path) -> None:
    outcome = predict(FakeHost(RUNNING, "", limit=10000, may_raise=True), tmp_path, **MANY)
    assert (outcome.actions, outcome.restarts) == (["raise limit and reload"], False)


def test_the_drop_in_comes_only_where_systemds_own_limit_is_too_low(tmp_path: Path) -> None:
    host = FakeHost(RUNNING, "", may_raise=True)
    paths = [change.wanted.path for change in predict(host, tmp_path, **{"global": {"maxconn": 300000}}).changes]
    assert LIMIT_DROP_IN in paths


def test_descriptors_are_two_per_connection_one_per_listener_and_server_and_spare() -> None:
    assert descriptors(1000, "listen a\n    bind *:1\n    server b 1.1.1.1:1\n") == 2 * 1000 + 1 + 1 + 256
    assert descriptors(None, "") == 0


def test_all_faults_come_in_one_message() -> None:
    with pytest.raises(RejectedError) as refusal:
        wishes_from(parameters(health={"port": 0, "prot": 1}))
    assert str(refusal.value).splitlines() == [
        "2 faults:",
        "- health.prot: unknown key; did you mean port?",
        "- health.port: must lie between 1 and 65535, not 0",
    ]


def test_a_diff_shows_neither_the_new_password_nor_the_old_one() -> None:
    page = {"address": "10.0.0.1", "port": 7000, "user": "admin", "password_secret": "page"}
    old, new = (rendered({**web(), "stats": page}, secrets={"page": word}).main for word in ("oldcanary", "newcanary"))
    files = [File(MAIN, text.encode(), 0o600, secret=True) for text in (old, new)]
    difference = str(shown(Outcome(changes=[Change(files[1], files[0])])))
    assert "canary" not in difference
    assert "stats uri" in difference


@pytest.mark.parametrize(
    "line",
    [
        "    stats auth admin:canary",
        "    user bob password canary groups g",
        "    user bob insecure-password canary",
        "    http-request set-header Authorization canary",
        '    http-check send hdr X-Api-Key "canary one"',
        "    stats   auth   admin:canary",
        "    setenv DB_PASS canary",
        "    setenv   API_TOKEN 'canary one'",
        "    presetenv AWS_SECRET_KEY canary",
        "    http-request   set-header   X-Auth-Key   canary if { ssl_fc }",
        '    http-response add-header X-Session-Token "canary one"',
        '    acl known req.hdr(Authorization) -m str "canary one"',
        "    http-request set-var(txn.apikey) str(canary)",
        "    user   bob   insecure-password   'canary one'",
        "    user bob password canary\\ canary groups g",
        "    server a 10.0.0.1:443 ssl crt /a.pem crt-pass canary",
        "    tcp-check send AUTH\\ canary\\r\\n",
    ],
)
def test_passwords_that_somebody_else_wrote_are_masked_too(line: str) -> None:
    assert "canary" not in masked(line)


@pytest.mark.parametrize(
    "line",
    [
        "    http-request set-header X-Forwarded-Proto https if { ssl_fc }",
        "    bind *:443 ssl crt /etc/haproxy/certs/key.pem",
        "    setenv TZ Europe/Vienna",
        "    server keyhost 10.0.0.1:80 check",
    ],
)
def test_what_is_no_password_stays_readable(line: str) -> None:
    assert masked(line) == line


def test_a_complaint_quotes_the_line_without_its_password(tmp_path: Path) -> None:
    host = Host(lambda _command: (1, "", "[ALERT] (7) : config : parsing [/etc/haproxy/haproxy.cfg:2] : bad\n"))
    host.program = "/usr/sbin/haproxy"
    said = host.complaint("global\n    setenv DB_PASS canary oops\n")
    assert "canary" not in said
    assert "setenv DB_PASS" in said


def test_without_a_limit_of_its_own_the_frontends_say_how_many_files_are_needed(tmp_path: Path) -> None:
    service = parameters()["services"]["web"]
    service["frontends"]["web"]["maxconn"] = 400000
    outcome = predict(FakeHost(RUNNING, "", may_raise=True), tmp_path, services={"web": service})
    assert LIMIT_DROP_IN in [change.wanted.path for change in outcome.changes]


def test_a_password_changes_the_digest() -> None:
    page = {"address": "10.0.0.1", "port": 7000, "user": "admin", "password_secret": "page"}
    texts = [rendered({**web(), "stats": page}, secrets={"page": word}).main for word in ("a", "b")]
    assert declared_digest(texts[0]) != declared_digest(texts[1])


def test_rsyslog_is_told_where_the_log_goes() -> None:
    text = log_drop_in({"file": "/var/log/lb.log", "address": "10.0.0.5", "port": 6514, "protocol": "tcp"})
    assert text.splitlines()[1:] == [
        'if $programname startswith "haproxy" then {',
        '  action(type="omfile" file="/var/log/lb.log" fileCreateMode="0640" fileGroup="adm")',
        '  action(type="omfwd" target="10.0.0.5" port="6514" protocol="tcp" queue.type="LinkedList"'
        ' action.resumeRetryCount="-1")',
        "  stop",
        "}",
    ]
    assert log_drop_in(None) == ""


def saved(tmp_path: Path, *texts: bytes) -> Transaction:
    """Return a store after the file ``cfg`` has become each of the texts."""
    transaction = Transaction("haproxy", store=str(tmp_path / "store"))
    for text in texts:
        transaction.apply(transaction.plan([configuration(tmp_path, text)]))
    return transaction


def configuration(tmp_path: Path, text: bytes) -> File:
    return File(str(tmp_path / "cfg"), text, owner=tmp_path.owner(), group=tmp_path.group())


def test_an_attempt_that_was_taken_back_leaves_no_backup_that_a_rollback_would_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = saved(tmp_path, b"first", b"second")
    good = transaction.generations()
    deployment = Deployment(FakeHost(NOT_THERE), transaction, predict=False)

    def refuse(*_arguments: Any) -> None:
        raise NotLoadedError("refused")

    monkeypatch.setattr(deployment, "_act", refuse)
    outcome = Outcome(transaction.plan([configuration(tmp_path, b"refused")]), ["start"])
    with pytest.raises(RejectedError, match="refused; the old configuration is back in place"):
        deployment._carry_out(outcome, "refused", 0)
    assert transaction.generations() == good
    assert (tmp_path / "cfg").read_bytes() == b"second"


def test_a_second_rollback_without_a_run_changes_nothing(tmp_path: Path) -> None:
    deployment = Deployment(FakeHost(NOT_THERE), saved(tmp_path, b"first", b"second"), predict=False)
    assert [deployment.restored().changed for _time in range(2)] == [True, False]
    assert (tmp_path / "cfg").read_bytes() == b"first"
