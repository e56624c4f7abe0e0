# SPDX-License-Identifier: GPL-3.0-or-later
"""The report lists which cable an address pair takes, by both ends' ports, or why that is not foretold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import links, page
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.part import fault
from unit.report.test_report import link, part, shown

REPORT = "netstack.datacenter.stack_report"
HEAD = "Which cable an address pair takes"
VERIFICATIONS = sorted((Path(__file__).parents[3] / "playbooks" / "tasks").glob("verify_*.yml"))


def pair(**changed):
    ends = {"vlan": "nfs", "source": "192.0.2.10", "server": "filer", "destination": "192.0.2.20"}
    return {**ends, "cable": None, "group": "", "why": "", **changed}


def rows(*links_shown):
    """Return the cells of the table as text, row by row."""
    text = page.render({"ex1": part(links=list(links_shown))}, "r1")
    table = text.partition(HEAD)[2].partition("</table>")[0]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
    return [[cell.replace("&#9472;&#9472;", "--") for cell in row] for row in cells]


@pytest.mark.parametrize(
    ("told", "cell"),
    [
        ({"cable": 0}, "ge-0/0/0 -- ens1"),
        ({"cable": 1}, "ge-0/0/1 -- ens2"),
        ({"group": "filer 1"}, "one for all of group filer 1; which one, the MAC addresses decide"),
        ({"why": "by ports"}, "not foretold: by ports"),
    ],
)
def test_a_pair_is_shown_with_its_cable_or_why_there_is_none(told, cell):
    assert rows(shown("a", address_pairs=[pair(**told)])) == [["a", "nfs", "192.0.2.10", "192.0.2.20 (filer)", cell]]


def test_all_links_with_pairs_share_one_table_and_without_any_there_is_none():
    both = [shown(name, address_pairs=[pair(cable=0), pair(cable=1)]) for name in ("a", "b")]
    assert [row[0] for row in rows(shown("0"), *both)] == ["a", "a", "b", "b"]
    assert HEAD not in page.render({"ex1": part(links=[shown("a")])}, "r1")


def test_what_the_site_derives_reaches_the_report_and_a_link_without_pairs_has_none():
    own = {key: value for key, value in link("a", provisioned=True).items() if key != "address_pairs"}
    told = {**own, "address_pairs": [pair(cable=0)]}
    judged = links.judged([own, told], [], [], "ex1")
    assert [each["address_pairs"] for each in judged] == [[], [pair(cable=0)]]


def test_a_note_is_shown_with_its_host_and_makes_no_run_incomplete():
    text = page.render({"ex1": part(notes=["all of it takes vmnic0"])}, "r1")
    assert "note: all of it takes vmnic0" in text
    assert '<span class="verdict verified">' in text


@pytest.mark.parametrize("tasks", VERIFICATIONS, ids=lambda path: path.stem)
def test_each_verification_hands_the_notes_of_the_preflight_on(tasks):
    (report,) = [task[REPORT] for task in yaml.safe_load(tasks.read_text()) if REPORT in task]
    assert report["notes"] == "{{ stack_preflight.notes | default([]) }}"


@pytest.mark.parametrize("cable", [2, -1, "0", 10**30])
def test_a_part_with_a_cable_that_its_link_does_not_have_is_kept_off_the_page(cable):
    made = {"host": "ex1", **part(links=[shown("a", address_pairs=[pair(cable=cable)])])}
    assert "cable" in fault(made)
    assert fault({"host": "ex1", **part(links=[shown("a", address_pairs=[pair(cable=1)])])}) == ""
