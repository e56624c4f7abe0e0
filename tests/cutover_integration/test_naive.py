# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the settings of published how-tos cut a host off, as their own client libraries make them, and that each
is refused here with the name of VMware's article."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace

import pytest

pytest.importorskip("jnpr.junos", reason="PyEZ is not installed")
pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")

import naive

from .labs import ROOT, environment

HALF, ALL = 8, 16
EXPECTED = {
    "IP hash at the vSwitch, the management's port group as installed": (HALF, "PORT_GROUP_DIFFERS", "1022751"),
    "access ports without a bundle": (ALL, "IP_HASH_WITHOUT_BUNDLE", "1001938"),
    "LACP against a standard vSwitch": (ALL, "LINK_BUNDLE_IMPOSSIBLE", "1001938"),
    "the host left as it is installed": (HALF, "BUNDLE_WITHOUT_IP_HASH", "1001938"),
    "IP hash over one uplink": (HALF, "BUNDLE_PORTS", "1001938"),
}
"""Flows that are lost of 16, the rule that refuses it, the number of the article."""


MODELS = [pytest.param("nonels", marks=pytest.mark.all_only("a host loses the same with either style of switch"))]


@pytest.fixture(scope="module", params=["els", *MODELS])
def pair(request):
    with ExitStack() as stack:
        yield naive.spare(stack, request.param)


@pytest.fixture(scope="module")
def refused():
    return naive.refusals()


@pytest.mark.parametrize("name", EXPECTED)
def test_it_loses_flows_and_the_host_answers_no_more(pair, name):
    case = next(case for case in naive.CASES if name in case.name)
    found = pair.try_out(case)
    assert (found.lost, found.of, found.answers) == (EXPECTED[name][0], ALL, False), found.reasons


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_refused_before_any_connection_and_the_article_is_named(refused, name):
    case = next(case for case in naive.CASES if name in case.name)
    (finding,) = refused[case.name]
    _lost, rule, article = EXPECTED[name]
    assert f"[{rule}]" in finding
    assert f"VMware KB {article}" in finding


def test_every_case_is_expected_here():
    assert len(EXPECTED) == len(naive.CASES)


def test_access_ports_alone_do_no_harm_here_once_the_managements_port_group_agrees(pair):
    """What the posts tell of access ports is not what the pairing rules say; the declared site warns of it only."""
    found = pair.try_out(naive.Naive("as the rules want it", naive.BUNDLE, ("vSwitch0", naive.MANAGEMENT)))
    assert (found.lost, found.answers) == (0, True)


def test_the_same_with_lacp_fails_for_lacp_and_nothing_else(pair):
    wanted = replace(naive.CASES[2], name="without LACP", switch=naive.BUNDLE)
    assert (pair.try_out(naive.CASES[2]).lost, pair.try_out(wanted).lost) == (ALL, 0)


@pytest.mark.all_only("the same cases once more, as the demonstration prints them")
def test_the_demonstration_tells_each_in_a_line_and_what_refuses_it():
    command = [sys.executable, str(ROOT / "lab" / "naive.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert len(re.findall(r"\d+ of 16 flows of the host's management lost, its API times out", done.stdout)) == 5
    assert done.stdout.count("  refused: ") == 5
    assert "not refused" not in done.stdout


def test_a_setting_that_does_no_harm_or_is_accepted_makes_the_demonstration_fail(monkeypatch, capsys):
    good = naive.Outcome("good", 0, ALL, [], answers=True, refused=["why"])
    accepted = naive.Outcome("accepted", ALL, ALL, ["lost"], answers=False)
    for found in (good, accepted):
        monkeypatch.setattr(naive, "outcomes", lambda _style, found=found: [found])
        assert naive.main(["--json"]) == 1
        assert json.loads(capsys.readouterr().out)[0]["name"] == found.name
    assert "not refused" in accepted.line()
