# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a console's copy is read like the clean one, or refused with the line; never as another state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from runner.slices import whole_or_slice

pytest.importorskip("pyVmomi", reason="pyVmomi is not installed")

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import console
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run import offline

from . import consoles

CLEAN = consoles.esxcli(consoles.host())
DATA = consoles.esxcli(consoles.host(), "--formatter=json ")
STATE = offline.parse(CLEAN)
ENDS = whole_or_slice(whole=1000, piece=2, reason="a line of a console's copy is cut and broken at each of its words")
LINES = whole_or_slice(whole=1000, piece=150, reason="each line of a long copy is lost, cut and broken")


def chosen(ends: list[int]) -> list[int]:
    """Return the last of the places at which a line can be cut: what is lost there is seen the least."""
    return ends[-ENDS:]


def test_the_clean_copy_is_what_the_host_has():
    assert {name: each.uplinks for name, each in STATE.switches.items()} == {
        "vSwitch0": ("vmnic0", "vmnic1"),
        "vSwitch1": ("vmnic2", "vmnic3"),
    }
    assert {name: each.vlan for name, each in STATE.groups.items()} == {
        "Management Network": 0,
        "VM Network": 20,
        "iSCSI 1": 4001,
    }
    assert STATE.groups["iSCSI 1"].security.promiscuous
    assert offline.parse(DATA) == STATE


COPIES: dict[str, Callable[[str], str]] = {
    "indented": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "with tabs": lambda text: text.replace("   ", "\t") if "----" not in text else re.sub("(?m)^   ", "\t", text),
    "of windows": lambda text: text.replace("\n", "\r\n"),
    "of a telnet": lambda text: text.replace("\n", "\r\r\n"),
    "coloured": lambda text: text.replace(consoles.PROMPT, f"\x1b]0;esx1\x07\x1b[1;32m{consoles.PROMPT}\x1b[0m"),
    "of a page of the web": lambda text: f"\ufeff{text}".replace("  ", " \xa0"),
    "with blank lines": lambda text: text.replace("\n", "\n\n"),
    "with blanks at the ends": lambda text: text.replace("\n", "   \n"),
    "without its last newline": str.rstrip,
    "with the prompt at the end": lambda text: f"{text}{consoles.PROMPT}",
    "with a command of another kind": lambda text: f"{consoles.PROMPT}date\nMon\n{text}{consoles.PROMPT}exit\nlogout\n",
    "with other commands of esxcli": lambda text: f"esxcli system version get\n   Version: 8.0.2\n{text}",
    "of an older prompt": lambda text: text.replace(consoles.PROMPT, "~ # "),
    "without prompts": lambda text: text.replace(consoles.PROMPT, ""),
    "with a pager": lambda text: text.replace("\nvmnic2", "\n--More--\r        \rvmnic2"),
    "with a pager's line": lambda text: text.replace("\nvmnic2", "\n--More--\nvmnic2"),
    "with a command that is repeated": lambda text: text.replace(
        f"{consoles.PROMPT}esxcli network nic list\n", f"{consoles.PROMPT}esxcli network nic list\n" * 2
    ),
    "with a name that the terminal broke": lambda text: text.replace("'Management Network'", "'Management\n Network'"),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_read_like_the_clean_one(how):
    copy = COPIES[how](CLEAN)
    assert copy != CLEAN
    assert offline.parse(copy) == STATE


def mutilated(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield copies with one line indented, gone, doubled, cut or broken, each with the line and what was done to it."""
    lines = text.splitlines()
    for at, line in list(enumerate(lines))[:: -(-len(lines) // LINES)]:
        pieces = {"gone": [], "doubled": [line, line], "indented": [f"    {line}"], "deeper": [f" {line}"]}
        ends = sorted({0, *(match.end() - less for match in re.finditer(r"\S+", line) for less in (0, 1))})
        pieces |= {f"cut at {end}": [line[:end]] for end in chosen(ends[:-1])}
        pieces |= {f"broken at {end}": [line[:end], line[end:]] for end in chosen(ends[1:-1])}
        for what, piece in pieces.items():
            yield what, at, "".join(f"{each}\n" for each in [*lines[:at], *piece, *lines[at + 1 :]])


def outcome(text: str) -> str:
    """Return nothing for the same state and for a refusal that says where, else what is read."""
    try:
        found = offline.parse(text)
    except RefusalError as error:
        named = re.search(r"[Ll]ine \d+|The output of esxcli .* is missing|no line with esxcli", str(error))
        return "" if named else f"refused: {error}"
    return "" if (found, found.computed) == (STATE, STATE.computed) else "another state"


UNSEEN = re.compile(r"vmk\d  .*|   Netstack Instance: .*")
"""An address of a VMkernel interface stands nowhere else, and a row of it that is gone altogether leaves no trace. Nor
does its TCP/IP stack, which hosts before 5.5 have not, and by which nothing is judged."""


@pytest.mark.parametrize("text", [CLEAN, DATA], ids=["text", "json"])
def test_a_copy_that_lost_something_is_never_read_as_another_state(text):
    lines = text.splitlines()
    wrong = [
        f"{what}, line {at + 1}: {lines[at]!r}: {found}"
        for what, at, copy in mutilated(text)
        if (found := outcome(copy)) and not UNSEEN.fullmatch(lines[at])
    ]
    assert wrong == []


TABLE = "Name    VLAN ID  Link\n------  -------  ----\nvmnic0        1  Up\nvmnic1     4001  Up\n"
BLOCKS = "vSwitch0\n   Name: vSwitch0\n   MTU: 1500\nvSwitch1\n   Name: vSwitch1\n   MTU: 9000\n"
WRONG: dict[str, tuple[str, int, str]] = {
    "a row is cut": (TABLE.replace("  4001  Up", ""), 4, "it is cut"),
    "a cell is lost at its end": (TABLE.replace("4001  Up", "4001"), 4, "it is cut"),
    "a number is cut": (TABLE.replace("4001  Up", "400   Up"), 4, "a number is cut"),
    "a row is moved": (TABLE.replace("vmnic1", " vmnic1"), 4, "below the table's head"),
    "two tables are one": (TABLE + TABLE, 5, "head inside of a table"),
    "the head is another's": (TABLE.replace("VLAN ID  Link", "Link"), 2, "below the names"),
    "a name stands twice": (BLOCKS.replace("   MTU: 1500\nvSwitch1\n", "   MTU: 1500\n"), 4, "has Name twice"),
    "a record is named otherwise": (BLOCKS.replace("\nvSwitch1", "\nvSwitch"), 4, "is named vSwitch1"),
    "a head has no fields": (BLOCKS + "vSwitch2\n", 7, "begins no record"),
    "a field has no value": (BLOCKS.replace("MTU: 9000", "MTU 9000"), 6, "no `name: value`"),
    "a control character": (BLOCKS.replace("9000", "90\x0000"), 6, "control character"),
    "JSON is cut": ('[{"Name": "vSwitch0",\n "MTU": 15\n', 2, "no JSON"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_line_that_does_not_fit_is_refused_with_its_number_and_its_reason(name):
    text, number, why = WRONG[name]
    with pytest.raises(console.LineError, match=why) as caught:
        console.records(text)
    assert caught.value.number == number


def test_a_command_with_two_answers_is_refused():
    command = f"{consoles.PROMPT}esxcli network nic list\n"
    with pytest.raises(console.LineError, match="stands in line 1 too"):
        console.transcript(f"{command}{TABLE}{command}{TABLE}")
