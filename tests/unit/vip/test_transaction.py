# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of keepalived is whole or not at all, and an interrupted one is finished by the next run."""

from __future__ import annotations

import getpass
import grp
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service import transaction as engine
from ansible_collections.netstack.datacenter.plugins.module_utils.vip import away
from ansible_collections.netstack.datacenter.plugins.module_utils.vip import daemon as daemon_module
from ansible_collections.netstack.datacenter.plugins.module_utils.vip import keepalived as subject
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon, DaemonError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.keepalived import Keepalived
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths, render
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.renumber import RenumberError, refuse_renumbering
from ansible_collections.netstack.datacenter.plugins.modules import vip

from .vip_builders import Clock, FakeDaemon, instance, instance6, mark, paths_below, site


class Host:
    """A host below a temporary folder."""

    def __init__(self, root, **daemon):
        self.paths = paths_below(root)
        self.clock = Clock(root / "uptime")
        self.daemon = FakeDaemon(config=self.paths.config, **daemon)
        self.store = engine.Transaction("vip", "run", store=f"{root}/backup")
        self.keepalived = Keepalived(self.daemon, self.store, self.paths, str(root), lambda _peers, _seconds: {})
        self.config = Path(self.paths.config)

    def run(self, declared):
        self.daemon.verbs.clear()
        plan = self.keepalived.plan(declared)
        if plan.needed:
            self.keepalived.apply(plan)
        return plan


@pytest.fixture(autouse=True)
def mine(monkeypatch):
    """Let files belong to whoever runs the tests."""
    user, group = getpass.getuser(), grp.getgrgid(os.getegid()).gr_name

    def file(path, content, mode=0o644, secret=False):
        return engine.File(path, content, mode, user, group, secret)

    monkeypatch.setattr(subject, "File", file)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_the_first_run_starts_and_the_second_changes_nothing(host):
    assert host.run(site()).verbs == ["start"]
    assert host.daemon.verbs == ["start"]
    assert not host.run(site()).needed


def test_a_change_is_reloaded_and_never_restarted(host):
    host.run(site())
    host.run(site({"web4": instance(priority=90)}))
    assert host.daemon.verbs == ["reload"]


def test_the_plan_in_check_mode_touches_nothing(host, tmp_path):
    host.keepalived.plan(site())
    assert [path.name for path in tmp_path.rglob("*")] == ["uptime"]


def test_the_plan_is_the_same_before_keepalived_is_installed(tmp_path):
    bare = Host(tmp_path, binary=None, enabled=False)
    assert bare.keepalived.plan(site()).verbs == ["enable", "start"]
    assert bare.daemon.judged == []


def test_a_refused_configuration_replaces_nothing(host):
    host.run(site())
    good = host.config.read_text()
    host.daemon.refuses = "nonsense"
    with pytest.raises(DaemonError, match="nonsense"):
        host.run(site(raw=["nonsense 1"]))
    assert host.config.read_text() == good
    assert host.daemon.verbs == []


def test_a_configuration_that_is_not_taken_is_put_back_and_loaded(host):
    host.run(site())
    good = host.config.read_text()
    host.daemon.ignores = "priority 90"
    with pytest.raises(DaemonError, match=r"The former configuration is back.*the journal's words"):
        host.run(site({"web4": instance(priority=90)}))
    assert host.config.read_text() == good == host.daemon.loaded
    assert not host.run(site()).needed


def test_a_first_configuration_that_is_not_taken_leaves_keepalived_stopped(host):
    host.daemon.ignores = "priority 101"
    with pytest.raises(DaemonError):
        host.run(site())
    assert not host.config.exists()
    assert not host.daemon.active


@pytest.mark.parametrize("point", ["_mark", "apply", "_drive"])
def test_a_run_killed_at_any_point_is_finished_by_the_next(host, monkeypatch, point):
    host.run(site())
    wanted = site({"web4": instance(priority=90), "web6": instance6()})

    def killed(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(host.store if point == "apply" else host.keepalived, point, killed)
        with pytest.raises(KeyboardInterrupt):
            host.run(wanted)
    host.run(wanted)
    assert "priority 90" in host.daemon.loaded
    assert away.configured(host.paths) == ["web4", "web6"]
    assert not host.run(wanted).needed


def test_a_hand_edit_that_was_loaded_is_undone_in_the_running_program_too(host):
    host.run(site())
    edited = host.config.read_text().replace("priority 101", "priority 7")
    host.config.write_text(edited)
    host.daemon.loaded = edited
    host.run(site())
    assert "priority 101" in host.daemon.loaded


def test_a_killed_repair_of_a_hand_edit_is_finished_though_the_router_id_is_the_same(host, monkeypatch):
    host.run(site())
    edited = host.config.read_text().replace("priority 101", "priority 7")
    host.config.write_text(edited)
    host.daemon.loaded = edited
    with monkeypatch.context() as patch:
        patch.setattr(host.keepalived, "_drive", lambda *_arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            host.run(site())
    host.run(site())
    assert "priority 101" in host.daemon.loaded


def test_a_stopped_keepalived_is_started(host):
    host.run(site())
    host.daemon.active = False
    assert host.run(site()).verbs == ["start"]


def test_an_instance_that_is_away_stays_away_through_a_change(host):
    host.run(site())
    away.send(host.paths, "web4", 60)
    host.run(site({"web4": instance(priority=90)}))
    facts = host.keepalived.facts(["web4"])
    assert facts["away"] == ["web4"]
    assert "web4 (60 s more)" in facts["away_told"][0]


def test_a_plan_warns_of_a_node_that_is_away_and_a_run_that_sent_it_away_does_not(host, monkeypatch):
    host.run(site())
    away.send(host.paths, "web4", 60)
    monkeypatch.setattr(vip, "Keepalived", lambda *_arguments: host.keepalived)
    monkeypatch.setattr(vip, "declared", lambda _parameters: site())
    warned = {}
    for check in (True, False):
        warned[check] = []
        module = SimpleNamespace(
            check_mode=check,
            params={"state": "present"},
            run_command=None,
            get_bin_path=lambda *_names, **_more: None,
            warn=warned[check].append,
            exit_json=lambda **result: None,
        )
        vip.keepalived_work(module, host.store)
    assert "web4 (60 s more)" in warned[True][0]
    assert warned[False] == []


def test_the_lease_of_an_instance_that_went_goes_after_the_reload(host):
    host.run(site({"web4": instance(), "web6": instance6()}))
    away.send(host.paths, "web6", 60)
    host.run(site())
    assert not away.is_away(host.paths, "web6")


def test_what_an_earlier_release_tracked_goes_only_when_keepalived_runs_the_leases(host):
    """Until then its mark is all that a keepalived with the former configuration heeds."""
    mark(host.paths, "web4", "1\n")
    away.send(host.paths, "web4", 60)
    seen = []
    host.daemon.control = lambda verb, after=host.daemon.control: (
        seen.append(away.marked(host.paths, "web4")),
        after(verb),
    )
    assert host.run(site()).verbs == ["start", "tidy"]
    assert seen == [True]
    assert not Path(host.paths.mark("web4")).exists()
    assert away.is_away(host.paths, "web4")
    assert not host.run(site()).needed


def test_a_rollback_to_the_configuration_of_an_earlier_release_makes_the_files_that_it_tracks(host):
    """So that the node can be moved away by them."""
    host.run(site())
    former = re.sub(r"vrrp_script lease_web4 [^}]*}", "TRACKED", host.config.read_text())
    tracked = f'track_file away_web4 {{\n    file "{host.paths.mark("web4")}"\n    weight 0\n}}'
    host.config.write_text(former.replace("TRACKED", tracked).replace("lease_web4", "away_web4"))
    host.run(site())
    assert not Path(host.paths.mark("web4")).exists()
    host.keepalived.restore(host.store.generations()[-1])
    away.send(host.paths, "web4", 60)
    assert Path(host.paths.mark("web4")).read_text() == "1\n"


def test_the_check_of_a_lease_that_was_edited_or_removed_is_put_back(host):
    host.run(site())
    check = Path(host.paths.lease_check)
    good = check.read_text()
    assert check.stat().st_mode & 0o111
    check.write_text("#!/bin/sh\nexit 1\n")
    host.run(site())
    assert check.read_text() == good
    check.unlink()
    host.run(site())
    assert check.read_text() == good


def test_keepalived_judges_with_a_check_of_a_lease_that_is_there(host):
    host.run(site())
    assert host.paths.lease_check not in host.daemon.judged[0]
    assert '/lease web4"' in host.daemon.judged[0]


def test_absence_stops_disables_and_removes(host):
    host.run(site())
    plan = host.keepalived.plan_absent()
    assert (plan.verbs, plan.stops) == (["stop", "disable"], True)
    host.daemon.verbs.clear()
    host.keepalived.remove(plan)
    assert host.daemon.verbs == ["stop", "disable"]
    assert not host.config.exists()
    assert not Path(host.paths.lease_check).exists()
    assert not host.keepalived.plan_absent().needed


def test_absence_takes_leases_and_marks_away(host):
    host.run(site())
    away.send(host.paths, "web4", 60)
    mark(host.paths, "web4", "1\n")
    plan = host.keepalived.plan_absent()
    assert "tidy" in plan.verbs
    host.keepalived.remove(plan)
    assert away.litter(host.paths, []) == []


BY_HAND = "global_defs {\n}\nvrrp_instance other {\n}\n"


def by_hand(host, active):
    """Let somebody have configured keepalived before the role, running or not."""
    host.config.parent.mkdir(parents=True)
    host.config.write_text(BY_HAND)
    host.daemon.active = active
    host.run(site())
    host.daemon.verbs.clear()
    return host.keepalived.plan_absent()


def test_a_keepalived_that_ran_before_the_role_goes_on_with_its_old_file(host):
    plan = by_hand(host, active=True)
    assert plan.verbs == ["load"]
    host.keepalived.remove(plan)
    assert (host.config.read_text(), host.daemon.loaded, host.daemon.verbs) == (BY_HAND, BY_HAND, ["reload"])
    assert not host.keepalived.plan_absent().needed


def test_an_old_file_that_is_not_taken_leaves_all_as_it_is(host):
    plan = by_hand(host, active=True)
    ours = host.config.read_text()
    host.daemon.refuses = "instance other"
    with pytest.raises(DaemonError, match="refuses"):
        host.keepalived.remove(plan)
    assert (host.config.read_text(), host.daemon.verbs) == (ours, [])


def test_a_keepalived_that_did_not_run_before_the_role_stops_and_has_its_old_file_again(host):
    plan = by_hand(host, active=False)
    assert plan.verbs[:2] == ["stop", "disable"]
    host.keepalived.remove(plan)
    assert (host.config.read_text(), host.daemon.active) == (BY_HAND, False)


def test_absence_leaves_a_foreign_configuration_and_its_keepalived_alone(host):
    host.config.parent.mkdir(parents=True)
    host.config.write_text("vrrp_instance other {}\n")
    host.daemon.active = True
    assert not host.keepalived.plan_absent().needed


def test_a_rollback_brings_the_former_configuration_back(host):
    host.run(site())
    first = host.config.read_text()
    host.run(site({"web4": instance(priority=90)}))
    host.keepalived.restore(host.store.generations()[-1])
    assert host.config.read_text() == first == host.daemon.loaded


def test_a_rollback_of_the_first_run_stops_keepalived(host):
    host.run(site())
    host.keepalived.restore(host.store.newest("run"))
    assert not host.config.exists()
    assert not host.daemon.active


def test_a_rollback_of_an_absence_is_judged_with_the_check_that_belongs_to_it(host):
    host.run(site())
    host.keepalived.remove(host.keepalived.plan_absent())
    host.daemon.judged.clear()
    host.keepalived.restore(host.store.generations()[-1])
    assert host.paths.check not in host.daemon.judged[0]
    assert host.daemon.active and host.daemon.enabled


def test_a_password_is_kept_out_of_the_diff_and_the_file_is_private(host):
    plan = host.run(site({"web4": instance(authentication_secret="vrrp")}))
    assert "s3cret" in host.config.read_text()
    assert "s3cret" not in str(engine.Transaction.diff(plan.changes))
    assert host.config.stat().st_mode & 0o777 == 0o600


def test_an_address_that_would_pass_to_another_virtual_router_is_refused_and_one_that_is_new_is_not(host):
    host.run(site({"a": instance(virtual_router_id=51)}))
    with pytest.raises(RenumberError, match="virtual_router_id 51 to 52"):
        host.keepalived.plan(site({"a": instance(virtual_router_id=52)}))
    assert host.run(site({"a": instance(virtual_router_id=51), "b": instance6()})).needed


def test_an_address_that_was_taken_out_first_may_come_back_in_another_virtual_router(host):
    host.run(site({"a": instance(virtual_router_id=51)}))
    host.run(site({"b": instance6()}))
    assert host.run(site({"a": instance(virtual_router_id=52), "b": instance6()})).needed


def test_a_backup_that_would_renumber_an_address_is_not_put_back(host):
    host.run(site({"a": instance(virtual_router_id=51)}))
    host.run(site({"b": instance6()}))
    generation = host.store.newest()
    host.store.run_id = "later"
    host.run(site({"a": instance(virtual_router_id=52), "b": instance6()}))
    with pytest.raises(RenumberError):
        host.keepalived.plan_restore(generation)


def test_a_keepalived_that_dies_is_started_again_by_systemd_and_its_files_are_read(host):
    host.run(site())
    drop_in = Path(host.paths.drop_in).read_text()
    assert "Restart=always" in drop_in
    assert "StartLimitIntervalSec=0" in drop_in
    host.daemon.stale = True  # the files have changed and systemd has not read them: a run was killed in between
    assert host.run(site()).verbs == ["daemon-reload"]
    assert host.daemon.verbs[0] == "daemon-reload"


def test_absence_takes_the_supervision_away_too(host):
    host.run(site())
    host.keepalived.remove(host.keepalived.plan_absent())
    assert not Path(host.paths.drop_in).exists()


@pytest.mark.parametrize("first", [False, True])
def test_an_attempt_that_was_taken_back_is_not_what_a_rollback_finds(host, first):
    if not first:
        host.run(site({"web4": instance(priority=80)}))
    known = host.store.generations()
    host.daemon.ignores = "priority 90"
    with pytest.raises(DaemonError):
        host.run(site({"web4": instance(priority=90)}))
    assert host.store.generations() == known


def test_a_second_rollback_without_a_run_changes_nothing(host):
    host.run(site())
    host.run(site({"web4": instance(priority=90)}))
    host.keepalived.restore(host.store.newest())
    assert not host.keepalived.plan_restore(host.store.newest()).needed
    assert "priority 101" in host.daemon.loaded


@pytest.mark.parametrize("first", [False, True])
def test_a_rollback_killed_before_the_load_is_finished_by_the_next(host, monkeypatch, first):
    host.run(site())
    if not first:
        host.run(site({"web4": instance(priority=90)}))
    generation = host.store.newest()
    with monkeypatch.context() as patch:
        patch.setattr(host.keepalived, "load", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            host.keepalived.restore(generation)
    plan = host.keepalived.plan_restore(generation)
    assert (plan.changes, plan.verbs, plan.stops) == ([], ["stop"] if first else ["load"], first)
    host.keepalived.restore(generation)
    assert not host.daemon.active if first else "priority 101" in host.daemon.loaded
    assert not host.keepalived.plan_restore(generation).needed


def test_the_module_finishes_a_killed_rollback_and_then_reports_nothing(host, monkeypatch):
    host.run(site())
    host.run(site({"web4": instance(priority=90)}))
    monkeypatch.setattr(host.keepalived, "load", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    told = []

    class Module:
        params, check_mode = {"run_id": ""}, False

        def exit_json(self, **result):
            told.append((result["changed"], result["action"]))

    with pytest.raises(KeyboardInterrupt):
        vip.restore_keepalived(Module(), host.keepalived)
    monkeypatch.undo()
    monkeypatch.setattr(Module, "check_mode", True)
    vip.restore_keepalived(Module(), host.keepalived)
    monkeypatch.undo()
    vip.restore_keepalived(Module(), host.keepalived)
    vip.restore_keepalived(Module(), host.keepalived)
    assert told == [(True, ["load"]), (True, ["load"]), (False, [])]
    assert "priority 101" in host.daemon.loaded


def test_a_rollback_loads_what_is_on_disk_where_something_else_runs(host):
    host.run(site())
    other = host.daemon.loaded
    host.run(site({"web4": instance(priority=90)}))
    host.keepalived.restore(host.store.newest())
    host.daemon.loaded = other.replace("router_id lb1-", "router_id lb2-")
    assert host.keepalived.plan_restore(host.store.newest()).verbs == ["load"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"authentication_secret": "vrrp"}, "VRRP version 3 to 2, authentication added"),
        ({"authentication_secret": "vrrp"}, {}, "VRRP version 2 to 3, authentication removed"),
        ({"authentication_secret": "vrrp"}, {"authentication_secret": "other"}, "authentication changed"),
        (
            {"authentication_secret": "vrrp"},
            {"authentication_secret": "vrrp", "advert_interval": 3},
            "advert_interval 1 to 3 s",
        ),
        ({}, {"unicast_source": None, "unicast_peers": None}, "unicast to multicast"),
        ({"unicast_source": None, "unicast_peers": None}, {}, "multicast to unicast"),
    ],
)
def test_a_change_that_deafens_the_nodes_to_one_another_is_refused(host, before, after, words):
    secrets = {"vrrp": "s3cret", "other": "c4nary"}
    host.run(site({"a": instance(**before)}, secrets=secrets))
    text = host.config.read_text()
    with pytest.raises(RenumberError, match=rf"192.0.2.100 \({words}") as refusal:
        host.keepalived.plan(site({"b": instance(**after)}, secrets=secrets))
    assert not any(secret in str(refusal.value) for secret in secrets.values())
    assert host.config.read_text() == text


def test_what_the_nodes_need_not_have_in_common_may_change(host):
    host.run(site())
    assert host.run(site({"web4": instance(advert_interval=0.5, priority=90, unicast_source="192.0.2.13")})).changes


def test_a_version_is_judged_as_keepalived_does_where_the_file_says_nothing():
    ours = render(site(), (2, 3, 3), Paths())
    with pytest.raises(RenumberError, match="VRRP version 2 to 3"):
        refuse_renumbering(ours.replace("    vrrp_version 3\n", ""), ours)


@pytest.mark.parametrize(
    ("there", "said", "stale"),
    [
        (True, "NeedDaemonReload=no\nRestart=no", True),  # as systemd 252 says of a new folder for drop-ins
        (True, "NeedDaemonReload=yes\nRestart=always", True),
        (True, "NeedDaemonReload=no\nRestart=always", False),
        (False, "NeedDaemonReload=no\nRestart=always", True),
        (False, "NeedDaemonReload=no\nRestart=no", False),
    ],
)
def test_what_systemd_has_loaded_tells_whether_it_must_read_the_unit_again(tmp_path, monkeypatch, there, said, stale):
    monkeypatch.setattr(daemon_module, "DROP_IN", str(tmp_path / "drop-in"))
    if there:
        (tmp_path / "drop-in").touch()
    assert Daemon(lambda _command: (0, said, ""), None).status().stale is stale
