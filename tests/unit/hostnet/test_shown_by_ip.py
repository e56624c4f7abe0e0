# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ip` shows is read for all who ask; that it fails, or says nonsense, is an error of the kind that they name."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.shown_by_ip import shown
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError

TEXT = '[{"ifname": "lo", "addr_info": [{"local": "127.0.0.1"}]}, {"ifname": "eth0", "addr_info": [%s]}]'
ETH0 = '{"local": "192.0.2.9", "prefixlen": 24}, {"local": "none"}'


def test_it_is_asked_with_the_options_that_are_wanted():
    asked = []

    def run(command):
        asked.append(command)
        return 0, TEXT % ETH0, ""

    assert [link["ifname"] for link in shown(run, OSError, "-details")] == ["lo", "eth0"]
    assert asked == [["ip", "-json", "-details", "address", "show"]]


@pytest.mark.parametrize(
    "said, words",
    [((1, "", "Cannot open netlink socket\n"), "Cannot open netlink socket"), ((0, "eth0", ""), "it is no JSON: ")],
)
def test_what_is_no_answer_is_the_error_of_who_asks(said, words):
    with pytest.raises(LookupError, match=f"^ip address show: {words}"):
        shown(lambda _command: said, LookupError)
    with pytest.raises(CommandError, match=f"^ip address show: {words}"):
        Host(lambda _command: said).addresses()
