# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real keepalived makes of a virtual router id that two pairs share, and clients of a VIP outside its subnet.

Two servers are the nodes of two pairs, one of each; that the second node is not there changes nothing of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import SERVERS, findings, inside, until

from checkout import localised as here
from naive import OUTSIDE, SECOND_NODES, SECOND_PAIR

CONFIGURATION = (Path(__file__).parent / "keepalived.conf").read_text()
FIRST, SECOND = here("10.231.142.150"), here("10.231.142.151")
ELSEWHERE = here("10.231.143.150")
CLIENT = "cas3"  # a neighbour in the VLAN
UNICAST = here("unicast_src_ip 10.231.142.22\n    unicast_peer {\n        10.231.142.24\n    }")


def announce(host, *vips, virtual_router, priority, more=""):
    """Let keepalived of a host announce VIPs; what it announced before is gone."""
    text = CONFIGURATION.replace("@ID@", str(virtual_router)).replace("@PRIORITY@", str(priority))
    text = text.replace("@MORE@", more).replace("@VIPS@", "\n        ".join(f"{vip}/24" for vip in vips))
    write = f"cat > /etc/keepalived/keepalived.conf <<'END'\n{text}END\nsystemctl restart keepalived"
    inside(host, "sh", "-c", write)


def server_at(vip):
    """Return the server that the neighbour meets at a VIP, "" where nobody answers."""
    return inside(CLIENT, "curl", "--silent", "--max-time", "1", f"http://{vip}/whoami", check=False).strip()


def servers():
    """Return who answers at the second VIP and who at the first, in this order: the second pair has spoken by then."""
    return server_at(SECOND), server_at(FIRST)


@pytest.fixture
def silent(provisioned):
    """Servers whose keepalived announces nothing, before and after the test."""
    yield
    for host in SERVERS:
        inside(host, "systemctl", "stop", "keepalived")


def test_a_second_pair_with_the_virtual_router_id_of_the_first_takes_its_vip_away(silent):
    announce("cas1", FIRST, virtual_router=51, priority=101)
    until("cas1", lambda: server_at(FIRST))
    announce("cas2", SECOND, virtual_router=51, priority=150)
    until(("cas2", ""), servers)
    log = inside("cas1", "journalctl", "--unit", "keepalived", "--output", "cat", "--no-pager")
    assert "higher priority 150, ours 101" in log
    assert here(f"ip address associated with VRID 51 not present in advert from 10.231.142.22: {FIRST}") in log
    announce("cas2", SECOND, virtual_router=52, priority=150)
    until(("cas2", "cas1"), servers)


def test_a_second_pair_that_speaks_unicast_disturbs_nobody_which_is_a_reason_to_waive_it(silent):
    announce("cas1", FIRST, virtual_router=51, priority=101)
    until("cas1", lambda: server_at(FIRST))
    announce("cas2", SECOND, virtual_router=51, priority=150, more=UNICAST)
    until(("cas2", "cas1"), servers)


def broken(section, name, content):
    """Return the rules that the lab's site breaks with one pair or service more."""

    def add(data):
        data["devices"].update(SECOND_NODES)
        data[section][name] = content

    return findings(add)


def test_a_second_pair_with_the_virtual_router_id_of_the_first_is_refused_by_its_rule():
    assert broken("lb_pairs", "second", SECOND_PAIR.content) == {SECOND_PAIR.rule}
    assert broken("lb_pairs", "second", SECOND_PAIR.waived()) == set()


def test_a_vip_outside_its_subnet_is_held_and_no_neighbour_asks_for_it_without_a_route(silent):
    announce("cas1", FIRST, ELSEWHERE, virtual_router=51, priority=101)
    until("cas1", lambda: server_at(FIRST))
    until(True, lambda: ELSEWHERE in inside("cas1", "ip", "-brief", "address", "show", "dev", "eth1"))
    assert server_at(ELSEWHERE) == ""
    inside(CLIENT, "ip", "route", "add", ELSEWHERE, "dev", "eth1")
    assert server_at(ELSEWHERE) == "cas1"
    inside(CLIENT, "ip", "route", "del", ELSEWHERE, "dev", "eth1")


def test_a_vip_outside_its_subnet_is_refused_by_its_rule():
    assert broken("services", "outside", OUTSIDE.content) == {OUTSIDE.rule}
    assert broken("services", "outside", OUTSIDE.waived()) == set()
