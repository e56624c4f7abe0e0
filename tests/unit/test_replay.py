# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a replay answers as the simulated switch did, and that no conversation but the recorded one passes."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import uuid
from pathlib import Path

import asyncssh
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import fleet_beds
from replay import Replay

from kinds.junos_ex.client import Simulator

END = "]]>]]>"
HISTORY, CLOSE = "<get-commit-information/>", "<close-session/>"
SET = "<configuration-set>set vlans v10 vlan-id 10</configuration-set>"
LOAD = f'<load-configuration action="set" format="text">{SET}</load-configuration>'


def change(comment):
    commits = [
        f"<commit-configuration><log>{text}</log></commit-configuration>" for text in (comment, f"{comment} confirmed")
    ]
    return [HISTORY, "<lock-configuration/>", LOAD, *commits, HISTORY, "<unlock-configuration/>", CLOSE]


def converse(port, requests):
    """Make the requests in one session and return the replies, with X in the place of their message-id."""

    async def talk():
        login = {"username": "lab", "password": "lab123", "client_keys": None, "agent_path": None}
        async with asyncssh.connect("127.0.0.1", port, known_hosts=None, config=None, **login) as line:
            writer, reader, _errors = await line.open_session(subsystem="netconf")
            assert "<hello " in await reader.readuntil(END)
            writer.write(f"<hello><capabilities/></hello>{END}")
            replies = []
            for request in requests:
                number = str(uuid.uuid4())
                writer.write(f'<rpc message-id="{number}">{request}</rpc>{END}')
                reply = (await reader.readuntil(END)).removesuffix(END)
                assert f'message-id="{number}"' in reply
                replies.append(reply.replace(number, "X").strip())
            return replies

    return asyncio.run(asyncio.wait_for(talk(), 30))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Give the file of a recording, a change and a look at it, and the replies that the clients got."""
    file = tmp_path_factory.mktemp("replay") / "recording.json"
    with Simulator({"ex": "ex4300-48t"}) as switch, Replay("record", switch.port("ex")) as recorder:
        port = recorder.about["ports"][0]
        replies = [converse(port, change("mark 1")), converse(port, [HISTORY, CLOSE])]
        file.write_text(json.dumps(recorder.control("recording")))
        assert switch.control("status", switch="ex")["commits"][0]["log"] == "mark 1 confirmed"
    return file, replies


@pytest.fixture(scope="module")
def running(recorded):
    with Replay("play", recorded[0], 2) as player:
        yield player


@pytest.fixture
def player(running):
    running.control("reset")
    return running


def test_every_port_answers_as_the_switch_did(player, recorded):
    for port in player.about["ports"]:
        assert [converse(port, change("mark 1")), converse(port, [HISTORY, CLOSE])] == recorded[1]
    assert player.control("state") == [{"left": [0, 0], "opened": 2, "unrecorded": 0, "mismatches": []}] * 2


def test_a_client_finds_the_comment_that_it_gave_itself_in_every_later_session_of_the_port(player):
    ours, others = player.about["ports"]
    before, *_replies, after = converse(ours, change("mark 2"))[:6]
    later = converse(ours, [HISTORY])[0]
    assert "mark" not in before
    for reply in (after, later):
        assert re.findall("<log>(.*?)</log>", reply) == ["mark 2 confirmed", "mark 2"]
    assert "<log>mark 3</log>" in converse(others, change("mark 3"))[5]


def test_after_a_reset_comments_are_forgotten_and_the_first_session_comes_again(player, recorded):
    port = player.about["ports"][0]
    converse(port, change("mark 2"))
    player.control("reset")
    assert player.control("state")[0] == {"left": [8, 2], "opened": 0, "unrecorded": 0, "mismatches": []}
    assert converse(port, change("mark 1")) == recorded[1][0]


@pytest.mark.parametrize("other", ["<get-system-information/>", "<lock-configuration/>", "<get-commit-information />"])
def test_another_request_than_the_recorded_one_is_refused_and_counted(player, recorded, other):
    refused, answered = converse(player.about["ports"][0], [other, HISTORY])
    assert "<rpc-error>" in refused
    assert "is recorded" in refused
    assert answered == recorded[1][0][0]
    state, untouched = player.control("state")
    assert (len(state["mismatches"]), state["left"]) == (1, [7, 2])
    assert untouched["mismatches"] == []


def test_another_load_is_refused_though_it_differs_in_one_figure_only(player):
    replies = converse(player.about["ports"][0], [*change("")[:2], LOAD.replace("id 10", "id 11")])
    assert [("<rpc-error>" in reply) for reply in replies] == [False, False, True]
    assert "octet" in player.control("state")[0]["mismatches"][0]


def test_a_session_that_is_not_recorded_is_closed_and_counted(player):
    port = player.about["ports"][0]
    converse(port, change("mark 2"))
    converse(port, [HISTORY, CLOSE])
    with pytest.raises(asyncio.IncompleteReadError):
        converse(port, [HISTORY])
    assert [(port["opened"], port["unrecorded"]) for port in player.control("state")] == [(3, 1), (0, 0)]


GOOD = {"left": [0, 0, 0], "opened": 3, "unrecorded": 0, "mismatches": []}


@pytest.mark.parametrize(
    ("played", "sessions", "said"),
    [
        ({}, None, ""),
        ({"left": [0, 0, 4], "opened": 2}, 2, ""),
        ({"left": [0, 1, 4], "opened": 2}, 2, "ex1: 1 recorded requests were not made"),
        ({"left": [0, 0, 4], "opened": 2}, None, "ex1: 4 recorded requests were not made"),
        ({}, 2, "ex1: 3 sessions, which is more than was recorded"),
        ({"opened": 4, "unrecorded": 1}, None, "ex1: 4 sessions, which is more than was recorded"),
        ({"mismatches": ["no"]}, None, "ex1: no"),
    ],
)
def test_a_benchmark_s_run_is_wrong_unless_it_is_the_recorded_one_to_its_end(played, sessions, said):
    first = {**GOOD, "left": [0, 0, 4], "opened": 2} if sessions else GOOD
    assert fleet_beds.differs({"ex0": first, "ex1": {**GOOD, **played}}, sessions) == said
