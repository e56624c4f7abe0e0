# SPDX-License-Identifier: GPL-3.0-or-later
"""File and running HAProxy end up the same, or both stay as they were."""

from __future__ import annotations

import grp
import os
import pwd
import socket

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File, Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import runtime
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.deploy import (
    Deployment,
    FailedError,
    InUseError,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.files import served
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.runtime import (
    RefusedError,
    Runtime,
    state_file,
)
from ansible_collections.netstack.datacenter.plugins.modules import tls_certificate_target

from .certificate_builders import LOWER, UPPER, Certificate, full
from .fake_haproxy import FakeHaproxy

OLD = full(Certificate("w.test", LOWER, ("w.test",))).decode()
NEW = full(Certificate("w.test", LOWER, ("w.test", "x.test"))).decode()
SHORT = NEW.replace(UPPER.pem.decode(), "")  # the same leaf, one intermediate fewer
USER, GROUP = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


class Host:
    """A host with one certificate in a running HAProxy."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "certs").mkdir()
        self.path = str(folder / "certs" / "w.pem")
        self.put(OLD)
        self.configuration = folder / "haproxy.cfg"
        self.configuration.write_text(f"frontend f\n  bind :443 ssl crt {self.path}\n")
        self.haproxy = FakeHaproxy(folder, {self.path: OLD})
        self.transaction = Transaction("tls_certificate", store=str(folder / "store"))
        haproxy = Runtime(self.haproxy.admin, self.haproxy.master)
        self.deployment = Deployment(self.transaction, haproxy, str(self.configuration))

    def put(self, text):
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(text)

    def file(self, text, path=None):
        return File(path or self.path, text and text.encode(), 0o600, USER, GROUP, secret=True)

    def plan(self, text):
        return self.deployment.plan([self.file(text)])

    def run(self, text):
        plan = self.plan(text)
        return plan, self.deployment.execute(plan)

    @property
    def on_disk(self):
        with open(self.path) as stream:
            return stream.read()

    @property
    def state(self):
        return self.on_disk, self.haproxy.leaf(self.path)


def leaf(text):
    return text[: text.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"


@pytest.fixture
def host(tmp_path):
    made = Host(tmp_path)
    yield made
    made.haproxy.close()


def test_what_is_in_place_and_runs_is_left_alone(host):
    assert not host.plan(OLD).changed


def test_a_new_certificate_is_renewed_in_place_without_a_reload(host):
    _plan, outcome = host.run(NEW)
    assert host.state == (NEW, leaf(NEW))
    assert (outcome.reload_reason, "reload" in host.haproxy.commands) == ("", False)
    assert outcome.backup
    assert not host.plan(NEW).changed


def test_the_plan_changes_nothing(host):
    assert host.plan(NEW).changed
    assert host.state == (OLD, leaf(OLD))
    assert all(command.startswith("show") for command in host.haproxy.commands)


def test_a_run_that_was_interrupted_after_the_file_converges(host):
    host.put(NEW)
    plan, outcome = host.run(NEW)
    assert (plan.changes, [item.name for item in plan.renewals]) == ([], [host.path])
    assert host.state == (NEW, leaf(NEW))
    assert outcome.backup == ""


def test_a_chain_that_differs_in_length_is_seen_though_the_leaf_is_the_same(host):
    host.run(NEW)
    host.put(SHORT)
    assert [item.name for item in host.plan(SHORT).renewals] == [host.path]


def test_a_description_cut_off_before_the_fingerprint_is_compared_by_serial_number(host):
    host.haproxy.cut_off = True
    host.run(NEW)
    assert host.state == (NEW, leaf(NEW))
    assert not host.plan(NEW).changed
    host.haproxy.certificates[host.path] = OLD
    assert host.plan(NEW).changed


@pytest.mark.parametrize("number", [1, 127, 128, 2**159 - 1])
def test_the_serial_number_is_read_as_the_library_reads_it(number):
    made = Certificate("w.test", LOWER, ("w.test",), serial=number)
    assert served(made.pem).serial == made.x509.serial_number == number


def test_a_wrong_mode_is_mended_without_touching_haproxy(host):
    os.chmod(host.path, 0o644)
    plan, _outcome = host.run(OLD)
    assert (len(plan.changes), plan.renewals) == (1, [])
    assert os.stat(host.path).st_mode & 0o777 == 0o600


def test_a_certificate_too_large_for_the_buffer_is_loaded_by_a_reload_that_says_why(host):
    host.haproxy.bufsize = 1000
    _plan, outcome = host.run(NEW)
    assert host.state == (NEW, leaf(NEW))
    assert "too big for the buffer size" in outcome.reload_reason


@pytest.mark.parametrize("command", ["set", "commit"])
def test_a_refused_renewal_falls_back_to_a_reload(host, command):
    host.haproxy.refuse = {command}
    _plan, outcome = host.run(NEW)
    assert host.state == (NEW, leaf(NEW))
    assert command in outcome.reload_reason
    assert host.haproxy.pending == {}


@pytest.mark.parametrize("refused", [{"set", "reload"}, {"commit", "reload"}])
def test_when_the_reload_is_refused_too_the_old_file_comes_back(host, refused):
    host.haproxy.refuse = refused
    with pytest.raises(FailedError, match="unable to load certificate"):
        host.run(NEW)
    assert host.state == (OLD, leaf(OLD))


def test_a_haproxy_that_says_success_and_serves_the_old_one_is_found_out(host):
    host.haproxy.deaf_commit = True
    with pytest.raises(FailedError, match="HAProxy serves"):
        host.run(NEW)
    assert host.state == (OLD, leaf(OLD))


def test_without_a_running_haproxy_only_the_file_is_written(host):
    host.haproxy.close()
    plan, outcome = host.run(NEW)
    assert (host.on_disk, plan.renewals, outcome.reload_reason) == (NEW, [], "")


def test_a_haproxy_without_any_certificate_is_left_alone(host):
    host.haproxy.certificates.clear()
    plan, outcome = host.run(NEW)
    assert (host.on_disk, plan.renewals, outcome.reload_reason) == (NEW, [], "")


def test_a_socket_that_answers_nonsense_stops_everything_before_the_file(host):
    nonsense = Runtime("a", "b", lambda _path, _command: "Unknown command\n")
    with pytest.raises(RefusedError, match="Unknown command"):
        Deployment(host.transaction, nonsense, str(host.configuration)).plan([host.file(NEW)])
    assert host.on_disk == OLD


def test_a_new_file_in_a_directory_that_haproxy_loads_needs_a_reload(host):
    host.configuration.write_text(f"frontend f\n  bind :443 ssl crt {host.folder}/certs\n")
    second = str(host.folder / "certs" / "second.pem")
    plan = host.deployment.plan([host.file(OLD), host.file(NEW, second)])
    assert plan.unknown == [second]
    host.haproxy.certificates[second] = OLD  # the reload of the imitation reads all that it knows by name
    outcome = host.deployment.execute(plan)
    assert "directory" in outcome.reload_reason


def test_a_link_is_followed_to_the_file_that_haproxy_knows(host, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(host.folder / "certs")
    plan = host.deployment.plan([host.file(NEW, f"{link}/w.pem")])
    assert [item.name for item in plan.renewals] == [host.path]


@pytest.mark.parametrize(
    "line",
    [
        "bind :443 ssl crt {path} alpn h2",
        'bind :443 ssl crt "{path}"',
        "bind :443 ssl crt-list {list}",
        "server s 192.0.2.1:443 ssl crt {path} verify none",
    ],
)
def test_a_file_in_use_is_not_removed(host, line):
    listed = host.folder / "list"
    listed.write_text(f"# comment\n{host.path} [alpn h2] w.test\n")
    host.configuration.write_text("frontend f\n  " + line.format(path=host.path, list=listed) + "\n")
    with pytest.raises(InUseError, match="still refers to it"):
        host.plan(None)


def test_a_file_in_use_by_its_name_below_crt_base_is_not_removed(host):
    host.configuration.write_text(f"global\n  crt-base {host.folder}/certs\nfrontend f\n  bind :443 ssl crt w.pem\n")
    with pytest.raises(InUseError, match=r"haproxy.cfg:4"):
        host.plan(None)


def test_a_file_that_only_a_comment_names_is_removed_and_restored(host):
    host.configuration.write_text(f"# bind :443 ssl crt {host.path}\n")
    _plan, outcome = host.run(None)
    assert not os.path.exists(host.path)
    [saved] = host.transaction.saved(outcome.backup)
    host.deployment.execute(host.deployment.plan([saved]))
    assert host.on_disk == OLD


def test_the_servers_state_lasts_for_the_reload_and_no_longer(host):
    state = host.folder / "state"
    host.configuration.write_text(f"global\n server-state-base {host.folder}\n server-state-file state\n")
    seen = []

    def ask(_path, command):
        if command == "show servers state":
            return "1\n# be_id be_name\n2 app 1 web1\n"
        if command == "show proc":
            return processes(1, 2)
        seen.append((command, state.read_text()))
        return "Success=1\n"

    Runtime("a", "b", ask).reload(host.configuration.read_text())
    assert seen == [("reload", "1\n# be_id be_name\n2 app 1 web1\n")]
    assert state.read_text() == "1\n# be_id be_name\n"


def processes(reloads, worker, failed=0):
    remark = f" [failed: {failed}]" if failed else ""
    return f"#<PID> <type> <reloads>\n1 master {reloads}{remark}\n# workers\n{worker} worker 0\n# old workers\n"


def old_release(*words):
    """Return a master before 2.7: ``reload`` says nothing, and each ``show proc`` is answered by the next of words."""
    replies = iter(words)

    def ask(_path, command):
        reply = "" if command == "reload" else next(replies)
        if reply is None:
            raise ConnectionRefusedError
        return reply

    return Runtime("a", "b", ask)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(runtime.time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("failed", [0, 2])
def test_a_reload_of_an_old_haproxy_is_waited_for_while_the_old_master_answers(quick, failed):
    before, after = processes(4, 20, failed), processes(5, 30)
    master = old_release(before, before, before, None, "", processes(5, 20), after, "never asked")
    master.reload("")
    assert master._ask("", "show proc") == "never asked"


def test_a_failed_reload_of_an_old_haproxy_is_told_from_an_earlier_failure(quick):
    with pytest.raises(RefusedError, match="counts 2 failed"):
        old_release(processes(4, 20, 1), processes(4, 20, 1), processes(5, 20, 2)).reload("")


def test_an_old_haproxy_that_never_reloads_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(runtime, "_PATIENCE", 0.2)
    with pytest.raises(RefusedError, match="did not reload"):
        old_release(*[processes(4, 20)] * 1000).reload("")


def test_an_attempt_that_was_taken_back_is_not_what_a_rollback_finds(host):
    _plan, outcome = host.run(NEW)
    host.haproxy.refuse = {"set", "reload"}
    with pytest.raises(FailedError):
        host.run(OLD)
    assert host.transaction.generations() == [outcome.backup]


def test_a_second_rollback_without_a_run_changes_nothing(host, monkeypatch):
    host.run(NEW)
    store = host.transaction
    monkeypatch.setattr(tls_certificate_target, "Transaction", lambda _role, _run, **_more: store)

    class Module:
        check_mode = False

        def __init__(self):
            self.params = {
                "state": "restored",
                "run_id": "",
                "backup_keep": {},
                "haproxy_socket": host.haproxy.admin,
                "haproxy_master_socket": host.haproxy.master,
                "haproxy_configuration": str(host.configuration),
            }

    assert [tls_certificate_target._deploy(Module())["changed"] for _time in range(2)] == [True, False]
    assert host.state == (OLD, leaf(OLD))


def test_no_state_file_is_assumed():
    assert state_file("global\n maxconn 10\n") == ""
    assert state_file("global\n server-state-file /var/s\n") == "/var/s"


def test_key_material_is_shown_in_no_representation(host):
    plan = host.plan(NEW)
    shown = repr(plan.renewals) + str(host.transaction.diff(plan.changes))
    assert "PRIVATE" not in shown


def test_a_dead_socket_file_counts_as_not_running(tmp_path):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "dead.sock"))
    dead.close()
    assert Runtime(str(tmp_path / "dead.sock"), "").loaded() == {}
