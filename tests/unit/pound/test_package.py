# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which hosts are refused for their Pound, that nothing has changed by then, and which choices are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.pound import host as system
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.deploy import Deployment, wishes_from
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import RejectedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction

from .pound_builders import FakeHost, parameters

CHOICES = ("HAProxy end TLS itself", "hitch with PROXY v2", "Debian 13, Ubuntu 26.04", "pound_package_file")


@pytest.fixture(autouse=True)
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of apt's package lists, with one list."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "archive_main_binary-amd64_Packages").write_text("")
    monkeypatch.setattr(system, "LISTS", str(folder))
    return folder


def checked(host: FakeHost, tmp_path: Path, file: str = "") -> str:
    """Return the version that is found usable. Raises RejectedError."""
    deployment = Deployment(host, Transaction("pound", store=str(tmp_path / "store")), predict=True, package_file=file)
    deployment.checked()
    return deployment.release.version


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (FakeHost("", ""), "no package of Pound"),
        (FakeHost("", "3.0.2-1"), "Pound 3.0.2-1 is what this host's distribution has"),
        (FakeHost("", "2.8-2"), "Pound 2.8-2 is what this host's distribution has"),
        (FakeHost("3.0", "4.16-3"), "Pound 3.0 is installed here"),
        (FakeHost("", "1:3.0-2"), "reads YAML"),
    ],
    ids=["none", "yaml", "old", "installed", "epoch"],
)
def test_a_host_without_pound_4_is_refused_and_every_choice_is_named(
    host: FakeHost, words: str, tmp_path: Path
) -> None:
    with pytest.raises(RejectedError) as refusal:
        checked(host, tmp_path)
    text = str(refusal.value)
    assert [part for part in (words, "Nothing was changed", *CHOICES) if part not in text] == []


@pytest.mark.parametrize(
    ("host", "version"),
    [(FakeHost("4.16"), "4.16"), (FakeHost("", "4.17-1"), "4.17-1"), (FakeHost("", "1:4.23-1"), "1:4.23-1")],
)
def test_pound_4_is_taken(host: FakeHost, version: str, tmp_path: Path) -> None:
    assert checked(host, tmp_path) == version


def test_missing_package_lists_are_told_from_a_missing_package(lists: Path, tmp_path: Path) -> None:
    next(lists.iterdir()).unlink()
    with pytest.raises(RejectedError, match="apt-get update"):
        checked(FakeHost("", ""), tmp_path)


def test_a_package_file_of_pound_4_takes_the_place_of_the_candidate(tmp_path: Path) -> None:
    assert checked(FakeHost("", "", "pound 4.16-3"), tmp_path, "/root/pound.deb") == "4.16-3"


def test_a_package_file_takes_the_place_of_an_installed_pound_that_cannot_be_used(tmp_path: Path) -> None:
    host = FakeHost("3.0", "", "pound 4.16-3")
    assert checked(host, tmp_path, "/root/pound.deb") == "4.16-3"
    assert host.program == ""


def test_an_installed_pound_4_is_what_counts(tmp_path: Path) -> None:
    assert checked(FakeHost("4.23", "", "pound 4.16-3"), tmp_path, "/root/pound.deb") == "4.23"


def test_a_package_file_of_pound_3_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match=r"Pound 3\.0-2 is in pound_package_file"):
        checked(FakeHost("", "4.16-3", "pound 3.0-2"), tmp_path, "/root/pound.deb")


@pytest.mark.parametrize(("package", "words"), [("hitch 1.8.0-1", "it holds hitch"), ("", "no such file")])
def test_a_package_file_that_is_none_of_pound_is_refused(package: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=words):
        checked(FakeHost("", "", package), tmp_path, "/root/pound.deb")


def test_where_pound_could_be_installed_check_mode_renders_and_says_that_nothing_was_validated(tmp_path: Path) -> None:
    deployment = Deployment(FakeHost("", "4.16-3"), Transaction("pound", store=str(tmp_path / "store")), predict=True)
    outcome = deployment.present(wishes_from(parameters()))
    assert (outcome.validated, outcome.in_effect, "not validated" in outcome.notes[0]) == (False, False, True)


def test_a_real_run_refuses_a_host_on_which_nothing_was_installed(tmp_path: Path) -> None:
    deployment = Deployment(FakeHost("", "4.16-3"), Transaction("pound", store=str(tmp_path / "store")), predict=False)
    with pytest.raises(RejectedError, match="not installed"):
        deployment.present(wishes_from(parameters()))
