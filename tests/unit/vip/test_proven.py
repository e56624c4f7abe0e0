# SPDX-License-Identifier: GPL-3.0-or-later
"""A keepalived that a hand has reloaded with another file is reloaded, though its router id is the right one."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service import loaded
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon

from .test_transaction import Host, mine  # noqa: F401  the fixture lets files belong to whoever runs the tests
from .vip_builders import FakeDaemon, site

TICK = 0.03  # seconds; see service/test_loaded.py


class Stamped(FakeDaemon):
    """A keepalived, of which systemd tells when it was last started or reloaded."""

    stamp = 0

    def status(self):
        return replace(super().status(), pid=os.getpid() if self.active else 0, stamp=self.stamp)

    def control(self, verb):
        time.sleep(TICK)
        super().control(verb)
        if verb in ("start", "reload"):
            self.stamp = int(time.monotonic() * 1e6)
        time.sleep(TICK)


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(loaded, "RUN", str(tmp_path / "run"))
    made = Host(tmp_path)
    made.daemon = made.keepalived.daemon = Stamped(config=made.paths.config)
    made.run(site())
    made.right = made.config.read_text()
    return made


def test_a_file_that_was_put_back_and_not_loaded_is_loaded(host):
    assert not host.run(site()).needed
    host.config.write_text(host.right.replace("priority 101", "priority 7"))
    host.daemon.control("reload")
    host.config.write_text(host.right)
    plan = host.run(site())
    assert (plan.changes, plan.verbs) == ([], ["reload"])
    assert plan.doubt == f"what runs was loaded before the last change of {host.config}"
    assert "priority 101" in host.daemon.loaded
    assert not host.run(site()).needed


def test_a_reload_by_somebody_else_is_no_reason_for_another(host):
    host.daemon.control("reload")
    assert not host.run(site()).needed


def test_the_same_file_written_once_more_is_no_reason_for_a_reload(host):
    host.config.write_text(host.right)
    assert not host.run(site()).needed


def test_a_file_that_is_included_is_part_of_it(host, tmp_path):
    more = tmp_path / "more.conf"
    more.write_text("# a\n")
    declared = site(raw=[f"include {tmp_path}/*.conf"])
    host.run(declared)
    assert not host.run(declared).needed
    more.write_text("# b\n")
    plan = host.run(declared)
    assert (plan.verbs, plan.doubt) == (["reload"], f"what runs was loaded before the last change of {more}")


def test_a_rollback_that_was_not_loaded_is_finished_though_the_file_has_no_router_id(host):
    foreign = "vrrp_instance other {\n}\n"
    host.config.write_text(foreign)
    host.daemon.control("reload")
    host.run(site())
    generation = host.store.generations()[-1]
    host.keepalived.restore(generation)
    assert not host.keepalived.plan_restore(generation).needed
    host.config.write_text(foreign + "# by hand\n")
    host.daemon.control("reload")
    host.config.write_text(foreign)
    assert host.keepalived.plan_restore(generation).verbs == ["load"]


def test_systemd_is_asked_for_the_last_start_or_reload():
    asked = []

    def run(command):
        asked.append(command[-1])
        return 0, "LoadState=loaded\nActiveState=active\nMainPID=7\nStateChangeTimestampMonotonic=12345\n", ""

    assert Daemon(run, None).status().stamp == 12345
    assert "StateChangeTimestampMonotonic" in asked[0]
