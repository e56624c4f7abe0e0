# SPDX-License-Identifier: GPL-3.0-or-later
"""Pound is restarted only where what runs differs, never while its clients are here, and a failure is taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.pound import deploy, service
from ansible_collections.netstack.datacenter.plugins.module_utils.pound import host as system
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.deploy import Deployment, wishes_from
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.service import NotLoadedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service import loaded
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import Outcome, RejectedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from .pound_builders import NO_UNIT, PID, RUNNING, STOPPED, VIP, FakeHost, listener, parameters, rendered

TEXT = rendered({"listeners": {"shop": listener()}}, {})
BY_HAND = f"ListenHTTP\n    Address {VIP}\n    Port 80\nEnd\n"


class OwnTransaction(Transaction):
    """Keeps and writes files of the user who runs the tests."""

    def plan(self, files: Sequence[File]) -> list[Change]:
        home = Path(self.folder).parent.parent
        return super().plan([replace(file, owner=home.owner(), group=home.group()) for file in files])


class Site:
    """One host with its files, and the module on it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.main, self.sysctl = folder, folder / "pound.cfg", folder / "sysctl.conf"
        self.nonlocal_bind = folder / "ip_nonlocal_bind"
        self.nonlocal_bind.write_text("0\n")
        self.host = FakeHost()
        self.starts: list[str] = []
        monkeypatch.setattr(loaded, "RUN", str(folder / "run"))
        self.errors: list[Exception] = []
        self.patch = monkeypatch
        for module in (deploy, service, system):
            monkeypatch.setattr(module, "MAIN", str(self.main))
        monkeypatch.setattr(deploy, "SYSCTL", str(self.sysctl))
        monkeypatch.setattr(system, "NONLOCAL", dict.fromkeys((4, 6), str(self.nonlocal_bind)))

    def deployment(self, predict: bool = False) -> Deployment:
        found = Deployment(self.host, OwnTransaction("pound", "r", str(self.folder / "store")), predict)
        self.patch.setattr(found.service, "start", self._start)
        return found

    def _start(self, text: str) -> None:
        self.starts.append(text)
        if self.errors:
            raise self.errors.pop(0)
        self.host.running = text
        running = service.Service(self.host)
        running.loaded.note(PID, running.reads(text))

    def restarted_by_hand(self) -> None:
        """Forget what the role has noted of the process, as another one is that somebody else has started."""
        (self.folder / "run" / "pound.loaded").unlink()
        self.host.running = self.main.read_text()

    def run(self, predict: bool = False, **more: Any) -> Outcome:
        return self.deployment(predict).present(wishes_from(parameters(**more)))

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


@pytest.mark.parametrize("unit", [NO_UNIT, STOPPED], ids=["not there", "stopped"])
def test_a_new_pound_is_enabled_and_started_and_then_left_alone(unit: dict[str, str], site: Site) -> None:
    site.host.state = dict(unit)
    assert site.run(predict=True).actions == ["enable", "start"]
    outcome = site.run()
    assert (outcome.actions, outcome.restarts) == (["enable", "start"], False)
    assert (site.main.read_text(), site.starts, site.host.asked) == (TEXT, [TEXT], ["enable"])
    site.host.state = dict(RUNNING)
    assert not site.run().changed


def test_what_runs_counts_and_not_only_what_is_on_disk(site: Site) -> None:
    site.run()
    site.host.running = TEXT.replace(
        service.declared_digest(TEXT), "0" * 64
    )  # a run that was killed before its restart
    outcome = site.run()
    assert (outcome.changes, outcome.actions) == ([], ["restart"])


def test_a_file_that_a_hand_has_edited_and_started_is_replaced_and_restarted(site: Site) -> None:
    site.run()
    site.main.write_text(TEXT + BY_HAND)  # with our digest
    site.restarted_by_hand()
    outcome = site.run()
    assert ([change.wanted.path for change in outcome.changes], outcome.actions) == ([str(site.main)], ["restart"])
    assert not site.run().changed


def test_a_file_that_was_put_right_by_a_run_that_was_killed_is_not_taken_for_what_runs(site: Site) -> None:
    site.run()
    site.main.write_text(TEXT + BY_HAND)
    site.restarted_by_hand()
    site.main.write_text(TEXT)
    outcome = site.run()
    assert (outcome.changes, outcome.actions) == ([], ["restart"])
    assert outcome.notes == [f"restart: what runs was started before the last change of {site.main}"]


def test_a_file_that_a_hand_has_edited_and_not_started_is_put_right_without_a_restart(site: Site) -> None:
    """Pound cannot reload, so a restart costs its clients their connections."""
    site.run()
    site.main.write_text(TEXT + BY_HAND)
    outcome = site.run()
    assert ([change.wanted.path for change in outcome.changes], outcome.actions) == ([str(site.main)], [])
    assert site.main.read_text() == TEXT


def test_what_pound_includes_counts_as_its_configuration(site: Site) -> None:
    page, included = site.folder / "503.html", site.folder / "more.cfg"
    page.write_text("sorry")
    included.write_text(f'Err503 "{page}"\n')
    shop = {"global": {"raw": [f'Include "{included}"']}}
    site.run(**shop)
    assert not site.run(**shop).changed
    page.write_text("by hand")
    assert site.run(**shop).actions == ["restart"]


@pytest.mark.parametrize("predict", [True, False])
def test_a_restart_while_the_vip_is_here_is_refused_and_in_check_mode_foretold(predict: bool, site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.host.held = [VIP, "10.0.0.1"]
    words = f"this node holds {VIP}. Move the address to the other node first"
    if predict:
        outcome = site.run(predict)
        assert (outcome.actions, words in outcome.notes[0]) == (["restart"], True)
    else:
        with pytest.raises(RejectedError, match=words):
            site.run()
    assert (site.main.read_text(), site.starts) == (BY_HAND, [])


def test_a_restart_while_the_vip_is_elsewhere_or_with_consent_is_made(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.host.held = ["10.0.0.1"]
    assert site.run().actions == ["restart"]
    site.host.held.append(VIP)
    more = {"listeners": {"shop": listener(port=9443)}}
    outcome = site.run(allow_restart=True, **more)
    assert (outcome.actions, outcome.restarts) == (["restart"], True)


def test_a_listener_on_every_address_is_served_at_any_of_them(site: Site) -> None:
    site.host.held = ["10.0.0.1"]
    with pytest.raises(RejectedError, match=r"this node holds 10\.0\.0\.1"):
        site.run(listeners={"shop": listener(address="*")})


def test_a_start_needs_no_consent_for_there_is_nobody_to_cut(site: Site) -> None:
    site.host.state = dict(STOPPED)
    site.host.held = [VIP]
    assert site.run().actions == ["enable", "start"]


def test_what_pound_refuses_is_told_in_its_words_and_changes_nothing(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.host.refuses = "unrecognized keyword"
    for predict in (True, False):
        with pytest.raises(RejectedError, match=r"Pound 4\.16 refuses .*nothing was changed: .*3\.1-4: unrecognized"):
            site.run(predict)
    assert site.files == ["ip_nonlocal_bind", "pound.cfg"]
    assert site.main.read_text() == BY_HAND


def test_a_restart_that_fails_brings_the_old_file_back_and_loads_it(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.errors = [NotLoadedError("address in use")]
    with pytest.raises(RejectedError, match="address in use; the old configuration is back in place and serves"):
        site.run()
    assert (site.main.read_text(), site.starts) == (BY_HAND, [TEXT, BY_HAND])
    assert site.deployment().transaction.generations() == []


def test_a_vip_needs_the_kernels_permission_which_is_given_once_and_kept_over_a_boot(site: Site) -> None:
    shop = {"listeners": {"shop": listener(transparent=True)}}
    assert site.run(predict=True, **shop).actions == ["allow foreign addresses (IPv4)", "restart"]
    assert site.nonlocal_bind.read_text() == "0\n"
    site.run(**shop)
    assert site.nonlocal_bind.read_text() == "1\n"
    assert "net.ipv4.ip_nonlocal_bind = 1" in site.sysctl.read_text()
    assert not site.run(**shop).changed
    site.run()  # no VIP any more
    assert not site.sysctl.exists()


@pytest.mark.parametrize("predict", [True, False])
def test_a_kernel_that_may_not_be_told_is_refused_before_anything(predict: bool, site: Site) -> None:
    site.patch.setattr(system, "may_allow_foreign", lambda _family: False)
    with pytest.raises(RejectedError, match="read-only here"):
        site.run(predict, listeners={"shop": listener(transparent=True)})
    assert site.files == ["ip_nonlocal_bind"]


def test_a_certificate_that_will_be_renewed_foretells_the_restart_in_check_mode_only(site: Site) -> None:
    pem = site.folder / "shop.pem"
    pem.write_text("x")
    shop = {"listeners": {"shop": listener(tls={"certificates": [str(pem)]})}}
    site.run(**shop)
    renewed = {**shop, "renewed_files": [str(pem)]}
    assert site.run(predict=True, **renewed).actions == ["restart"]
    assert not site.run(**renewed).changed
    pem.write_text("y")
    assert site.run(**shop).actions == ["restart"]


def test_a_run_is_put_back_once(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.run()
    back = site.deployment().restored()
    assert (site.main.read_text(), back.actions, site.starts[-1]) == (BY_HAND, ["restart"], BY_HAND)
    site.host.running = ""
    assert not site.deployment().restored().changes


def test_where_the_sample_of_the_package_comes_back_pound_is_stopped(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.patch.setattr(site.host, "is_sample", lambda text: text == BY_HAND)
    site.run()
    back = site.deployment().restored()
    assert (site.main.read_text(), back.actions, site.host.asked) == (BY_HAND, ["stop", "disable"], ["stop", "disable"])


def test_the_sample_is_known_by_what_dpkg_keeps_of_it(site: Site) -> None:
    site.host.sample = "b10a8db164e0754105b7a99be72e3fe5"
    assert [site.host.is_sample(text) for text in ("Hello World", "Hello world")] == [True, False]


def test_absent_stops_what_did_not_run_before_and_puts_back_what_was_there(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.host.state = dict(STOPPED)
    site.run()
    site.host.state = {"ActiveState": "active", "UnitFileState": "enabled"}
    outcome = site.deployment().absent()
    assert (site.main.read_text(), outcome.actions) == (BY_HAND, ["stop", "disable"])
    site.host.state = dict(STOPPED)
    assert not site.deployment().absent().changed


@pytest.mark.parametrize("predict", [True, False])
def test_a_pound_that_ran_before_the_role_goes_on_with_its_old_file(predict: bool, site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.run()
    outcome = site.deployment(predict).absent()
    assert (outcome.actions, outcome.in_effect) == (["restart"], False)
    assert (site.main.read_text(), site.starts) == ((TEXT, [TEXT]) if predict else (BY_HAND, [TEXT, BY_HAND]))
    if not predict:
        assert not site.deployment().absent().changed


def test_a_pound_that_refuses_its_old_file_stops_and_that_is_told(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.run()
    site.host.refuses = "unrecognized keyword"
    outcome = site.deployment().absent()
    assert outcome.actions == ["stop", "disable"]
    assert "unrecognized keyword" in outcome.notes[0]


def test_its_old_file_is_not_given_back_while_the_vip_is_here(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.run()
    site.host.held = [VIP]
    with pytest.raises(RejectedError, match=f"this node holds {VIP}"):
        site.deployment().absent()
    assert site.main.read_text() == TEXT


@pytest.mark.parametrize("rewritten", [BY_HAND.replace("80", "81"), None], ids=["rewritten", "deleted"])
def test_absent_gives_back_what_was_there_also_where_a_hand_has_rewritten_the_roles_file(
    rewritten: str | None, site: Site
) -> None:
    site.main.write_text(BY_HAND)
    site.host.state = dict(STOPPED)
    site.run()
    if rewritten is None:
        site.main.unlink()
    else:
        site.main.write_text(rewritten)
    outcome = site.deployment().absent()
    assert (site.main.read_text(), outcome.changed) == (BY_HAND, True)
    assert not site.deployment().absent().changed


def test_a_run_over_a_rewritten_file_keeps_what_the_service_was_at_first_contact(site: Site) -> None:
    site.main.write_text(BY_HAND)
    site.host.state = dict(STOPPED)
    site.run()
    site.host.state = dict(RUNNING)
    site.main.write_text(BY_HAND.replace("80", "81"))
    site.run()
    assert site.deployment().absent().actions == ["stop", "disable"]  # it did not run before the role came


def test_absent_leaves_a_configuration_of_somebody_else_alone(site: Site) -> None:
    site.main.write_text(BY_HAND)
    assert not site.deployment().absent().changed


def test_a_pound_that_ends_at_its_start_is_told_in_its_words_and_stopped(site: Site) -> None:
    said = f"{site.main}:4.1: can't bind HTTP socket"
    log = f"Stopping pound.service - reverse proxy\nConfig file {site.main} is OK\n{said}\npound terminated\n"
    site.patch.setattr(site.host, "journal", lambda _cursor: log)
    site.host.state = {"ActiveState": "failed"}
    with pytest.raises(NotLoadedError, match=rf"^{re.escape(said)}$"):
        service.Service(site.host).start(TEXT)
