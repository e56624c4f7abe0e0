# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody else wrote is named and left alone, unless the user says what becomes of it; drift is put right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    Outcome,
    RejectedError,
    shown,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import MARKER

from .test_deploy import NOT_THERE, RUNNING, FakeHost, parameters
from .test_taken_back import FailingHost, FakeService, deployment

LEGACY = "# of 2016\nlisten legacy\n    bind *:9100\n\nfrontend old # www\n    bind *:9200\n"
STOPPED = RUNNING.replace("=active", "=inactive")

Run = Callable[..., Outcome]


@pytest.fixture
def run(etc: Path, tmp_path: Path) -> Run:
    """Return a function that lets the module work at this host."""

    def work(foreign: str = "refuse", predict: bool = False, unit: str = RUNNING, **more: Any) -> Outcome:
        found = deployment(tmp_path, FakeHost(unit, ""), FakeService(), predict)
        return found.present(wishes_from(parameters(foreign=foreign, **more)))

    return work


def legacy(etc: Path, main: str = "") -> Path:
    """Give the host a fragment of somebody else, and this main file; return the fragment."""
    (etc / "haproxy.cfg").write_text(main)
    (etc / "conf.d" / "old.cfg").write_text(LEGACY)
    return etc / "conf.d" / "old.cfg"


def absent(tmp_path: Path, host: FakeHost, predict: bool = False) -> tuple[Outcome, FakeService]:
    """Take the role away; return what was done and the service that it was done to."""
    fake = FakeService()
    return deployment(tmp_path, host, fake, predict).absent(), fake


@pytest.mark.parametrize("predict", [True, False])
def test_a_foreign_fragment_is_refused_with_the_names_of_file_and_sections(
    predict: bool, etc: Path, run: Run, tmp_path: Path
) -> None:
    old = legacy(etc)
    with pytest.raises(RejectedError) as refusal:
        run(predict=predict)
    said = str(refusal.value)
    assert f"- {old} (listen legacy, frontend old)" in said
    assert "haproxy_foreign: keep" in said
    assert "haproxy_foreign: remove" in said
    assert sorted(path.name for path in etc.rglob("*.cfg")) == ["haproxy.cfg", "old.cfg"]
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("foreign", ["refuse", "keep"])
def test_a_main_file_at_first_contact_is_refused_also_by_keep(foreign: str, etc: Path, run: Run) -> None:
    (etc / "haproxy.cfg").write_text(LEGACY)
    with pytest.raises(RejectedError, match=r"haproxy\.cfg \(listen legacy, frontend old\)"):
        run(foreign)
    assert (etc / "haproxy.cfg").read_text() == LEGACY


def test_the_main_file_of_the_package_is_nobodys_wish(etc: Path, tmp_path: Path) -> None:
    text = "frontend sample\n"
    (etc / "haproxy.cfg").write_text(text)
    digest = hashlib.md5(text.encode()).hexdigest()
    found = FakeHost(RUNNING, "")
    answer = found.run

    def dpkg(command: Sequence[str]) -> tuple[int, str, str]:
        listing = f"\n {etc}/haproxy.cfg {digest}\n /etc/default/haproxy {'0' * 32}"
        return (0, listing, "") if command[0] == "dpkg-query" else answer(command)

    found.run = dpkg
    deployment(tmp_path, found, FakeService()).present(wishes_from(parameters(foreign="refuse")))
    assert (etc / "haproxy.cfg").read_text().startswith(MARKER)
    (etc / "haproxy.cfg").write_text(f"{text}\n")
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    with pytest.raises(RejectedError, match="frontend sample"):
        deployment(tmp_path, found, FakeService()).present(wishes_from(parameters(foreign="refuse")))


def test_keep_renders_a_fragment_in_and_leaves_its_file(etc: Path, run: Run) -> None:
    old = legacy(etc)
    run("keep")
    assert old.read_text() == LEGACY
    assert "listen legacy" in (etc / "haproxy.cfg").read_text()
    assert run("keep").changes == []


def test_remove_takes_it_away_shows_it_and_a_rollback_brings_it_back(etc: Path, run: Run, tmp_path: Path) -> None:
    old = legacy(etc, LEGACY)
    predicted = run("remove", predict=True)
    assert old.exists()
    outcome = run("remove")
    assert [note.partition(" goes")[0] for note in outcome.notes] == [
        f"{path} (listen legacy, frontend old)" for path in (old, etc / "haproxy.cfg")
    ]
    assert shown(predicted) == shown(outcome)
    assert sum("listen legacy" in entry["before"] for entry in shown(outcome)) >= 1
    assert not old.exists()
    assert "legacy" not in (etc / "haproxy.cfg").read_text()
    deployment(tmp_path, FakeHost(RUNNING, ""), FakeService()).restored()
    assert (old.read_text(), (etc / "haproxy.cfg").read_text()) == (LEGACY, LEGACY)
    with pytest.raises(RejectedError, match="listen legacy"):
        run()


def test_a_removed_fragment_is_shown_although_the_main_file_changes_too(etc: Path, run: Run) -> None:
    old = legacy(etc, "global\n")
    entries = [entry for entry in shown(run("remove")) if entry["before_header"].startswith(str(old))]
    assert [entry["before"] for entry in entries] == [
        LEGACY.replace("# of 2016", "# ********").replace("# www", "# ********")
    ]


@pytest.mark.parametrize("text", ["{old}listen added\n    bind *:9100\n", "listen added\n    bind *:9100\n"])
@pytest.mark.parametrize("name", ["haproxy.cfg", "conf.d/web.cfg"])
def test_what_a_hand_makes_of_the_roles_file_is_drift_shown_and_put_right(
    name: str, text: str, etc: Path, run: Run, tmp_path: Path
) -> None:
    run("remove")
    good = (etc / name).read_text()
    (etc / name).write_text(text.format(old=good))
    outcome = run()
    assert any("listen added" in entry["before"] for entry in shown(outcome))
    assert (etc / name).read_text() == good
    found = deployment(tmp_path, FakeHost(RUNNING, ""), FakeService()).transaction
    assert any(b"listen added" in (file.content or b"") for file in found.saved(outcome.backup))


def test_an_edit_of_a_fragment_is_shown_although_the_main_file_changes_too(etc: Path, run: Run) -> None:
    run("remove")
    with (etc / "conf.d" / "web.cfg").open("a") as stream:
        stream.write("backend by-a-hand\n")
    outcome = run(defaults={"timeouts": {"client": "33s"}})
    assert any("backend by-a-hand" in entry["before"] for entry in shown(outcome))


def test_a_file_by_the_name_of_a_service_that_is_gone_is_foreign(etc: Path, run: Run) -> None:
    run("remove")
    run(services={})
    (etc / "conf.d" / "web.cfg").write_text(LEGACY)
    with pytest.raises(RejectedError, match=r"web\.cfg \(listen legacy"):
        run()


def test_after_the_role_was_taken_away_the_file_is_its_owners_again(etc: Path, run: Run, tmp_path: Path) -> None:
    run("remove")
    absent(tmp_path, FakeHost(RUNNING, ""))
    (etc / "haproxy.cfg").write_text(LEGACY)
    with pytest.raises(RejectedError, match="listen legacy"):
        run()


@pytest.mark.parametrize("predict", [True, False])
def test_a_service_that_ran_before_the_role_goes_on_with_its_old_file(
    predict: bool, etc: Path, run: Run, tmp_path: Path
) -> None:
    old = legacy(etc, LEGACY)
    run("remove")
    new = (etc / "haproxy.cfg").read_text()
    outcome, fake = absent(tmp_path, FakeHost(RUNNING, ""), predict)
    assert (outcome.actions, outcome.in_effect) == (["reload"], False)
    assert fake.loaded == ([] if predict else [LEGACY])
    assert (etc / "haproxy.cfg").read_text() == (new if predict else LEGACY)
    assert old.exists() is not predict
    if not predict:
        assert not absent(tmp_path, FakeHost(RUNNING, ""))[0].changed


def test_absent_gives_back_what_was_there_first_and_not_what_a_hand_made_of_the_roles_file(
    etc: Path, run: Run, tmp_path: Path
) -> None:
    legacy(etc, LEGACY)
    run("remove")
    for name in ("haproxy.cfg", "conf.d/web.cfg"):
        (etc / name).write_text("listen added\n")
    run()
    absent(tmp_path, FakeHost(RUNNING, ""))
    assert (etc / "haproxy.cfg").read_text() == LEGACY
    assert sorted(path.name for path in (etc / "conf.d").iterdir()) == ["old.cfg"]


def test_a_service_that_was_not_enabled_is_not_enabled_afterwards(etc: Path, run: Run, tmp_path: Path) -> None:
    legacy(etc, LEGACY)
    run("remove", unit=RUNNING.replace("=enabled", "=disabled"))
    host = FailingHost(RUNNING, "nothing")
    outcome = deployment(tmp_path, host, FakeService()).absent()
    assert (outcome.actions, host.asked) == (["reload", "disable"], ["disable haproxy.service"])


@pytest.mark.parametrize("unit", [STOPPED, NOT_THERE])
def test_a_service_that_did_not_run_before_the_role_is_stopped(
    unit: str, etc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy(etc, LEGACY)
    monkeypatch.setattr(FakeService, "start", lambda *_words: None, raising=False)
    run("remove", unit=unit)
    assert absent(tmp_path, FakeHost(RUNNING, ""))[0].actions == ["stop", "disable"]


def test_an_old_file_that_haproxy_refuses_now_stops_it_and_that_is_told(etc: Path, run: Run, tmp_path: Path) -> None:
    legacy(etc, LEGACY)
    run("remove")
    outcome = absent(tmp_path, FakeHost(RUNNING, "unknown keyword 'reqadd'"))[0]
    assert outcome.actions == ["stop", "disable"]
    assert "unknown keyword 'reqadd'" in outcome.notes[0]


def test_before_the_installation_the_same_is_refused(etc: Path, tmp_path: Path) -> None:
    legacy(etc)
    found = deployment(tmp_path, FakeHost(NOT_THERE), FakeService())
    with pytest.raises(RejectedError, match=r"old\.cfg \(listen legacy"):
        found.checked("refuse")
    assert not found.checked("remove").changed
