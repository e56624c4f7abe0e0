# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves what a user of site.yml relies on: a truthful check mode, idempotence, service, refusal, rollback, recovery.

The lab is empty before the first run; what a test changes it puts back.
"""

from __future__ import annotations

import json
import time

import pytest
from conftest import INVENTORY, ROOT, TOPOLOGY, inside, play

from checkout import localised as here
from topology import load as load_topology
from traffic.remote import load
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("site")

CONFIG = "/etc/haproxy/haproxy.cfg"
POUND = "/etc/pound.cfg"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
CERTIFICATE = "/etc/haproxy/certs/shop.pem"
SHOP, API, PORTAL = (here(f"10.231.10.{last}") for last in (100, 101, 102))
SHOP6 = here("[fd00:231:10::100]")
CURL = ["curl", "--silent", "--show-error", "--max-time", "10", "--cacert", "/opt/public/ca.pem"]
NODES = ("lb1", "lb2")


@pytest.fixture
def site(first):
    """A copy of the declared site; the load balancers are brought back to the original afterwards."""
    before = [checksum(path) for path in (CONFIG, POUND, KEEPALIVED)]
    copy = SiteCopy(INVENTORY, "site_test")
    yield copy
    if [checksum(path) for path in (CONFIG, POUND, KEEPALIVED)] != before:
        done = play("--limit", ",".join(NODES))  # planning the switches would only take time
        assert done.code == 0, done.out


def fetch(url, *options, address=SHOP, port=443):
    name = url.split("/")[2].split(":")[0]
    return inside("client", *CURL, "--resolve", f"{name}:{port}:{address}", *options, url, check=False)


def checksum(path=CONFIG):
    return [inside(node, "sha256sum", path).split()[0] for node in NODES]


def pound_processes():
    """Return each node with Pound's process there."""
    return [(node, inside(node, "pidof", "pound")) for node in NODES]


def holders():
    """Return the nodes that have each VIP."""
    shown = {node: inside(node, "ip", "-brief", "address", "show", "eth1") for node in NODES}
    return {vip: tuple(node for node in NODES if f"{vip}/" in shown[node]) for vip in (SHOP, API, PORTAL)}


def eventually(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(0.5)


def test_check_mode_on_empty_hosts_succeeds_and_leaves_them_empty(predicted, left):
    assert predicted.code == 0, predicted.out
    assert predicted.changes
    assert left == dict.fromkeys(NODES, "")


def test_the_first_run_changes_exactly_what_check_mode_predicted(predicted, first):
    assert first.code == 0, first.out
    assert first.changes == predicted.changes


def test_a_second_run_changes_nothing(first):
    again = play()
    assert again.code == 0, again.out
    assert (again.recap("changed"), again.changes) == (0, set())


@pytest.mark.parametrize("address", [SHOP, SHOP6])
def test_a_client_gets_200_through_the_vip_over_tls_and_http2(first, address):
    shown = fetch("https://shop.lab.test/whoami", "--write-out", " %{http_code} %{http_version}", address=address)
    name, code, version = shown.split()
    assert name in {"web1", "web2", "web3"}
    assert (code, version) == ("200", "2")


@pytest.mark.parametrize("name", ["portal.lab.test", "partner.lab.test"])
def test_each_name_of_the_offload_service_has_its_certificate_from_pound(first, name):
    """Neither certificate names the other one; HAProxy would speak HTTP/2, Pound cannot."""
    shown = fetch(f"https://{name}/whoami", "--write-out", " %{http_code} %{http_version}", address=PORTAL)
    backend, code, version = shown.split()
    assert backend in {"web1", "web2", "web3"}
    assert (code, version) == ("200", "1.1")


def test_clients_behind_pound_are_spread_evenly_and_each_stays_at_its_server(first):
    inside("client", "sh", "-c", here("for n in $(seq 201 240); do ip address replace 10.231.10.$n/32 dev eth1; done"))
    asked = {"connect": PORTAL, "sources": here("10.231.10.201-10.231.10.240"), "times": 3}
    client = load_topology(TOPOLOGY).container("client")
    seen = load(client, "sources", "https://portal.lab.test/whoami", **asked)
    assert (seen["failed"], seen["moved"]) == (0, 0), seen
    assert sorted(seen["backends"].values()) == [39, 39, 42]


@pytest.mark.parametrize(("name", "vip"), [("shop", SHOP), ("portal", PORTAL)])
def test_plain_http_is_redirected(first, name, vip):
    url = f"http://{name}.lab.test/x"
    shown = fetch(url, "--write-out", "%{http_code} %{redirect_url}", port=80, address=vip)
    assert shown == f"301 https://{name}.lab.test/x"


@pytest.mark.parametrize(("name", "vip"), [("shop", SHOP), ("portal", PORTAL)])
def test_a_server_is_told_the_address_of_the_client_and_nothing_that_it_claims(first, name, vip):
    forged = ["--header", "X-Forwarded-Proto: http", "--header", "X-Forwarded-For: 6.6.6.6"]
    seen = fetch(f"https://{name}.lab.test/", *forged, address=vip)
    headers = json.loads(seen)["headers"]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == (here("10.231.10.31"), "https")
    assert "6.6.6.6" not in seen


def test_each_vip_is_on_its_preferred_node(first):
    held = {node: inside(node, "ip", "-brief", "address", "show", "eth1") for node in NODES}
    assert [node for node in NODES if f"{API}/" in held[node]] == ["lb1"]
    for even in (f"{SHOP}/", f"{PORTAL}/"):
        assert [node for node in NODES if even in held[node]] == ["lb2"]


def test_verify_names_the_backend_that_does_not_answer(first):
    inside("web1", "systemctl", "stop", "lab")
    try:
        done = play(playbook="verify")
    finally:
        inside("web1", "systemctl", "start", "lab")
    assert done.code != 0
    assert "web1" in done.out
    assert "expected" in done.out


def test_a_configuration_that_haproxy_refuses_never_replaces_the_good_one(first, request):
    before = checksum() + checksum(CERTIFICATE)
    for done in request.getfixturevalue("refused"):
        assert done.code != 0
        assert "no-such-keyword" in done.out
    assert checksum() + checksum(CERTIFICATE) == before
    assert "200" in fetch("https://shop.lab.test/whoami", "--write-out", "%{http_code}")


@pytest.fixture
def ill(site):
    """The first node serves nothing, and the second has all VIPs."""
    inside("lb1", "systemctl", "stop", "haproxy")
    yield site
    inside("lb1", "systemctl", "start", "haproxy")


def test_a_node_restarts_nothing_while_its_peer_is_ill(ill):
    before, processes = checksum(POUND), pound_processes()
    ill.change(lambda data: data["services"]["portal"].update(timeouts={"http_keep_alive": "7s"}))
    done = play("--limit", "lb2", inventory=ill.folder)
    assert done.code != 0
    assert here("10.231.20.11") in done.out
    assert "-e stack_change_holder=true restarts it all the same" in done.out
    assert (checksum(POUND), pound_processes()) == (before, processes)


@pytest.mark.all_only("it sets the role's pound_allow_restart, by which a holder is restarted in part site each time")
def test_a_node_restarts_in_place_while_its_peer_is_ill_where_it_is_told_to(ill):
    processes = pound_processes()
    ill.change(lambda data: data["services"]["portal"].update(timeouts={"http_keep_alive": "7s"}))
    told = play("--limit", "lb2", "-e", "stack_change_holder=true", inventory=ill.folder)
    assert told.code == 0, told.out
    assert pound_processes()[1] != processes[1]


@pytest.mark.all_only("part stress changes both nodes in place under load")
def test_a_node_whose_peer_is_ill_is_changed_in_place(ill):
    before = checksum()
    ill.change(lambda data: data["services"]["shop"].update(balance="leastconn"))
    done = play("--limit", "lb2", inventory=ill.folder)
    assert done.code == 0, done.out
    assert checksum()[1] != before[1]


def test_a_node_whose_change_fails_serves_as_before_and_is_home_again(site):
    """sshd has port 22 of every address, which no check of a file can tell; the reload is refused."""
    before = checksum()
    clash = {"ports": [22], "mode": "tcp", "backends": ["web1"], "health_check": {"type": "tcp"}, "backend_port": 80}
    site.change(lambda data: data["services"].update(clash={"lb": "edge", "vip": API, "tls": {"at": "none"}, **clash}))
    done = play(inventory=site.folder)
    assert done.code != 0
    assert "The change of this node failed" in done.out
    assert checksum() == before
    for node in NODES:
        assert inside(node, "sh", "-c", "find /run/netstack/vip -name '*.away' 2>/dev/null || true") == ""
    assert play(playbook="verify").code == 0


def test_a_change_is_rolled_back_by_the_run_that_made_it(site):
    """Also on a node whose Pound has died since, which held a VIP then: the way back starts it."""
    before, processes = checksum() + checksum(POUND), pound_processes()
    site.change(lambda data: data["services"]["shop"].update(balance="leastconn"))
    site.change(lambda data: data["services"]["portal"].update(timeouts={"http_keep_alive": "7s"}))
    changed = play("-e", "netstack_run_id=ticket-4711", inventory=site.folder)
    assert changed.code == 0, changed.out
    assert not set(checksum() + checksum(POUND)) & set(before)
    assert not set(pound_processes()) & set(processes)
    inside("lb1", "systemctl", "kill", "--signal=KILL", "pound")
    eventually(lambda: f"{API}/" in inside("lb2", "ip", "-brief", "address", "show", "eth1"))
    unnamed = play(playbook="rollback")
    assert unnamed.code != 0
    assert "ticket-4711" in unnamed.out
    held = holders()
    assert set(held.values()) == {("lb2",)}
    back = play("-e", "stack_rollback_to=ticket-4711", playbook="rollback")
    assert back.code == 0, back.out
    assert checksum() + checksum(POUND) == before
    assert holders() == held
    report = json.loads((ROOT / "report" / "report.json").read_text())["hosts"]
    assert [report[node]["changes"][0] for node in NODES] == ["taken back: run ticket-4711"] * 2
    assert all(probe["verified"] and not probe["failures"] for node in NODES for probe in report[node]["probes"])
    again = play("--check")
    assert (again.code, again.recap("changed")) == (0, 0), again.out


def test_a_vip_does_not_pass_to_another_virtual_router_while_the_nodes_differ(site):
    site.change(lambda data: data["lb_pairs"]["edge"].update(virtual_router_id=20))
    done = play(inventory=site.folder)
    assert done.code != 0
    assert "virtual_router_id 10 to 20" in done.out
