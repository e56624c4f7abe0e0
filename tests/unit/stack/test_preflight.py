# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is refused for before a device is contacted, beside the site: its tags, secrets, libraries, files."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kind as kind_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight import files, libraries, secrets
from ansible_collections.netstack.datacenter.plugins.plugin_utils.preflight.tags import PLAYBOOKS, Tags, only_ours

PARTS = ("plan", "links", "load_balancers", "verify", "report")


def judged(run=("all",), skip=(), parts=PARTS, own=("always",), ours=True):
    """Return how many errors and warnings the tags lead to, and all of the text."""
    tags = Tags(run, skip, parts, own)
    errors, warnings = list(tags.errors(ours)), list(tags.warnings(ours))
    return len(errors), len(warnings), " ".join(errors + warnings)


@pytest.mark.parametrize("tag", [*PARTS, "all", "tagged", "always", "preflight"])
def test_a_tag_of_a_part_is_known(tag):
    assert judged([tag]) == (0, 0, "")


def test_a_tag_of_no_part_is_refused_with_those_that_there_are():
    errors, warnings, text = judged(["haproxy"])
    assert (errors, warnings) == (1, 0)
    assert text.startswith("--tags haproxy: ")
    assert "plan, links, load_balancers, verify, report" in text


def test_beside_a_known_tag_an_unknown_one_is_told():
    assert judged(["links", "haprxy"])[:2] == (0, 1)


def test_among_other_plays_a_tag_may_be_theirs_and_is_told():
    assert judged(["haproxy"], ours=False)[:2] == (0, 1)
    assert judged(skip=["haproxy"], ours=False)[:2] == (0, 1)


def test_a_tag_that_the_user_put_on_the_import_is_known():
    assert judged(["network"], own=("always", "network")) == (0, 0, "")


def test_a_tag_to_skip_that_is_none_is_refused_for_all_would_be_done():
    errors, _warnings, text = judged(skip=["load_balancer"])
    assert errors == 1
    assert "all would be done" in text


@pytest.mark.parametrize("ours", [True, False])
def test_what_molecule_skips_in_each_playbook_is_no_misspelt_part(ours):
    skip = ["molecule-notest", "notest", "molecule-idempotence-notest"]
    assert judged(skip=skip, ours=ours) == (0, 0, "")
    assert judged(skip=[*skip, "load_balancer"], ours=True)[0] == 1


@pytest.mark.parametrize("ours", [True, False])
def test_the_plan_is_not_skipped(ours):
    assert judged(skip=["plan"], ours=ours)[:2] == (1, 0)
    assert judged(skip=["plan"], parts=("verify", "report"), own=("plan",), ours=ours)[:2] == (0, 0)


def test_a_playbook_without_parts_says_so():
    assert "run it without tags" in judged(["links"], parts=())[2]


@pytest.mark.parametrize(
    ("run", "links", "balancers"),
    [
        (["all"], True, True),
        (["links"], True, False),
        (["load_balancers"], False, True),
        (["links", "load_balancers"], True, True),
        (["preflight"], True, True),
        (["always"], True, True),
        (["verify"], True, True),
        (["mine"], True, True),
        (["somebodys"], False, False),
    ],
)
def test_what_a_run_leaves_out_is_not_asked_for_its_needs(run, links, balancers):
    tags = Tags(run, (), PARTS, ("always", "mine"))
    assert (tags.links, tags.load_balancers) == (links, balancers)


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("- import_playbook: netstack.datacenter.site\n", True),
        ("- {name: A, ansible.builtin.import_playbook: netstack.datacenter.plan, tags: [x]}\n", True),
        ("- import_playbook: netstack.datacenter.site\n- hosts: all\n  tasks: []\n", False),
        ("- import_playbook: other.yml\n", False),
        ("- hosts: all\n  roles: [netstack.datacenter.haproxy]\n", False),
        ("- hosts: all\n  vars: {a: !vault x}\n", False),
        ("[", False),
    ],
)
def test_a_file_that_imports_nothing_but_our_playbooks_has_only_our_tags(tmp_path, text, ours):
    book = tmp_path / "book.yml"
    book.write_text(text)
    assert only_ours([str(book)]) is ours
    assert only_ours(["netstack.datacenter.site", str(PLAYBOOKS / "verify.yml"), str(book)]) is ours


def test_a_playbook_of_somebody_else_is_not_ours_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "netstack.datacenter.yml").write_text("- hosts: all\n")
    assert not only_ours(["netstack.datacenter.yml"])
    assert not only_ours(["site.yml"])


CA = authority.make("edge", datetime.now(timezone.utc))
VSWITCHES = {"esxi_teaming_vswitches": {"vSwitch0": {}}}
DERIVED = {
    "tls_certificate_certificates": {"a": {"secret": "a_pem", "password_secret": "a_key"}, "b": {"source": "pem"}},
    "haproxy_stats": {"user": "x", "password_secret": "page"},
    "haproxy_peers": {"edge": {"ca_secret": "peers"}, "plain": {}},
    "vip_instances": {"one": {"authentication_secret": "vrrp"}, "two": {"authentication_secret": "vrrp"}, "three": {}},
}


def missing(known, hosts=("lb1", "lb2"), derived=DERIVED):
    wanted = {host: list(secrets.needs(derived, "edge")) for host in hosts}
    return secrets.findings(wanted, lambda _host, _variable: ("netstack_secrets", known))


def test_a_missing_secret_is_told_once_with_who_needs_it_and_where_it_belongs():
    found = missing({"a_pem": "x", "a_key": "y", "peers": CA, "vrrp": "z"})
    assert len(found) == 1
    for part in ("lb_pairs.edge.stats.password_secret", "'page'", "netstack_secrets of lb1, lb2", "group_vars"):
        assert part in found[0]


def test_each_secret_that_is_named_is_looked_for():
    assert [text.split(":")[0] for text in missing({})] == [
        "certificates.a.secret",
        "certificates.a.password_secret",
        "lb_pairs.edge.stats.password_secret",
        "lb_pairs.edge.peers.ca_secret",
        "lb_pairs.edge.authentication_secret",
    ]
    assert missing({"a_pem": "x", "a_key": "y", "page": "p", "peers": CA, "vrrp": "z"}) == []
    assert missing({}, derived={}) == []


def test_a_secret_that_is_to_be_a_ca_and_is_none_is_told_before_anything_is_contacted():
    known = {"a_pem": "x", "a_key": "y", "page": "p", "vrrp": "z"}
    (found,) = missing({**known, "peers": "no certificate"})
    for part in ("lb_pairs.edge.peers.ca_secret: peers is not a PEM file", "netstack_secrets of lb1, lb2", "peers_ca"):
        assert part in found


def test_an_empty_secret_and_no_dictionary_are_told():
    assert "is empty in" in missing({"a_pem": "x", "a_key": "", "page": "p", "vrrp": "z"})[0]
    assert len(missing(None)) == 5


def test_a_dictionary_that_cannot_be_read_is_told_once_by_its_name():
    (found,) = missing("'vault_typo' is undefined")
    assert found.startswith("netstack_secrets of lb1, lb2 cannot be read: 'vault_typo' is undefined")


@pytest.mark.parametrize(
    ("kind", "variables", "transport", "expected"),
    [
        ("junos_ex", {"junos_lag_bundles": {"ae0": {}}}, "netconf", ["PyEZ"]),
        ("junos_ex", {"junos_lag_ports": {"ge-0/0/0": {}}}, "netconf", ["PyEZ"]),
        ("junos_ex", {"junos_lag_state": "merged", "junos_lag_bundles": {}, "junos_lag_ports": {}}, "netconf", []),
        ("esxi_vss", VSWITCHES, "api", ["pyVmomi"]),
        ("esxi_vss", VSWITCHES, "ssh", []),
        ("esxi_vss", {**VSWITCHES, "stack_links": [{"peer_kind": "junos_ex"}] * 2}, "ssh", ["PyEZ"]),
        ("esxi_vss", {**VSWITCHES, "stack_links": [{"peer_kind": "external"}]}, "api", ["pyVmomi"]),
        ("vcenter", {"esxi_teaming_hosts": {"esx1": {}}}, "api", ["pyVmomi"]),
        ("vcenter", {"esxi_teaming_hosts": {}}, "api", []),
        ("linux", {"haproxy_services": {}}, "ssh", []),
        ("linux", {"linux_bond_bonds": {"bond0": {}}, "stack_links": [{"peer_kind": "junos_ex"}]}, "ssh", []),
    ],
)
def test_a_library_is_needed_by_the_kinds_that_are_reached_with_it(kind, variables, transport, expected):
    assert [found.name for found in libraries.needed(kind_of(kind), variables, transport)] == expected


def test_a_library_that_is_missing_is_told_with_its_package_and_hosts(monkeypatch):
    monkeypatch.setattr(libraries, "installed", lambda module: module != "jnpr.junos")
    pyez, pyvmomi = (kind_of(name).library for name in ("junos_ex", "esxi_vss"))
    (found,) = libraries.findings({pyez: ["ex1", "ex2", "ex3", "ex4", "ex5"], pyvmomi: ["esx1"]})
    assert "PyEZ is not installed" in found
    assert "ex1, ex2, ex3 and 2 more" in found
    assert "pip install junos-eznc" in found


def test_a_module_is_looked_for_without_loading_it():
    assert libraries.installed("json")
    assert not libraries.installed("no_such_package.module")
    assert not libraries.installed("json.no_such_module")


def test_certificates_in_an_inventory_directory_are_told_unless_ansible_passes_them_over(tmp_path):
    for name in ("shop.pfx", "sub/key.pem", "host_vars/in.key", "x.p12", "stack.yml", "group_vars/all/ca.crt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    ignored = re.compile(rb"\Ahost_vars\Z|\Agroup_vars\Z|\.p12\Z")
    (found,) = files.findings([str(tmp_path), "lb1,"], ignored)
    assert found.startswith(f"{tmp_path / 'shop.pfx'}, {tmp_path / 'sub' / 'key.pem'}: ")
    assert files.findings([str(tmp_path / "stack.yml"), str(tmp_path / "host_vars" / "none")], ignored) == []
