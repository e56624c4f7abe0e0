# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves of every kind in the list what everybody relies on who asks it: rows, names, variables, turn to change."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils import kinds as package
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection import model
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import BUNDLED, Impossible
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES, kind, kinds, room
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import groups, half
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves import links, linux

from ..stack.stack_builders import PLUGIN, loaded

ROOT = Path(__file__).resolve().parents[3]
BUNDLES = ("lacp", "static", "none")
ROLES = [name for name in NAMES if kind(name).role]
DERIVING = [name for name in NAMES if room(name, "derivation") is not None]
ENDS = [(name, bundle) for name in NAMES for bundle in BUNDLES if isinstance(kind(name).pairing.get(bundle), Mapping)]
LAZY = """
import sys
base = "ansible_collections.netstack.datacenter.plugins.plugin_utils."
kinds = __import__(base + "kinds", fromlist=["kinds"])
print(sorted(name for name in sys.modules if name.startswith(base + "kinds.")))
assert len(list(kinds.kinds())) == len(kinds.NAMES)
heavy = {"pydantic", "yaml", "ansible", "jnpr.junos", "pyVmomi", "lxml", "paramiko"}
print(sorted(heavy & set(sys.modules)), sorted(name for name in sys.modules if name.startswith(base + "stack")))
"""


def _end(name: str, bundle: str, port: str) -> dict[str, Any]:
    of = kind(name)
    free = of.names.port_example == "a name"
    named = bundle in of.names.needs_lag or of.provisions == "asked"
    lag = {"lag": of.names.lag_example} if named else {}
    return {**lag, "ports": [port if free else of.names.port_example]}


def _site(name: str, bundle: str) -> dict[str, Any]:
    """Return a site in which a device of the kind is cabled to a switch, or to a host where it is one itself."""
    peer = "linux" if kind(name).switch else "external"
    devices: dict[str, Any] = {"own": {"kind": name}, "peer": {"kind": peer}}
    if kind(name).provisions == "asked":
        devices["own"]["provision_links"] = True
    ends = {"own": _end(name, bundle, "x1"), "peer": _end(peer, bundle, "x2")}
    link = {"bundle": bundle, "vlans": {"untagged": "server"}, "ends": ends}
    return {"plugin": PLUGIN, "vlans": {"server": {"id": 20}}, "devices": devices, "links": {"one": link}}


def _defaults() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in sorted((ROOT / "roles").glob("*/defaults/main.yml")):
        found |= yaml.safe_load(file.read_text()) or {}
    return found


def test_the_list_names_every_package_and_every_file_of_a_kind():
    folder = Path(package.__file__).parent
    there = {path.parent.name for path in folder.glob("*/__init__.py")} | {path.stem for path in folder.glob("*.py")}
    assert there - {"__init__"} == set(NAMES)
    assert len(NAMES) == len(set(NAMES))


def test_the_list_loads_no_kind_and_a_kind_loads_neither_the_site_nor_a_library():
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n[] []\n", done.stderr


def test_who_asks_for_what_is_not_there_is_told():
    with pytest.raises(KeyError, match="catalyst"):
        kind("catalyst")
    with pytest.raises(ModuleNotFoundError, match="catalyst"):
        room("catalyst", "site")
    assert room("external", "derivation") is None
    assert room("ontap", "derivation") is None


def test_what_a_room_misses_is_no_room_that_is_missing(tmp_path, monkeypatch):
    (tmp_path / "halfway").mkdir()
    (tmp_path / "halfway" / "__init__.py").touch()
    (tmp_path / "halfway" / "driver.py").write_text("import a_library_that_is_not_installed\n")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_installed"):
        room("halfway", "driver")
    assert room("halfway", "rules") is None


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_says_its_name_and_what_people_call_it(name):
    assert kind(name).name == name
    assert kind(name).title
    assert [each.title for each in kinds()].count(kind(name).title) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_has_a_row_for_each_bundle(name):
    assert tuple(kind(name).pairing) == BUNDLES
    for bundle, row in kind(name).pairing.items():
        if isinstance(row, Impossible):
            assert row.why
            assert row.mend
            with pytest.raises(AssertionError, match=f"the rules refuse bundle {bundle} at a {name}"):
                kind(name).row(bundle)
        else:
            assert kind(name).row(bundle) == row
            assert row
            assert all(isinstance(text, str) for pair in row.items() for text in pair)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_kind_are_names_of_it(name):
    names = kind(name).names
    assert names.lag.fullmatch(names.lag_example)
    assert names.port.fullmatch(names.port_example)
    assert set(names.needs_lag) <= set(BUNDLES)


@pytest.mark.parametrize("name", ROLES)
def test_who_has_a_role_has_its_turn_a_way_to_be_reached_and_the_groups_of_the_plays(name):
    of = kind(name)
    assert (ROOT / "roles" / of.role / "tasks" / "main.yml").is_file()
    assert of.order > 0
    assert of.protocol in (model.NETCONF, model.API, model.SSH)
    assert of.told_by
    assert "link_ends" in of.groups
    assert ("switches" in of.groups) == of.switch


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(ROLES)))
def test_who_has_no_role_has_no_turn(name):
    assert (kind(name).order, kind(name).one_by_one, kind(name).converts) == (0, False, False)


@pytest.mark.parametrize("name", [name for name in NAMES if kind(name).library])
def test_a_library_is_among_those_that_the_collection_asks_for(name):
    asked = set(re.findall(r"(?m)^[\w-]+", (ROOT / "requirements.txt").read_text()))
    assert kind(name).library.package in asked


@pytest.mark.parametrize("name", NAMES)
def test_what_a_kind_is_asked_by_is_derived_for_it(name):
    of, derivation, defaults = kind(name), room(name, "derivation"), _defaults()
    assert set(of.told_by) <= (set(derivation.DERIVED) if derivation else set())
    assert not of.transport or of.transport in defaults


@pytest.mark.parametrize("name", DERIVING)
def test_each_derived_variable_is_documented_and_empty_where_nothing_follows(name):
    derivation = room(name, "derivation")
    others = linux.DERIVED if linux.EMPTY.keys() <= derivation.EMPTY.keys() else {}
    assert set(derivation.EMPTY) == {*derivation.DERIVED, *others}
    assert all(derivation.DERIVED.values())


@pytest.mark.parametrize("name", DERIVING)
def test_what_is_empty_is_the_default_of_the_role(name):
    defaults = _defaults()
    of_roles = {key: value for key, value in room(name, "derivation").EMPTY.items() if not key.startswith("stack_")}
    assert of_roles == {key: defaults[key] for key in of_roles}


@pytest.mark.parametrize(("name", "bundle"), ENDS)
def test_a_link_of_the_kind_is_accepted_and_its_end_is_as_the_row_says(name, bundle, tmp_path):
    found = loaded(_site(name, bundle), tmp_path)
    assert [str(error) for error in found.errors] == []
    own = half(found, "own")
    assert [end["half"] for end in own["stack_links"]] == [kind(name).pairing[bundle]]
    assert [end["peer_kind"] for end in half(found, "peer")["stack_links"]] == [name]


@pytest.mark.parametrize(("name", "bundle"), [end for end in ENDS if end[0] in DERIVING])
def test_what_follows_has_the_type_of_what_is_empty_and_is_told_by_what_the_kind_says(name, bundle, tmp_path):
    own = half(loaded(_site(name, bundle), tmp_path), "own")
    empty = room(name, "derivation").EMPTY
    assert set(own["stack_derived"]) == {*empty, *links.DERIVED}
    assert {key: type(own[key]) for key in empty} == {key: type(value) for key, value in empty.items()}
    assert any(own[key] for key in kind(name).told_by) or bundle not in BUNDLED  # ports alone may need nothing


@pytest.mark.parametrize(("name", "bundle"), ENDS)
def test_a_host_is_in_the_groups_of_its_kind_and_has_its_turn(name, bundle, tmp_path):
    found = loaded(_site(name, bundle), tmp_path)
    own, of = half(found, "own"), kind(name)
    members = groups(found.site)
    assert {group for group in (name, "link_ends", "switches") if "own" in members.get(group, ())} == {name, *of.groups}
    assert (own["stack_role"], own["stack_order"]) == (of.role, of.order)
