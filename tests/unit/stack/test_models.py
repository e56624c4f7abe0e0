# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports a model of Juniper EX has, and which names are models and releases; held against the simulated ones."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.ports import (
    is_model,
    is_release,
    near_model,
    why_not,
)
from kinds.junos_ex.models import MODELS

from . import link_builders as cabled
from . import stack_builders as builders

NOT_JUDGED = ("ex4650-48y", "ex9204")
"""Their ports depend on channels and line cards."""


def test_a_channel_is_judged_by_its_port():
    assert why_not("xe-0/0/47:3", "ex4200-48t") is None
    assert why_not("xe-0/0/48:0", "ex4200-48t") == "port 48, and the highest of PIC 0 is 47"


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_port_of_a_simulated_switch_is_one_of_its_model_and_the_next_of_pic_0_is_not(model):
    assert {port: why for port in model.ports(4) if (why := why_not(port, model.name))} == {}
    (count,) = (count for pic, _kind, count in model.bays if pic == 0)
    assert bool(why_not(f"ge-0/0/{count}", model.name)) is (model.name not in NOT_JUDGED)


@pytest.mark.parametrize(
    ("port", "model", "why"),
    [
        ("ge-0/0/47", "ex4200", None),
        ("ge-0/0/48", "EX4200", "port 48"),
        ("ge-0/0/99", "ex4300-48t", "port 99"),
        ("ge-3/0/22", "ex2200-24t", None),
        ("ge-5/0/22", "ex2200-24t", "FPC 5"),
        ("ge-1/0/0", "ex3200-24t", "FPC 1"),
        ("ge-0/0/11", "ex2200-c-12t-2g", None),
        ("ge-0/0/12", "ex2200-c-12t-2g", "port 12"),
        ("ge-0/1/2", "ex2200-c", "port 2"),
        ("xe-0/2/7", "ex4300-32f", None),
        ("xe-0/3/0", "ex4300-32f", "PIC 3"),
        ("ge-0/2/0", "ex4200-24f", "PIC 2"),
        ("ge-99/9/99", "ex8208", None),
        ("ge-99/9/99", "ex4200-96t", None),
        ("eth0", "ex4200-48t", None),
    ],
)
def test_a_port_is_refused_only_where_no_switch_of_the_model_has_it(port, model, why):
    found = why_not(port, model)
    assert found is None if why is None else why in found


@pytest.mark.parametrize("text", ["ex4200-48t", "EX4300-48MP", "ex2200", "ex2200-c-12p-2g", "ex9214", "ex4550-32f-afo"])
def test_a_model_is_known(text):
    assert is_model(text)


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("EX-2200", "ex2200"),
        ("ex220-24t", "ex2200-24t"),
        ("ex420-48t", "ex4200-48t"),
        ("ex9999-24t", None),
        ("x", None),
    ],
)
def test_a_model_that_is_not_known_is_likened_to_one_only_where_it_is_near(text, close):
    assert (is_model(text), near_model(text)) == (False, close)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *(
            (text, True)
            for text in ("15.1R7", "12.3R12.4", "12.3R12-S5.1", "14.1X53-D47.6", "21.4R3-S2", "9.2", "10.4R1.9")
        ),
        *((text, True) for text in ("11.4r1", "22.4R1-EVO", "13.2X51-D35.3")),
        *((text, False) for text in ("banana", "15", "R7", "15.1R7 or so", "15.1RX", "")),
    ],
)
def test_a_release_is_told_from_a_word(text, is_one):
    assert is_release(text) is is_one


def rules(content, folder):
    return {item.rule for item in builders.loaded(content, folder).findings}


def test_a_switch_whose_links_show_one_member_only_is_no_virtual_chassis(tmp_path):
    content = cabled.site()
    for number, name in enumerate(("lb1", "esx1-lan", "filer"), 20):
        content["links"][name]["ends"]["ex1"]["ports"] = [f"ge-0/0/{number}", f"ge-0/0/{number + 10}"]
    assert rules(content, tmp_path) == set()


def test_a_bundle_of_one_port_or_ports_without_a_bundle_are_not_held_to_two_members(tmp_path):
    content = cabled.site()
    content["links"]["web1"]["ends"] = {"ex1": {"ports": ["ge-0/0/8", "ge-0/0/9"]}, "web1": {"ports": ["eth0", "eth1"]}}
    assert rules(content, tmp_path) == set()


def test_names_are_compared_whatever_their_case(tmp_path):
    content = builders.site()
    content["certificates"]["shop"]["names"] = ["shop.example.com", "*.Example.ORG"]
    content["services"]["shop"]["server_names"] = ["Shop.Example.com", "www.example.org"]
    assert rules(content, tmp_path) == set()
