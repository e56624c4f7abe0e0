# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that only a link whose cables are where they are declared is converted, and that no other one does harm."""

from __future__ import annotations

from itertools import permutations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.end import EndError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.cutover.cables import Cables

from .estate import (
    DECLARED,
    ENDS,
    HOSTS,
    NICS,
    PORTS,
    End,
    bundled,
    changed_forms,
    convert,
    delivered,
    right,
    take_back,
)

LONGEST = 20
CABLINGS = [dict(zip(PORTS, ends, strict=True)) for ends in permutations(ENDS)]
CROSSED = dict(zip(PORTS, (ENDS[1], ENDS[0], *ENDS[2:]), strict=True))
EXCHANGED = dict(zip(PORTS, (*ENDS[2:], *ENDS[:2]), strict=True))
START = {"there": delivered, "back": bundled}


def said(cables) -> str:
    return " ".join(f"{host[-1]}{nic[-1]}" for host, nic in cables.values())


@pytest.mark.parametrize("direction", START)
@pytest.mark.parametrize("cables", CABLINGS, ids=said)
def test_of_all_cablings_of_two_hosts_only_what_is_right_is_converted(cables, direction):
    estate = START[direction](cables)
    assert all(map(estate.answers, HOSTS))
    for host in HOSTS:
        before = estate.state()
        failure = convert(estate, host, direction == "there")
        assert (failure == "") == right(cables, host), failure
        if failure:
            assert estate.state() == before
            assert "not as declared" in failure
        else:
            assert {cables[port][0] for port in changed_forms(before, estate.state())} == {host}
        assert not estate.disabled
        assert all(map(estate.answers, HOSTS))
    assert max(estate.away.values()) <= LONGEST


@pytest.mark.parametrize("cables", CABLINGS, ids=said)
def test_the_message_says_which_port_has_which_nic_as_far_as_seen(cables):
    estate = delivered(cables)
    failure = convert(estate, "esx1", True)
    for port, nics in seen(failure).items():
        host, nic = cables[port]
        assert nics == (nic if host == "esx1" else "no NIC of esx1")
    assert bool(seen(failure)) != right(cables, "esx1")


def seen(failure: str) -> dict[str, str]:
    told = failure.partition("As far as seen, ")[2].partition(".")[0]
    return dict(part.split(" has ") for part in told.split("; ")) if told else {}


def test_a_crossed_cable_is_known_at_once_and_cuts_nobody_off():
    estate = delivered(CROSSED)
    failure = convert(estate, "esx1", True)
    assert (
        "vmnic0, which is declared at the other end, kept its light and vmnic1, which is not, lost its own" in failure
    )
    assert estate.clock.now < 10
    assert estate.away == {"esx1": 0, "esx2": 0}


def test_a_port_of_a_host_that_has_no_other_comes_back_in_time():
    """The ports of the two hosts are exchanged in the declaration, and one cable of the other host is broken."""
    estate = delivered(EXCHANGED)
    estate.sending["esx2"] = ("vmnic0",), estate.sending["esx2"][1]
    failure = convert(estate, "esx1", True)
    assert "ge-0/0/0 was disabled, and within 15 s vmnic0" in failure
    assert 15 < estate.away["esx2"] <= LONGEST
    assert estate.answers("esx2")


def test_a_nic_that_notices_late_is_waited_for():
    estate = delivered(DECLARED)
    slow = [frozenset({"vmnic0", "vmnic1"})] * 30 + [frozenset({"vmnic1"})] * 5
    assert prove(estate, slow, {"ge-0/0/0": "vmnic0"}) == ""
    assert "vmnic0, which is declared at the other end, kept its light" in prove(
        estate, slow, {"ge-0/0/0": "vmnic0"}, seconds=5
    )


def test_another_nic_that_goes_down_a_moment_later_is_seen():
    both = [frozenset({"vmnic0", "vmnic1"})] * 2 + [frozenset({"vmnic1"}), frozenset()]
    failure = prove(delivered(DECLARED), both, {"ge-0/0/0": "vmnic0"})
    assert "vmnic1, which is not, lost its own" in failure
    assert "ge-0/0/0 has vmnic0, vmnic1" in failure


def test_a_nic_without_link_proves_nothing_and_nothing_is_disabled():
    estate = delivered(DECLARED)
    cables = Cables("esx1-lan", scripted(estate, [frozenset({"vmnic1"})]), clock=estate.clock)
    with pytest.raises(EndError, match="vmnic0 has no light before"), cables.watched({"ge-0/0/0": "vmnic0"}):
        pytest.fail("the port would be disabled")


def test_a_host_that_falls_silent_is_given_up_in_time():
    estate = delivered(DECLARED)
    silent = [frozenset({"vmnic0", "vmnic1"}), None]
    failure = prove(estate, silent, {"ge-0/0/0": "vmnic0"})
    assert "the host does not answer since" in failure
    assert estate.clock.now <= 15.5


def prove(estate, answers, pairs, seconds=15) -> str:
    """Return why the cables are refused where the host's NICs answer so, the last answer again and again."""
    cables = Cables("esx1-lan", scripted(estate, answers), seconds, clock=estate.clock)
    try:
        with cables.watched(pairs) as first:
            first()
    except EndError as error:
        return str(error)
    return ""


def scripted(estate, answers):
    left = list(answers)

    class Scripted(End):
        patience = 5.0

        def nic_reader(self):
            return self

        def up(self):
            answer = left.pop(0) if len(left) > 1 else left[0]
            estate.clock.sleep(0.1 if answer is not None else self.patience)
            if answer is None:
                raise EndError("no answer")
            return answer

        def close(self):
            return

    return Scripted(estate, "esx1", "esx1")


def test_the_right_nic_with_one_of_another_team_is_not_right():
    estate = delivered(DECLARED)
    estate.follow["esx1", "vmnic0"] = {("esx1", "vmnic1")}
    before = estate.state()
    assert "vmnic1, which is not, lost its own" in convert(estate, "esx1", True)
    assert estate.state() == before


def test_an_enclosure_that_hides_link_loss_is_refused_and_with_the_waiver_needs_consent():
    estate = delivered(DECLARED)
    estate.hides.add("esx1")
    before = estate.state()
    assert "vmnic0, which is declared at the other end, kept its light" in convert(estate, "esx1", True)
    told = convert(estate, "esx1", True, waived="blade enclosure")
    assert "hides from it that a port is disabled (blade enclosure)" in told
    assert estate.state() == before


@pytest.mark.parametrize("direction", START)
def test_a_cable_that_was_moved_before_a_killed_run_goes_on_is_refused(direction):
    """An earlier conversion left a port disabled, and now its declared NIC has light."""
    estate = START[direction](EXCHANGED)
    estate.disabled.add("ge-0/0/0")
    before = estate.state()
    told = convert(estate, "esx1", direction == "there")
    assert "vmnic0 has light, although ge-0/0/0 is disabled" in told
    assert estate.state() == before


def test_a_nic_without_link_at_a_port_with_link_is_refused_before_anything_is_disabled():
    estate = delivered(DECLARED)
    estate.follow["esx2", "vmnic0"] = {("esx1", "vmnic0")}
    estate.disabled.add("ge-0/0/2")
    assert "vmnic0 has no light, although ge-0/0/0 has" in convert(estate, "esx1", True)
    assert estate.clock.now == 0


def test_a_conversion_is_taken_back_with_its_cables_proven_again():
    estate, kept = delivered(DECLARED), []
    before = estate.state()
    assert convert(estate, "esx1", True, kept=kept) == ""
    assert [step["disables"] for step in kept if step["disables"]] == [
        {"ge-0/0/0": "vmnic0"},
        {"ge-0/0/1": "vmnic1"},
    ]
    assert take_back(estate, "esx1", kept) == ""
    assert (estate.state(), max(estate.away.values())) == (before, 0)


def test_cables_that_were_moved_since_are_not_taken_back():
    """Somebody exchanged the hosts' second cables after the conversion."""
    estate, kept = delivered(DECLARED), []
    convert(estate, "esx1", True, kept=kept)
    estate.cables = dict(zip(PORTS, (ENDS[0], ENDS[3], ENDS[2], ENDS[1]), strict=True))
    estate.forms["ge-0/0/1"] = estate.forms["ge-0/0/3"]
    estate.sending["esx1"] = ("vmnic0",), estate.sending["esx1"][1]
    before = estate.state()
    failure = take_back(estate, "esx1", kept)
    assert "vmnic1, which is declared at the other end, kept its light" in failure
    assert "ge-0/0/1 has no NIC of esx1" in failure
    assert (estate.state(), len(kept)) == (before, 7)


def test_a_path_back_over_cables_that_cannot_be_seen_needs_the_waiver():
    estate, kept = delivered(DECLARED), []
    before = estate.state()
    convert(estate, "esx1", True, kept=kept)
    estate.hides.add("esx1")
    assert "vmnic1, which is declared at the other end, kept its light" in take_back(estate, "esx1", kept)
    assert take_back(estate, "esx1", kept, waived="a blade") == ""
    assert estate.state() == before


@pytest.mark.parametrize("nic", NICS)
@pytest.mark.parametrize("cables", CABLINGS, ids=said)
def test_a_host_that_uses_one_nic_is_not_moved_to_a_cable_that_is_not_proven(cables, nic):
    """Its only cable may be at the very port that is disabled: then it is back when the switch enables that again."""
    estate = delivered(cables)
    estate.sending["esx1"] = (nic,), estate.sending["esx1"][1]
    before = estate.state()
    failure = convert(estate, "esx1", True)
    assert (failure == "") == right(cables, "esx1"), failure
    assert max(estate.away.values()) <= LONGEST
    assert not failure or estate.state() == before
    moved = {each for text in estate.told for each in NICS if "esx1 uses" in text and each in text}
    assert all(each == nic or each in right_nics(cables) for each in moved)


def right_nics(cables) -> set[str]:
    return {nic for port, (host, nic) in DECLARED.items() if host == "esx1" and cables[port] == (host, nic)}


def test_a_second_nic_is_used_only_once_its_cable_is_proven():
    """The switch is as declared, and the host uses one of its two NICs."""
    for cables in (DECLARED, dict(zip(PORTS, (ENDS[0], ENDS[3], ENDS[2], ENDS[1]), strict=True))):
        estate = delivered(cables)
        estate.sending["esx1"] = ("vmnic0",), estate.sending["esx1"][1]
        failure = convert(estate, "esx1", False)
        assert (failure == "") == (cables is DECLARED), failure
        assert estate.sending["esx1"][0] == (("vmnic0", "vmnic1") if cables is DECLARED else ("vmnic0",))
        assert "ge-0/0/1 disabled" in estate.told[0]
