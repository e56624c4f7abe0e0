# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves over many made-up sites what holds for every site: no exception, no order, halves of one's own."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import groups, half, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load

from . import link_builders as cabled
from . import stack_builders as builders

QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def valid_sites(draw) -> dict[str, Any]:
    """Make sites of one to three pairs, each with its own services, that break no rule."""
    site = builders.site()
    for section in ("lb_pairs", "services"):
        site[section] = {}
    for name in ("lb1", "lb2"):
        del site["devices"][name]
    for number in range(draw(st.integers(1, 3))):
        add_pair(site, number, draw)
    return site


def add_pair(site: dict[str, Any], number: int, draw: Any) -> None:
    pair, hosts = f"pair{number}", [f"node{number}a", f"node{number}b"]
    for turn, host in enumerate(hosts):
        address = 10 * (number + 1) + turn
        site["devices"][host] = builders.node(f"10.0.10.{address}", f"10.0.20.{100 + address}")
    site["lb_pairs"][pair] = {
        "hosts": draw(st.permutations(hosts)),
        "vip_vlan": "front",
        "virtual_router_id": 1 + 2 * number,
        "unicast": draw(st.booleans()),
        "preempt": draw(st.booleans()),
    }
    for index in range(draw(st.integers(1, 4))):
        vip = f"10.0.10.{100 + 10 * number + index}"
        kind = draw(st.sampled_from([builders.service, builders.tcp]))
        more = {"stickiness": "source"} if draw(st.booleans()) else {}
        site["services"][f"svc{number}x{index}"] = kind(vip, lb=pair, **more)


def shuffled(value: Any, chance: random.Random) -> Any:
    """Return the same data with the keys of every mapping in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, chance)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@QUICK
@given(site=valid_sites(), seed=st.integers(0, 1000))
def test_a_valid_site_is_accepted_and_the_order_of_its_keys_means_nothing(tmp_path, site, seed):
    first = builders.loaded(site, tmp_path)
    assert [str(item) for item in first.errors] == []
    second = builders.loaded(shuffled(site, random.Random(seed)), tmp_path)  # no secret is drawn
    assert inventory(second) == inventory(first)
    assert groups(second.site) == groups(first.site)


@QUICK
@given(site=valid_sites(), data=st.data())
def test_a_hosts_half_is_the_same_in_every_slice(tmp_path, site, data):
    whole = builders.loaded(site, tmp_path)
    everything = inventory(whole)
    slice_of = data.draw(st.lists(st.sampled_from(sorted(everything)), unique=True))
    for host in slice_of:
        assert {**everything[host], **half(whole, host)} == everything[host]


@QUICK
@given(site=valid_sites())
def test_the_half_of_one_pair_does_not_depend_on_the_other_pairs(tmp_path, site):
    everything = inventory(builders.loaded(site, tmp_path))
    for name, pair in site["lb_pairs"].items():
        services = {key: item for key, item in site["services"].items() if item["lb"] == name}
        devices = {key: item for key, item in site["devices"].items() if key.startswith("web") or key in pair["hosts"]}
        alone = {**site, "lb_pairs": {name: pair}, "services": services, "devices": devices}
        found = inventory(builders.loaded(alone, tmp_path))
        for host in pair["hosts"]:
            assert found[host]["stack_derived"] == everything[host]["stack_derived"]


@QUICK
@given(site=valid_sites())
def test_both_nodes_of_a_pair_fit_each_other(tmp_path, site):
    found = inventory(builders.loaded(site, tmp_path))
    for pair in site["lb_pairs"].values():
        first, second = (found[host]["vip_instances"] for host in pair["hosts"])
        assert set(first) == set(second)
        for name, instance in first.items():
            other = second[name]
            assert instance["virtual_router_id"] == other["virtual_router_id"]
            assert instance["addresses"] == other["addresses"]
            assert instance["priority"] != other["priority"]
            assert instance["preferred"] != other["preferred"]
            assert instance.get("unicast_peers", []) == [other[key] for key in ("unicast_source",) if key in other]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=8) | st.sampled_from(["lb1", "10.0.10.5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@QUICK
@given(seed=st.integers(0, 1000))
def test_the_order_of_links_and_their_ends_means_nothing(tmp_path, seed):
    first = builders.loaded(cabled.site(), tmp_path)
    second = builders.loaded(shuffled(cabled.site(), random.Random(seed)), tmp_path)  # no secret is drawn
    assert inventory(second) == inventory(first)
    assert groups(second.site) == groups(first.site)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=JSON, made=st.sampled_from([builders.site, cabled.site]))
def test_whatever_stands_in_a_site_gives_messages_and_never_an_exception(tmp_path, data, value, made):
    site = made()
    place: Any = site
    for _depth in range(data.draw(st.integers(0, 5))):
        inner = [key for key, item in place.items() if isinstance(item, dict) and item]
        if not inner:
            break
        place = place[data.draw(st.sampled_from(inner))]
    place[data.draw(st.sampled_from([*place, "new"]))] = value
    for variables in inventory(builders.loaded(site, tmp_path)).values():
        assert bool(variables["stack_errors"]) != ("stack_derived" in variables)
        json.dumps(variables)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_whatever_stands_in_a_file_gives_messages_and_never_an_exception(tmp_path, text):
    (tmp_path / "stack.yml").write_text(
        "plugin: netstack.datacenter.stack\n" + text, encoding="utf-8", errors="replace"
    )
    assert load(tmp_path / "stack.yml", tmp_path).errors
