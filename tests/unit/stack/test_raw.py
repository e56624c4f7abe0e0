# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run makes of free text: `stack_raw` decides, and what it refuses reaches no load balancer."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.free_text import of_options, policy_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import load
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.others import Pound, keepalived
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.suspect import READS, RUNS, UNKNOWN
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.variables import told

from . import site_files
from . import stack_builders as builders

EXAMPLES = sorted(path.name for path in (site_files.ROOT / "inventories").iterdir())
STEAL = "http-request return status 200 content-type text/plain file /etc/haproxy/certs/bank.pem"
OF_SITE = "services.shop.raw.frontend[0]: `file` reads a file of the load balancer as root"
BOOK = """
- name: A play of one's own
  hosts: lb1
  gather_facts: false
  tasks:
    - name: Configure HAProxy
      netstack.datacenter.haproxy:
        state: present
        node: lb1
        {key}: {value}
"""
ROLE = """
- name: A role alone
  hosts: lb1
  gather_facts: false
  roles: [netstack.datacenter.{role}]
"""


def with_raw(place, variables="{}\n", line=STEAL):
    site = builders.site()
    plain = {"ports": [80], "tls": {"at": "none"}, "raw": {"frontend": [line]}}
    site["services"]["shop"] = builders.service("10.0.10.5", **plain)
    del site["certificates"]
    place.site(json.dumps(site))
    (place.inventory / "group_vars" / "load_balancers.yml").write_text(variables)
    return place


def screen(result):
    return " ".join((result.stdout + result.stderr).replace("[WARNING]:", "").split())


@pytest.mark.parametrize("playbook", ["preflight", "plan", "site"])
def test_a_refused_line_of_the_site_stops_every_playbook_before_a_node_is_contacted(place, playbook):
    with_raw(place, "stack_raw: refuse\n")
    result = place.run("ansible-playbook", f"netstack.datacenter.{playbook}", "-i", "inventory", "--check")
    assert result.returncode != 0
    assert result.stdout.count(OF_SITE) == 1
    assert re.search(r"inventory/stack.yml:1: services.shop.raw", result.stdout)
    assert not place.mark.exists()


def test_a_line_of_the_site_is_a_warning_by_default_and_told_once(place):
    result = with_raw(place).run("ansible-playbook", "netstack.datacenter.preflight", "-i", "inventory")
    assert result.returncode == 0, result.stdout
    assert screen(result).count(OF_SITE) == 1


def test_nothing_is_said_where_the_authors_are_trusted(place):
    with_raw(place, "stack_raw: allow\n")
    result = place.run("ansible-playbook", "netstack.datacenter.preflight", "-i", "inventory")
    assert result.returncode == 0, result.stdout
    assert "RAW" not in screen(result)


def test_the_command_line_says_more_than_group_vars(place):
    with_raw(place, "stack_raw: allow\n")
    result = place.run("ansible-playbook", "netstack.datacenter.site", "-i", "inventory", "-e", "stack_raw=refuse")
    assert OF_SITE in result.stdout
    assert result.returncode != 0 and not place.mark.exists()


def test_the_site_itself_cannot_allow_it(place):
    site = builders.site()
    site["services"]["shop"]["raw"] = {"frontend": [STEAL]}
    site["services"]["shop"]["waive"] = {"RAW": "I trust myself"}
    result = place.site(json.dumps(site)).play("-i", "inventory")
    assert "WAIVER_REFUSED" in result.stdout and not place.mark.exists()
    site["stack_raw"] = "allow"
    assert "UNKNOWN_SECTION" in place.site(json.dumps(site)).play("-i", "inventory").stdout


def test_another_value_is_refused(place):
    with_raw(place, "stack_raw: never\n")
    result = place.run("ansible-playbook", "netstack.datacenter.site", "-i", "inventory")
    assert "stack_raw: 'never' does not do here, it must be allow, warn or refuse" in result.stdout
    assert result.returncode != 0 and not place.mark.exists()


@pytest.mark.parametrize(
    ("role", "variables", "told_of"),
    [
        ("haproxy", "haproxy_global:\n  raw: [lua-load /tmp/x.lua]", "haproxy_global.raw[0]: `lua-load`"),
        ("pound", "pound_global:\n  raw: ['Include \"/etc/shadow\"']", "pound_global.raw[0]: `Include`"),
        ("vip", "vip_raw:\n  ['vrrp_notify_fifo /tmp/x']", "vip_raw[0]: `vrrp_notify_fifo`"),
    ],
)
def test_a_variable_of_a_role_is_refused_with_its_file_and_line(place, role, variables, told_of):
    (place.inventory / "hosts").write_text("lb1\n")
    (place.inventory / "group_vars" / "all.yml").open("a").write(f"stack_raw: refuse\n{variables}\n")
    result = place.plays(ROLE.format(role=role), "-i", "inventory", "--check")
    assert result.returncode != 0
    assert f"inventory/group_vars/all.yml:4: {told_of}" in result.stdout
    assert not place.mark.exists()


@pytest.mark.parametrize("policy", ["refuse", "warn"])
def test_the_modules_action_judges_what_it_gets_whoever_calls_it(place, policy):
    (place.inventory / "hosts").write_text("lb1\n")
    book = BOOK.format(key="global", value="{raw: ['{{ word }}-load /tmp/x.lua']}")
    result = place.plays(book, "-i", "inventory", "-e", f"stack_raw={policy}", "-e", "word=lua", "--check")
    assert result.returncode != 0
    assert ("haproxy_global.raw[0]: `lua-load` runs code" in screen(result)) == (policy == "refuse")
    assert place.mark.exists() == (policy == "warn"), "the ssh of this test tells whether the node was contacted"


def test_what_the_preflight_cannot_read_yet_is_left_to_the_action(place):
    (place.inventory / "hosts").write_text("lb1\n")
    values = "stack_raw: refuse\nhaproxy_global: {raw: ['{{ ansible_facts.later }}']}\n"
    (place.inventory / "group_vars" / "all.yml").open("a").write(values)
    result = place.play("-i", "inventory")
    assert place.mark.exists(), result.stdout


def test_each_host_of_the_pair_knows_what_was_found_and_no_other_host_does(tmp_path):
    site = builders.site()
    site["services"]["shop"]["raw"] = {"frontend": [STEAL], "backend": ["option httplog", "errorfile 503 /etc/shadow"]}
    hosts = inventory(builders.loaded(site, tmp_path))
    found = {host: variables["stack_raw_found"] for host, variables in hosts.items()}
    assert found["lb1"] == found["lb2"]
    lines = sorted(line.split(": ")[1] for line in found["lb1"])
    assert lines == ["services.shop.raw.backend[1]", "services.shop.raw.frontend[0]"]
    assert (found["web1"], hosts["lb1"]["stack_warnings"]) == ([], [])


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_collection_derives_itself_is_never_refused(example):
    for variables in inventory(load(site_files.ROOT / "inventories" / example / "stack.yml")).values():
        for role in ("haproxy", "pound", "vip"):
            options = {name.removeprefix(f"{role}_"): value for name, value in variables.items()}
            assert of_options(role, options) == []


@pytest.mark.parametrize(
    ("line", "directive", "why"),
    [
        ('Include "/etc/shadow"', "Include", READS),
        ('err503 "/etc/shadow"', "err503", READS),
        ('Error 404 "/etc/shadow"', "Error", READS),
        ('Host -file "/etc/shadow"', "-file", READS),
        ('LuaLoad "/tmp/x.lua"', "LuaLoad", RUNS),
        ("End", "End", UNKNOWN),
        ("OfALaterRelease 1", "OfALaterRelease", UNKNOWN),
    ],
)
def test_a_line_of_pound_that_does_more_is_told(line, directive, why):
    assert [(item.directive, item.why) for item in told(Pound()(line))] == [(directive, why)]


def test_pounds_sessions_and_headers_are_not_told_and_one_end_too_many_is():
    lines = ["Session", "  Type Cookie", '  ID "SID"', "  TTL 300", "End", 'SetHeader "X-A: b"', "# Include x", ""]
    read = Pound()
    assert [item for line in lines for item in read(line)] == []
    assert [item.directive for item in read("End")] == ["End"]


@pytest.mark.parametrize(
    ("line", "directive", "why"),
    [
        ("notify_master /tmp/x.sh", "notify_master", RUNS),
        ("track_script {", "track_script", RUNS),
        ('vrrp_script x { script "/tmp/x" }', "vrrp_script", RUNS),
        ("include /etc/shadow", "include", READS),
        ("advert_int 1 }", "}", UNKNOWN),
        ("}", "}", UNKNOWN),
        ("of_a_later_release", "of_a_later_release", UNKNOWN),
    ],
)
def test_a_line_of_keepalived_that_does_more_is_told(line, directive, why):
    assert (directive, why) in [(item.directive, item.why) for item in told(keepalived(line))]


@pytest.mark.parametrize("line", ["garp_master_delay 2", "preempt_delay 5", "! notify /x", "# include x", ""])
def test_a_plain_line_of_keepalived_is_not_told(line):
    assert told(keepalived(line)) == []


def test_a_variable_in_a_line_of_keepalived_is_told():
    assert [item.directive for item in keepalived("garp_master_delay $X")] == ["$"]


def test_a_warning_is_the_default():
    assert policy_of(None) == "warn"
