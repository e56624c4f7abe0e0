# SPDX-License-Identifier: GPL-3.0-or-later
"""Each trap is refused by its rule; and where the rule is waived, traffic shows that the rule is right."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CLIENTS, NODES, SERVERS, ask, down, findings, inside, status, until

from checkout import localised as here
from naive import BEHIND_POUND, NAIVE, OTHER_CERTIFICATE

POUND = here("10.231.141.31")


def refusals(content):
    """Return the rules that the lab's site breaks with one naive service more."""

    def add(data):
        if content["tls"].get("certificate") == "other":
            data["certificates"]["other"] = OTHER_CERTIFICATE
        data["services"]["naive"] = content

    return findings(add)


def vip(name):
    return NAIVE[name].content["vip"]


@pytest.mark.parametrize("name", NAIVE)
def test_a_naive_service_is_refused_by_its_rule_alone(name):
    assert refusals(NAIVE[name].content) == {NAIVE[name].rule}
    assert refusals(NAIVE[name].waived()) == set()


def test_stickiness_behind_pound_is_refused_by_its_rule():
    assert refusals(BEHIND_POUND.content) == {BEHIND_POUND.rule}


@pytest.fixture(scope="module")
def pound(provisioned):
    """Run a real Pound in the client's container."""
    text = here((Path(__file__).parent / "pound.cfg").read_text())
    inside("client", "sh", "-c", f"cat > /etc/pound.cfg <<'END'\n{text}END\nsystemctl restart pound")


def servers_of_twelve(address, port):
    found = ask(
        "protocols", address, "--name", "mail.lab.test", "--ports", port, "--sources", CLIENTS, "--path", "/whoami"
    )
    return [name for ports in found.values() for name in ports[port]]


def test_behind_pound_every_client_sticks_to_one_server(pound):
    met = servers_of_twelve(POUND, "443")
    assert len(met) == 12
    assert len(set(met)) == 1
    assert set(met) <= {"cas1", "cas2"}


def test_a_check_of_one_port_keeps_a_dead_protocol_in_service(fail):
    fail("cas1", "imap")
    for node in NODES:
        until({"exchange2010.143/cas1", "exchange2010.993/cas1"}, lambda node=node: down(node, "exchange2010"))
    met = ask("protocols", vip("health_on_one_port"), "--ports", "143", "--times", "4")[""]["143"]
    assert sum("refused" in each for each in met) == 2
    assert down("lb1", "health_on_one_port") == set()


def test_a_check_of_the_open_port_keeps_a_server_in_service_that_answers_503(fail):
    fail("cas1", "owa")
    met = [status(vip("open_port"), "/owa/healthcheck.htm") for _ in range(4)]
    assert sorted(met) == ["200", "200", "503", "503"]
    assert down("lb1", "open_port") == set()


def test_plain_http_on_port_443_is_no_tls_to_a_client(provisioned):
    assert status(vip("plain_on_443"), "/whoami") == "000"
    asked = inside("client", "curl", "--silent", f"http://{vip('plain_on_443')}:443/whoami")
    assert asked.strip() in SERVERS


@pytest.mark.parametrize(("name", "host"), [("offloaded", "mail.lab.test"), ("other_certificate", "other.lab.test")])
def test_a_logon_with_extended_protection_fails_behind_another_certificate_or_none(provisioned, name, host):
    assert ask("logon", vip(name), "--name", host) == 401


def test_a_server_that_requires_tls_refuses_what_was_offloaded(provisioned):
    assert status(vip("plain_to_tls"), "/owa/") == "403"


def test_plain_http_to_a_port_of_tls_is_answered_502_by_servers_that_are_up(provisioned):
    assert status(vip("plain_to_443"), "/whoami") == "502"
    assert down("lb1", "plain_to_443") == set()


def test_a_short_time_out_cuts_a_long_poll(provisioned):
    assert status(vip("short_poll"), "/microsoft-server-activesync/?hold=3000") == "504"


def test_a_short_time_out_cuts_a_silent_imap_session(provisioned):
    assert ask("idle", vip("short_session"), "--seconds", "3") is False


def test_rpc_without_stickiness_takes_one_client_to_both_servers(provisioned):
    ports = ask("protocols", vip("rpc_apart"), "--ports", "135,60000,60001", "--times", "2")[""]
    assert {name for names in ports.values() for name in names} == {"cas1", "cas2"}


def test_a_port_that_rpc_chose_at_random_meets_nobody(provisioned):
    met = ask("protocols", vip("rpc_dynamic"), "--ports", "135,60000")[""]
    assert met["135"][0] in {"cas1", "cas2"}
    assert met["60000"][0].startswith("ConnectionRefusedError")
