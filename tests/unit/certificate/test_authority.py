# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA of a pair's peers: made by one command, refused where it would let nobody in, and never sent to a node."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
import yaml
from ansible.plugins.action import ActionBase
from cryptography import x509

from ansible_collections.netstack.datacenter.plugins.action import haproxy, vip
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.peers import for_node

from ..stack.real_ansible import Place
from .certificate_builders import Certificate, key_pem

NOW = datetime.now(timezone.utc)
OURS, OTHERS = authority.make("edge", NOW), authority.make("inner", NOW)
CERTIFICATE, _END, KEY = OURS.partition("-----BEGIN PRIVATE KEY-----")
SECRETS = {"edge_peers": OURS, "inner_peers": OTHERS, "page": "a password", "shop_pem": "a key"}
GROUP = {"hosts": {"lb1": "10.0.0.1", "lb2": "10.0.0.2"}, "ca_secret": "edge_peers"}


def arguments(**more):
    stats = {"address": "10.0.0.1", "port": 7000, "user": "op", "password_secret": "page"}
    return {"node": "lb1", "peers": {"edge": GROUP}, "secrets": SECRETS, "stats": stats, **more}


def pem_of(made):
    return made.pem.decode() + key_pem(made.key).decode()


def refusal(text, now=NOW):
    with pytest.raises(UnusableError) as refused:
        authority.read(text, "peers.edge.ca_secret", now)
    return refused.value.findings[0].text("haproxy")


def test_what_it_issues_is_for_one_node_as_client_and_as_server_and_ends_with_it_at_the_latest():
    signer = authority.read(OURS, "a CA", NOW)
    leaf = x509.load_pem_x509_certificate(authority.issue(signer, "lb1", NOW).text.encode())
    leaf.verify_directly_issued_by(signer.certificate)
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    ) == ["lb1"]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    late = NOW + timedelta(days=authority.AUTHORITY_DAYS - 100)
    assert authority.issue(signer, "lb1", late).until == signer.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing", "is not a PEM file"),
        (CERTIFICATE, "holds 1 certificates and 0 private keys"),
        (OURS + OTHERS, "holds 2 private keys"),
        (OURS + CERTIFICATE, "holds 2 certificates"),
        (CERTIFICATE + OTHERS.partition("-----END CERTIFICATE-----\n")[2], "is not that of its certificate"),
        (OURS.replace("MII", "MIJ", 1), "cannot be read"),
    ],
)
def test_what_could_let_nobody_in_is_refused_and_no_key_is_shown(text, reason):
    said = refusal(text)
    assert reason in said
    assert not any(line in said for line in KEY.splitlines() if line and "-----" not in line)


def test_a_certificate_that_is_no_root_ca_is_refused():
    root = Certificate("Root", authority=True, end=4000)
    for made in (Certificate("Issuer", root, authority=True, end=2000), Certificate("self", end=2000)):
        assert "is not that of a root CA" in refusal(pem_of(made))
    assert authority.read(pem_of(root), "a CA", NOW).certificate.subject == root.x509.subject


def test_a_ca_that_has_ended_is_refused_with_the_day():
    day = (NOW + timedelta(days=authority.AUTHORITY_DAYS)).date()
    assert f"ends on {day}" in refusal(OURS, NOW + timedelta(days=authority.AUTHORITY_DAYS))


def test_the_variable_is_yaml_and_its_names_are_those_of_variables():
    made = authority.variable("edge-1", NOW)
    assert (made.name, made.secret) == ("edge_1_peers_ca", "edge_1_peers")
    assert authority.read(yaml.safe_load(made.text)["edge_1_peers_ca"], "a CA", NOW)
    assert authority.variable("1st", NOW).name == "_1st_peers_ca"


def test_no_ca_leaves_the_controller_and_of_secrets_only_what_is_named():
    given = for_node(arguments(), NOW)
    assert given["secrets"] == {"edge_peers": "", "inner_peers": "", "page": "a password", "shop_pem": ""}
    assert [each["name"] for each in given["issued"]] == ["edge"]
    keys = [line for text in (OURS, OTHERS) for line in text.partition("PRIVATE KEY-----\n")[2].splitlines()[:2]]
    assert not any(line in str(given) for line in keys)


@pytest.mark.parametrize("state", ["absent", "restored", "checked"])
def test_what_brings_no_configuration_gets_no_certificate(state):
    assert for_node(arguments(state=state), NOW)["issued"] == []


@pytest.mark.parametrize("node", ["lb3", "", "lbä"])
def test_a_node_that_is_none_of_the_group_gets_none_for_the_module_refuses_it(node):
    hosts = {**GROUP, "hosts": {"lb1": "10.0.0.1", "lbä": "10.0.0.2"}}
    assert for_node(arguments(node=node, peers={"edge": hosts}), NOW)["issued"] == []


def test_a_ca_that_is_not_among_the_secrets_is_refused():
    with pytest.raises(UnusableError, match="no secret has the name that stands there; there are page"):
        for_node(arguments(secrets={"page": "x"}), NOW)


@pytest.mark.parametrize("wrong", [{"peers": "edge"}, {"peers": {"edge": "x"}}, {"secrets": "x"}, {"stats": "x"}])
def test_what_has_a_wrong_type_is_left_to_the_module(wrong):
    given = for_node(arguments(**wrong), NOW)
    assert {name: given[name] for name in wrong} == wrong


VIP = {"instances": {"a": {"authentication_secret": "page"}}, "secrets": SECRETS}
VIP_GETS = {**dict.fromkeys(SECRETS, ""), "page": "a password"}


@pytest.mark.parametrize(("action", "task"), [(haproxy, arguments()), (vip, VIP)], ids=["haproxy", "vip"])
def test_the_module_is_given_no_more_and_the_task_keeps_what_it_has_for_a_retry(monkeypatch, action, task):
    given = []
    monkeypatch.setattr(ActionBase, "_execute_module", lambda _self, **more: given.append(more["module_args"]) or {})
    made = action.ActionModule.__new__(action.ActionModule)
    made._task = SimpleNamespace(args=dict(task))
    for _time in range(2):
        made._execute_module(task_vars={}, wrap_async=False)
    assert [each["secrets"] for each in given] == [VIP_GETS] * 2
    assert made._task.args == task


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def command(place, *options):
    names = ("-e", "stack_pair=edge", "-e", "stack_file=ca.yml")
    return place.run("ansible-playbook", "netstack.datacenter.peers_ca", *names, *options)


def test_the_playbook_makes_one_that_only_its_owner_reads_and_never_replaces_it(place):
    file = place.folder / "ca.yml"
    assert command(place, "--check").returncode == 0
    assert not file.exists()
    made = command(place)
    assert made.returncode == 0, made.stdout
    assert "PRIVATE KEY" not in made.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert authority.read(yaml.safe_load(text)["edge_peers_ca"], "a CA", NOW)
    again = command(place)
    assert again.returncode != 0
    assert "is there already, and nothing was changed" in again.stdout
    assert file.read_text() == text


def test_with_a_vault_password_it_is_encrypted(place):
    password = place.folder / "password"
    password.write_text("secret\n")
    made = command(place, "--vault-password-file", str(password))
    assert made.returncode == 0, made.stdout
    assert (place.folder / "ca.yml").read_text().startswith("$ANSIBLE_VAULT;")
    shown = place.run("ansible-vault", "view", "--vault-password-file", str(password), "ca.yml")
    assert authority.read(yaml.safe_load(shown.stdout)["edge_peers_ca"], "a CA", NOW)
