# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs is proven by what runs: the digest in a file stays when a hand edits the rest of the file."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import deploy, service
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    Deployment,
    Outcome,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.reads import files_read, sections_named
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import declared_digest, is_intact
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import Runtime
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.service import NotLoadedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.loaded import contents

from .haproxy_builders import FakeSocket, rendered, web
from .test_deploy import RUNNING, FakeHost, parameters
from .test_taken_back import OwnTransaction

TEXTS = rendered(web(), "2.6")
DIGEST = declared_digest(TEXTS.main)
PROXIES = "# pxname,svname,\nnetstack-health,FRONTEND,\nweb,FRONTEND,\nweb,BACKEND,\n"
TICK = 0.03  # seconds; see service/test_loaded.py
BY_HAND = "frontend mine\n    bind *:9100\n"
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBATCBqQIBBTAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF4
-----END CERTIFICATE-----
"""


class Node:
    """A host whose HAProxy serves what is declared; a real process stands for the worker."""

    def __init__(self, folder: Path, start: Callable[[dict[str, str]], FakeSocket]) -> None:
        self.folder, self.main = folder, folder / "etc" / "haproxy.cfg"
        (folder / "etc" / "conf.d").mkdir(parents=True)
        (folder / "etc" / "conf.d" / "web.cfg").write_text(TEXTS.fragments["web"])
        self.main.write_text(TEXTS.main)
        for path in (self.main, folder / "etc" / "conf.d" / "web.cfg"):
            path.chmod(0o600)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.admin = start({"show env": f"NETSTACK_CONFIG_SHA256={DIGEST}\n"})
        self.serves(PROXIES)
        self.reload()

    def serves(self, proxies: str) -> None:
        self.admin.answers.update({"show stat -1 1 -1": proxies, "show stat -1 3 -1": proxies})

    def reload(self) -> None:
        """Let somebody else reload: another process, after whatever is on disk."""
        time.sleep(TICK)
        self.processes.append(subprocess.Popen(["sleep", "600"]))
        self.admin.answers["show info"] = f"Name: HAProxy\nPid: {self.processes[-1].pid}\n"
        time.sleep(TICK)

    def service(self) -> service.Service:
        host = FakeHost(RUNNING, "")
        found = service.Service(host, host.version()[1], patience=0)
        found.admin, found.master = Runtime(self.admin.path), Runtime(str(self.folder / "none"))
        return found

    def plan(self) -> Outcome:
        transaction = OwnTransaction("haproxy", store=str(self.folder / "store"))
        found = Deployment(FakeHost(RUNNING, ""), transaction, predict=True)
        found.service = self.service()
        return found.present(wishes_from(parameters()))


@pytest.fixture
def node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_socket: Callable[[dict[str, str]], FakeSocket]
) -> Iterator[Node]:
    for module in (deploy, service):
        monkeypatch.setattr(module, "MAIN", str(tmp_path / "etc" / "haproxy.cfg"))
    for name, path in {"FRAGMENTS": "etc/conf.d", "LIMIT_DROP_IN": "unit/a", "LOG_DROP_IN": "rsyslog"}.items():
        monkeypatch.setattr(deploy, name, str(tmp_path / path))
    made = Node(tmp_path, fake_socket)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def test_a_process_that_serves_what_is_declared_is_left_alone(node: Node) -> None:
    outcome = node.plan()
    assert (outcome.changes, outcome.actions, outcome.in_effect) == ([], [], True)


def test_a_file_that_a_hand_has_edited_and_loaded_is_replaced_and_reloaded(node: Node) -> None:
    node.main.write_text(TEXTS.main + BY_HAND)
    node.reload()
    outcome = node.plan()
    assert ([change.wanted.path for change in outcome.changes], outcome.actions) == ([str(node.main)], ["reload"])
    assert not outcome.in_effect


def test_a_run_that_was_killed_before_its_reload_is_finished(node: Node) -> None:
    """The file is right again and has the digest that runs, but what runs was loaded from the hand's."""
    node.main.write_text(TEXTS.main + BY_HAND)
    node.reload()
    node.main.write_text(TEXTS.main)
    outcome = node.plan()
    assert (outcome.changes, outcome.actions) == ([], ["reload"])
    assert outcome.notes == [f"reload: what serves was loaded before the last change of {node.main}"]
    assert "before the last change" in str(outcome.diff())
    node.reload()
    assert not node.plan().changed


def test_another_configuration_than_that_on_disk_is_reloaded(node: Node) -> None:
    node.admin.answers["show env"] = f"NETSTACK_CONFIG_SHA256={'0' * 64}\n"
    outcome = node.plan()
    assert (outcome.actions, outcome.notes) == (["reload"], ["reload: what serves is another configuration"])


def test_a_proxy_that_only_runs_is_reloaded_away_whatever_the_clocks_say(node: Node) -> None:
    node.serves(f"{PROXIES}mine,FRONTEND,\n")
    outcome = node.plan()
    assert (outcome.actions, outcome.notes) == (["reload"], ["reload: what serves also has mine"])


def test_a_haproxy_that_reads_another_file_cannot_be_reloaded_into_this_one(node: Node) -> None:
    """The other one is a copy, with the same digest and the same proxies."""
    running = node.service()
    running.host.files = ["/etc/haproxy/other.cfg"]  # type: ignore[attr-defined]
    words = rf"started with /etc/haproxy/other\.cfg and does not read {node.main}: .*/etc/default/haproxy"
    assert re.search(words, running.doubt(TEXTS.main))
    with pytest.raises(NotLoadedError, match=words):
        running._prove(TEXTS.main)


def test_a_file_beside_ours_is_read_too(node: Node) -> None:
    more = node.folder / "more.cfg"
    more.write_text(BY_HAND)
    node.serves(f"{PROXIES}mine,FRONTEND,\n")
    node.reload()
    running = node.service()
    running.host.files = [str(node.main), str(more)]  # type: ignore[attr-defined]
    assert running.doubt(TEXTS.main) == ""
    more.write_text(f"{BY_HAND}    bind *:9101\n")
    assert running.doubt(TEXTS.main) == f"what serves was loaded before the last change of {more}"


def test_the_files_are_those_of_the_command_line(tmp_path: Path) -> None:
    for name in ("b.cfg", "a.cfg", "a.lst"):
        (tmp_path / name).write_text("")
    options = ["-Ws", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/x", "-f", str(tmp_path)]
    started = ["sh", "-c", "echo; read x; :", *options]
    with subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # before that the kernel may not have its arguments yet
        found = Host.configured(process.pid)
        process.communicate(b"\n")
    assert found == ["/etc/haproxy/haproxy.cfg", f"{tmp_path}/a.cfg", f"{tmp_path}/b.cfg"]
    assert Host.configured(0) == []


def test_a_fragment_that_haproxy_does_not_read_is_put_right_without_a_reload(node: Node) -> None:
    (node.folder / "etc" / "conf.d" / "web.cfg").write_text(TEXTS.fragments["web"] + BY_HAND)
    outcome = node.plan()
    assert ([change.wanted.path[-7:] for change in outcome.changes], outcome.actions) == (["web.cfg"], [])


def with_certificate(node: Node) -> tuple[Path, str]:
    """Return a certificate that the worker has read, and a configuration that names it."""
    pem = node.folder / "shop.pem"
    pem.write_text(CERTIFICATE)
    text = TEXTS.main + f"frontend tls\n    bind :443 ssl crt {pem}\n"
    node.main.write_text(text)
    node.serves(f"{PROXIES}tls,FRONTEND,\n")
    node.reload()
    return pem, text


def test_a_certificate_that_changed_since_is_loaded(node: Node) -> None:
    pem, text = with_certificate(node)
    assert node.service().doubt(text) == ""
    pem.write_text(CERTIFICATE + "\n")
    assert node.service().doubt(text) == f"what serves was loaded before the last change of {pem}"


@pytest.mark.parametrize(("serial", "doubted"), [("05", False), ("06", True)])
def test_a_certificate_that_came_over_the_socket_needs_no_reload(serial: str, doubted: bool, node: Node) -> None:
    pem, text = with_certificate(node)
    pem.write_text(CERTIFICATE)
    answers = {"show ssl cert": f"# filename\n{pem}\n", f"show ssl cert {pem}": f"Serial: {serial}\n"}
    node.admin.answers.update(answers)
    assert bool(node.service().doubt(text)) == doubted


def test_what_the_role_has_loaded_is_known_without_a_clock(node: Node) -> None:
    running = node.service()
    running.loaded.note(running.worker(), contents([str(node.main)]))
    node.main.write_text(TEXTS.main)  # the same once more, as cp does
    assert running.doubt(TEXTS.main) == ""


def test_a_reload_after_which_the_old_process_answers_is_none(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(service, "STATE_FILE", str(tmp_path / "state" / "global"))
    running = node.service()
    with pytest.raises(NotLoadedError, match="the old process still serves"):
        running.reload(TEXTS.main, TEXTS.main)
    assert not running.loaded.path.exists()


def test_a_reload_is_proven_and_noted(node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(service, "STATE_FILE", str(tmp_path / "state" / "global"))
    monkeypatch.setattr(service, "not_listening", lambda _text: [])
    running = node.service()
    monkeypatch.setattr(running, "_reload", lambda _cursor: node.reload())
    running.reload(TEXTS.main, TEXTS.main)
    assert f"[{node.processes[-1].pid}, " in running.loaded.path.read_text()
    node.serves(f"{PROXIES}mine,FRONTEND,\n")
    with pytest.raises(NotLoadedError, match="what serves also has mine"):
        running.reload(TEXTS.main, TEXTS.main)


def test_what_haproxy_reads_is_found_in_the_configuration_and_its_lists(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.pem", "b.pem", "list", "map", "ca.pem", "state")]
    for path in paths:
        path.write_text("")
    (tmp_path / "list").write_text(f"{tmp_path}/b.pem [alpn h2] sni\na.pem\n")
    text = f"""global
    crt-base {tmp_path}
    ca-base {tmp_path}
    server-state-file {tmp_path}/state
frontend x
    bind :443 ssl crt-list {tmp_path}/list
    http-request set-var(txn.x) path,map({tmp_path}/map)
    default-server ssl ca-file ca.pem
"""
    assert sorted(Path(path).name for path in files_read(text)) == ["a.pem", "b.pem", "ca.pem", "list", "map"]


def test_the_names_of_all_sections_are_known() -> None:
    assert {"web", "netstack-health"} < sections_named(TEXTS.main)
    assert sections_named(" frontend a # x\nlisten b from c\n  log-forward d\nserver e 1\n") == {"a", "b", "d"}


def test_only_what_the_role_rendered_is_intact() -> None:
    assert is_intact(TEXTS.main)
    assert not is_intact(TEXTS.main + BY_HAND)
    assert not is_intact(TEXTS.main.replace(DIGEST, "0" * 64))
    assert not is_intact("frontend x\n")
