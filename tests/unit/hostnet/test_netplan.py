# SPDX-License-Identifier: GPL-3.0-or-later
"""netplan translates a copy of all its files with ours among them; no copy is left, and no real file changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet import netplan
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.files import File


class Program:
    """netplan, which notes what it finds below the root that it is given."""

    def __init__(self, status=0, section=""):
        self.status, self.section, self.found, self.asked = status, section, {}, []

    def __call__(self, command):
        self.asked.append(command)
        if command[1] == "get":
            return 0, "dhcp4: true\n" if command[2].split(".")[1] == self.section else "null\n", ""
        root = Path(command[-1])
        self.found = {f"/{path.relative_to(root)}": path for path in root.rglob("*") if path.is_file()}
        self.found = {path: (file.read_text(), file.stat().st_mode & 0o777) for path, file in self.found.items()}
        return self.status, "", "Error in network definition: bond0: interface 'eth9' is not defined\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return netplan's folder with two files; the copies lie in another one."""
    found = tmp_path / "etc"
    found.mkdir()
    for name in ("50-host.yaml", "90-netstack.yaml"):
        (found / name).write_text(name)
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(netplan, "_FOLDERS", (str(found), str(tmp_path / "absent")))
    monkeypatch.setattr(netplan.tempfile, "mkdtemp", lambda **_options: str(_made(tmp_path / "copies" / "one")))
    return found


def _made(path):
    path.mkdir()
    return path


def files(folder):
    return [File(f"{folder}/90-netstack.yaml", b"new"), File(f"{folder}/50-host.yaml", None)]


def test_it_sees_all_of_its_files_and_ours_as_they_are_to_be(folder):
    program = Program()
    more = [*files(folder), File(f"{folder}/absent.yaml", None), File("/var/lib/netstack/note.json", b"{}")]
    with netplan.translated(program, more) as root:
        assert Path(root).is_dir()
    assert program.found == {f"{folder}/90-netstack.yaml": ("new", 0o644), "/var/lib/netstack/note.json": ("{}", 0o600)}


def test_afterwards_the_copy_is_gone_and_the_files_are_as_they_were(folder, tmp_path):
    with pytest.raises(RuntimeError, match="of the caller"), netplan.translated(Program(), files(folder)):
        raise RuntimeError("of the caller")
    assert list((tmp_path / "copies").iterdir()) == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: name for name in ("50-host.yaml", "90-netstack.yaml")
    }


def test_a_refusal_has_its_words(folder, tmp_path):
    words = r"^netplan generate \(rc 78\): Error in network definition: bond0: interface 'eth9' is not defined$"
    with pytest.raises(BackendError, match=words), netplan.translated(Program(78), files(folder)):
        raise AssertionError("what is refused is not worked with")
    assert list((tmp_path / "copies").iterdir()) == []


def test_an_interface_is_found_in_its_section_by_its_whole_name():
    program = Program(section="vlans")
    assert netplan.section(program, "bond0.10") == "vlans"
    assert program.asked[-1] == ["netplan", "get", "network.vlans.bond0\\.10"]
    assert netplan.section(Program(), "bond0") == ""
