# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves by traffic through a real HAProxy what the profiles of Exchange promise."""

from __future__ import annotations

from conftest import CLIENTS, NODES, SERVERS, ask, down, inside, status, until

from checkout import localised as here

OLD, NEW, OFFLOADED = (here(f"10.231.141.{last}") for last in (100, 101, 102))
NAME = ("--name", "mail.lab.test")


def servers_met(times="1"):
    """Return for each client the servers that it met, over every protocol."""
    found = ask("protocols", OLD, *NAME, "--sources", CLIENTS, "--times", times)
    return {client: {name for names in ports.values() for name in names} for client, ports in found.items()}


def test_each_client_of_exchange_2010_has_one_server_for_all_protocols_and_both_servers_work(provisioned):
    met = servers_met("2")
    assert len(met) == 12
    assert all(len(names) == 1 for names in met.values()), met
    assert set().union(*met.values()) == set(SERVERS)


def test_https_that_is_offloaded_beside_it_has_each_client_at_that_server_too(provisioned):
    elsewhere = servers_met()
    found = ask(
        "protocols", OFFLOADED, *NAME, "--sources", CLIENTS, "--ports", "443", "--times", "2", "--path", "/whoami"
    )
    assert {client: set(ports["443"]) for client, ports in found.items()} == elsewhere


def test_a_client_of_exchange_2010_that_asks_over_plain_http_is_sent_to_https(provisioned):
    shown = inside(
        "client", "curl", "--silent", "--output", "/dev/null", "--write-out", "%{redirect_url}", f"http://{OLD}/owa/"
    )
    assert shown == f"https://{OLD}/owa/"


def test_a_protocol_that_fails_on_a_server_takes_its_clients_to_the_other_with_all_they_do(fail):
    fail("cas1", "imap")
    for node in NODES:
        until({"exchange2010.143/cas1", "exchange2010.993/cas1"}, lambda node=node: down(node, "exchange2010"))
    servers_met()
    assert all(names == {"cas2"} for names in servers_met().values())


def test_one_virtual_directory_that_fails_takes_down_only_itself(fail):
    fail("cas1", "ews")
    for node in NODES:
        until({"exchange2016.ews/cas1"}, lambda node=node: down(node, "exchange2016"))
    assert met_over_https("/ews/exchange.asmx") == {"cas2"}
    assert met_over_https("/EWS/Exchange.asmx") == {"cas2"}
    for path in ("/owa/", "/ecp/", "/mapi/emsmdb", "/rpc/rpcproxy.dll", "/oab/", "/autodiscover/", "/"):
        assert met_over_https(path) == set(SERVERS), path


def test_an_owa_that_fails_leaves_the_mail_protocols_and_the_other_directories_in_service(fail):
    fail("cas1", "owa")
    for node in NODES:
        until({"exchange2010.443/cas1"}, lambda node=node: down(node, "exchange2010"))
        until({"exchange2016/cas1", "exchange2016.owa/cas1"}, lambda node=node: down(node, "exchange2016"))
    assert met_over_https("/ews/exchange.asmx") == set(SERVERS)
    assert met_over_https("/owa/") == {"cas2"}


def met_over_https(path):
    """Return the servers that eight requests for a path met."""
    found = ask("protocols", NEW, *NAME, "--ports", "443", "--times", "8", "--path", path)
    return set(found[""]["443"])


def test_a_logon_is_bound_to_the_certificate_of_the_servers_for_it_is_bridged(provisioned):
    assert ask("logon", NEW, *NAME) == 200
    assert ask("logon", OLD, *NAME) == 200
    assert status(NEW, "/owa/") == "401"


def test_a_long_poll_is_answered(provisioned):
    assert ask("logon", NEW, *NAME, "--path", "/microsoft-server-activesync/?hold=3000") == 200


def test_a_silent_imap_session_lives_on(provisioned):
    assert ask("idle", OLD, "--seconds", "3") is True
