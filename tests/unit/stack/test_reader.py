# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that values are read as they were written, and that each has the line of its place."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Place, Positions
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.ranges import RangeError, expand, spread
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.reader import Document
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.validate import named_badly
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.values import seconds


def read(tmp_path, text):
    file = tmp_path / "site.yml"
    file.write_text(text)
    positions = Positions(Place("site.yml", 0))
    return Document(file, "site.yml", positions), positions


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("443", 443),
        ("0443", "0443"),
        ("22:30", "22:30"),
        ("2026-11-21", "2026-11-21"),
        ("0x1f", "0x1f"),
        ("1.5", 1.5),
        ("yes", True),
        ("off", False),
        ("~", None),
        ("fd00::1", "fd00::1"),
        ("'80'", "80"),
    ],
)
def test_a_scalar_is_what_it_looks_like_and_not_what_yaml_1_1_makes_of_it(tmp_path, written, value):
    assert read(tmp_path, f"key: {written}\n")[0].data == {"key": value}


def test_the_key_on_stays_text(tmp_path):
    assert read(tmp_path, "lb1: {on: esx1}\n")[0].data == {"lb1": {"on": "esx1"}}


def test_a_merge_gives_way_to_the_keys_beside_it_wherever_it_stands(tmp_path):
    document, positions = read(tmp_path, "a: &a {x: 1, y: 2}\nb:\n  x: 3\n  <<: *a\n")
    assert document.data["b"] == {"x": 3, "y": 2}
    assert positions.at(("b", "x")).line == 3
    assert positions.at(("b", "y")).line == 1


def test_every_value_knows_its_line(tmp_path):
    _document, positions = read(tmp_path, "a:\n  b:\n    - 1\n    - {c: 2}\n")
    lines = [positions.at(path).line for path in (("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1, "c"))]
    assert lines == [1, 2, 3, 4]


def test_a_value_without_a_place_has_that_of_what_is_around_it(tmp_path):
    _document, positions = read(tmp_path, "a:\n  b: 1\n")
    assert positions.at(("a", "b", "c", "d")).line == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web", ["web"]),
        ("web[8:10]", ["web8", "web9", "web10"]),
        ("web[08:10]", ["web08", "web09", "web10"]),
        ("web[1:5:2]-a", ["web1-a", "web3-a", "web5-a"]),
        ("10.0.0.[7:8]", ["10.0.0.7", "10.0.0.8"]),
    ],
)
def test_a_range_counts_as_ansible_counts(text, names):
    assert expand(text) == names


@pytest.mark.parametrize("text", ["web[3:1]", "web[1:9:0]", "web[0:99999]", "r[1:2]u[1:2]"])
def test_a_range_that_cannot_be_counted_is_refused(text):
    with pytest.raises(RangeError):
        expand(text)


def test_a_range_among_backends_keeps_the_options_of_each(tmp_path):
    found = spread(["a", {"host": "web[1:2]", "weight": 50}])
    assert found == [(0, "a"), (1, {"host": "web1", "weight": 50}), (1, {"host": "web2", "weight": 50})]


@pytest.mark.parametrize(("text", "value"), [("500ms", 0.5), ("30s", 30), ("15m", 900), ("1h", 3600), ("2d", 172800)])
def test_a_duration_is_counted_in_seconds(text, value):
    assert seconds(text) == pytest.approx(value)


BOMB = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
LISTS = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 12))
MERGED = "x0: &x0 {a: 1, b: 2}\n" + "".join(
    f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 10)}]}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize(("text", "line"), [(BOMB + LISTS, 5), (MERGED, 6)], ids=["lists", "merges"])
def test_the_values_that_aliases_repeat_are_counted_and_no_more_are_read(text, line, tmp_path, monkeypatch):
    """Read to its end, the file would have 10 ** 12 values."""
    scalars = []
    monkeypatch.setattr(Document, "_scalar", lambda _self, node, _path: scalars.append(node) or str(node.value))
    found, _positions = read(tmp_path, text)
    assert (found.data, [finding.rule for finding in found.findings]) == ({}, ["ALIASES"])
    assert found.findings[0].place.line == line
    assert len(scalars) <= 100_000 + len(text)


def test_what_many_objects_share_by_aliases_is_no_bomb(tmp_path):
    shared = "links: {first: &base {bundle: lacp, mtu: 9000, vlans: {tagged: [a, b, c]}}}\nothers:\n"
    found, _positions = read(
        tmp_path, shared + "".join(f"  link{n}: {{<<: *base, description: x}}\n" for n in range(5000))
    )
    assert found.findings == []
    assert found.data["others"]["link4999"]["mtu"] == 9000


def test_a_merge_of_a_tagged_mapping_is_refused_as_a_tag(tmp_path):
    assert [each.rule for each in read(tmp_path, "a: {<<: !x {b: 1}}\n")[0].findings] == ["TAG"]


def test_a_number_longer_than_any_is_text(tmp_path):
    assert read(tmp_path, f"a: {'9' * 5000}\n")[0].data == {"a": "9" * 5000}


@pytest.mark.parametrize("section", ["devices", "services", "lb_pairs", "certificates", "vlans", "links", "profiles"])
def test_a_newline_at_its_end_makes_a_name_a_bad_one(section):
    assert not named_badly(section, "web1")
    assert named_badly(section, "web1\n")


def test_a_duration_ends_with_its_unit():
    with pytest.raises(ValueError, match="no duration"):
        seconds("30s\n")
