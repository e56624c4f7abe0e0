# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the report draws the declared path of each service link by link, and says which paths nobody judged."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import page
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.part import fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import inventory
from unit.report.test_report import SHOP, part
from unit.stack import link_builders, stack_builders


def parts(content: dict[str, Any], folder: Any) -> dict[str, dict[str, Any]]:
    """Return the parts that both nodes of a site write."""
    found = inventory(stack_builders.loaded(content, folder))
    return {
        host: part(services=[SHOP], paths=found[host]["stack_paths"], unjudged=found[host].get("stack_unjudged", []))
        for host in ("lb1", "lb2")
    }


def rows(text: str) -> list[str]:
    """Return the rows of the page's tables of paths, as text."""
    table = text[text.index("Its paths as declared") :].partition("</table>")[0]
    return [" ".join(html.unescape(re.sub("<[^>]*>", " ", row)).split()) for row in table.split("<tr>")[2:]]


def test_the_path_of_a_service_is_drawn_link_by_link_with_vlan_tag_and_mtu(tmp_path):
    content = link_builders.site()
    content["links"]["up"]["mtu"] = 9000
    near = "lb1 server (20) 1500 octets lb1, tagged, MTU 1500 → ex1 "
    assert [row for row in rows(page.render(parts(content, tmp_path))) if row.startswith("lb1")] == [
        f"{near}web1, untagged, MTU 1500 → web1",
        f"{near}up, tagged, MTU 9000 → ex2 web2, untagged, MTU 1500 → web2",
    ]


def test_the_way_to_the_clients_is_drawn_and_a_virtual_machine_is_on_its_hypervisor(tmp_path):
    content = link_builders.site()
    content["devices"] |= {"isp": {"kind": "external"}}
    content["links"]["isp"] = link_builders.link("none", {"untagged": "front"}, {"ex2": ["ge-0/0/30"], "isp": ["1"]})
    content["devices"]["lb1"]["on"] = "esx1"
    del content["links"]["lb1"]
    content["links"]["esx1-lan"]["vlans"] = {"untagged": "mgmt", "tagged": ["front", "server"]}
    shown = rows(page.render(parts(content, tmp_path)))
    far = "esx1-lan, tagged, MTU 1500 → ex1 up, tagged, MTU 1500 → ex2"
    assert f"lb1 on esx1 front (10) 1500 octets {far} isp, untagged, MTU 1500 → isp" in shown


def test_a_path_with_a_waived_gap_names_the_link_that_lacks_the_vlan(tmp_path):
    content = link_builders.site()
    content["links"]["up"]["vlans"]["tagged"].remove("server")
    content["links"]["up"]["waive"] = {"VLAN_PATH": "by another cable"}
    shown = [row for row in rows(page.render(parts(content, tmp_path))) if row.startswith("lb1 server")]
    assert shown[1] == "lb1 server (20) 1500 octets no path, for these do not carry it: up web2"


def test_what_was_not_judged_is_said_once_and_spoils_no_verdict(tmp_path):
    content = link_builders.site()
    del content["links"]["web1"], content["links"]["web2"]
    found = parts(content, tmp_path)
    text = page.render(found)
    assert text.count("no declared link leads from a declared switch to web1 and web2 (backend)") == 1
    assert [row for row in rows(text) if "not judged" in row] == [
        f"{host} server (20) 1500 octets not judged web1 web2" for host in ("lb1", "lb2")
    ]
    assert 'class="verdict verified"' in text


@pytest.mark.parametrize("broken", [{"clients": []}, {"clients": [{"vlan": "v"}], "backends": {}}, {"backends": 3}])
def test_a_part_with_broken_paths_is_told_and_not_drawn(broken):
    whole = {"clients": [], "backends": {"shop": []}}
    assert fault({"host": "lb1", **part(services=[SHOP], paths=whole)}) == ""
    assert "paths" in fault({"host": "lb1", **part(services=[SHOP], paths=broken)})
    assert "paths" in fault({"host": "lb1", **part(services=[SHOP], paths={**whole, "backends": {"shop": [{}]}})})
