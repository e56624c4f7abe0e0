# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the report's folder leads nowhere else: names, links, modes, and what somebody else has put there."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import file_name
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import store
from unit.report.test_report import SHOP, part, shown

BROKEN = {
    "no JSON": "{not json",
    "no dictionary": "[1]",
    "no text": b"\xff\xfe",
    "too deep": "[" * 100_000,
    "without its run": json.dumps({"format": store.FORMAT, "host": "zz"}),
    "of another host": json.dumps({"format": store.FORMAT, "host": "lb1", **part()}),
    "a link of no kind": json.dumps({"format": store.FORMAT, "host": "zz", **part(links=[shown("a", bundle="x")])}),
    "a link without a name": json.dumps({"format": store.FORMAT, "host": "zz", **part(links=[shown(3)])}),
    "vips of no kind": json.dumps({"format": store.FORMAT, "host": "zz", **part(vips={"10.0.0.1": []})}),
    "names of no kind": json.dumps(
        {"format": store.FORMAT, "host": "zz", **part(services=[{**SHOP, "server_names": 3}])}
    ),
    "no service probed": json.dumps(
        {
            **{"format": store.FORMAT, "host": "zz"},
            **part(probes=[{"name": "x", "url": "", "failures": [], "verified": [], "unverified": []}]),
        }
    ),
}


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
@pytest.mark.parametrize(("mode", "folders"), [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755)])
def test_files_and_folders_have_the_declared_mode_whatever_the_umask_is(tmp_path, umask, mode, folders):
    before = os.umask(umask)
    try:
        store.write(tmp_path / "report", "lb1", part(), mode)
    finally:
        os.umask(before)
    found = modes(tmp_path)
    assert {found["report"], found["report/hosts"]} == {folders}
    files = {path: found[path] for path in found if (tmp_path / path).is_file() and not path.endswith(".lock")}
    assert files == dict.fromkeys(("report/report.json", "report/index.html", "report/hosts/lb1.json"), mode)


def test_parts_of_an_earlier_release_are_shut_too(tmp_path):
    (tmp_path / "hosts").mkdir(mode=0o755)
    store.write(tmp_path, "lb1", part())
    assert modes(tmp_path)["hosts"] == 0o700


@pytest.mark.parametrize(
    "host", ["../../escaped", "/etc/cron.d/x", ".", "..", ".hidden", "a/b", "", "x" * 300, "ü" * 90]
)
def test_a_host_stays_in_the_folder_and_on_the_page(tmp_path, host):
    folder = tmp_path / "report"
    assert store.write(folder, host, part()).broken == {}
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert set(json.loads((folder / "report.json").read_text())["hosts"]) == {host}
    assert len(list((folder / "hosts").iterdir())) == 1


def test_names_that_look_alike_are_files_of_their_own():
    names = ["a/b", "a_b", "a%2Fb", ".a", "%2Ea", "_a", "~a", "%7Ea", "", "%", "x" * 300, "x" * 301]
    assert len({file_name(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["index.html", "report.json", ".lock", "hosts/lb1.json", ".index.html.new"])
def test_a_planted_link_leads_to_nothing(tmp_path, name):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "report" / "hosts").mkdir(parents=True)
    (tmp_path / "report" / name).symlink_to(tmp_path / "victim")
    written = store.write(tmp_path / "report", "lb1", part())
    assert (tmp_path / "victim").read_text() == "precious"
    assert not written.page.is_symlink()
    assert "lb1" in written.page.read_text()


def test_a_link_in_the_place_of_the_folder_of_parts_is_told(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "hosts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"/hosts is a link, which is not followed"):
        store.write(tmp_path, "lb1", part())
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_part_is_told_and_the_others_are_shown(tmp_path, content):
    store.write(tmp_path, "lb1", part(warnings=["of lb1"]))
    (tmp_path / "hosts" / "zz.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    written = store.write(tmp_path, "lb2", part(warnings=["of lb2"]))
    assert list(written.broken) == ["zz.json"]
    text = written.page.read_text()
    assert "hosts/zz.json: " in text
    assert "of lb1" in text
    assert "of lb2" in text
    assert 'class="verdict incomplete"' in text
    assert list(json.loads((tmp_path / "report.json").read_text())["broken"]) == ["zz.json"]


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_is_no_file_is_not_read(tmp_path, kind):
    store.write(tmp_path, "lb1", part())
    planted = tmp_path / "hosts" / "zz.json"
    (tmp_path / "secret.json").write_text(json.dumps({"format": store.FORMAT, "host": "zz", **part(run="canary")}))
    {"pipe": lambda: os.mkfifo(planted), "link": lambda: planted.symlink_to("../secret.json"), "folder": planted.mkdir}[
        kind
    ]()
    written = store.write(tmp_path, "lb1", part())
    assert list(written.broken) == ["zz.json"]
    assert "canary" not in written.page.read_text()
