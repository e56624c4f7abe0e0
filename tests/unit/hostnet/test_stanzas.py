# SPDX-License-Identifier: GPL-3.0-or-later
"""The members' stanzas leave /etc/network/interfaces, and nothing else does."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.ifupdown import defined, without

TEXT = """\
# loopback
auto lo
iface lo inet loopback

auto eth0 eth1
allow-hotplug eth2
iface eth0 inet static
    address 192.0.2.9/24
    # the way out
    gateway 192.0.2.1
# the second card
iface eth1 inet manual

iface eth2 inet dhcp
source /etc/network/interfaces.d/*
"""


def test_names_what_has_a_stanza():
    assert defined(TEXT) == ["lo", "eth0", "eth1", "eth2"]


def test_a_member_goes_with_its_settings_and_the_others_stay():
    assert without(TEXT, ["eth0"]) == (
        "# loopback\nauto lo\niface lo inet loopback\n\nauto eth1\nallow-hotplug eth2\n"
        "# the second card\niface eth1 inet manual\n\niface eth2 inet dhcp\nsource /etc/network/interfaces.d/*\n"
    )


def test_a_list_of_nothing_goes_altogether():
    left = without(TEXT, ["eth0", "eth1", "eth2"])
    assert "auto eth" not in left and "allow-hotplug" not in left and "source /etc/network/interfaces.d/*" in left


def test_a_continued_line_belongs_to_its_stanza():
    text = "iface eth0 inet manual\n    up echo \\\nauto eth1\nauto eth2\n"
    assert without(text, ["eth0"]) == "auto eth2\n"


def test_without_a_name_of_ours_not_a_byte_changes():
    assert without(TEXT, ["bond0"]) == TEXT
