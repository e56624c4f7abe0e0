# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's shell makes of a line: esxcli, vim-cmd and esxcfg, joined by `;` or `&&`, and nothing else."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from . import esxcfg, esxcli, esxcli_group, esxcli_net, esxcli_switch, vimcmd
from .command import RefusedError
from .host import Host
from .vmomi import vmodl

JOINTS = (";", "&&")
assert esxcli_switch and esxcli_group and esxcli_net  # they register their commands
PROGRAMS = {
    "esxcli": esxcli.run,
    "vim-cmd": vimcmd.run,
    "esxcfg-vswitch": esxcfg.vswitch,
    "esxcfg-vmknic": esxcfg.vmknic,
    "esxcfg-nics": esxcfg.nics,
}


@dataclass
class Output:
    """What a line prints, and its exit status."""

    text: str = ""
    error: str = ""
    status: int = 0


def program(line: str) -> str:
    """Give the name under which a line stands in the log: its first word."""
    words = line.split(maxsplit=1)
    return words[0].rpartition("/")[2] if words else ""


def run(host: Host, line: str) -> Output:
    """Run a line."""
    output = Output()
    for joint, words in _parts(line):
        if joint == "&&" and output.status:
            continue
        _one(host, words, output)
    return output


def _parts(line: str) -> list[tuple[str, list[str]]]:
    """Take a line apart: each command with the joint before it.

    Raises:
        RefusedError: a quote is open, or the shell would be needed.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError as failure:
        raise RefusedError(f"sh: syntax error: {failure}") from failure
    parts: list[tuple[str, list[str]]] = [("", [])]
    for word in words:
        if word in JOINTS:
            parts.append((word, []))
        elif set(word) <= set(";&|<>()") and word:
            raise RefusedError(f"SIM TEXT: {word} in a command line is not simulated")
        else:
            parts[-1][1].append(word)
    return [(joint, command) for joint, command in parts if command]


def _one(host: Host, words: list[str], output: Output) -> None:
    """Run one command; what the host refuses is printed as its tools do."""
    name = words[0].rpartition("/")[2]
    if name not in PROGRAMS:
        output.error += f"sh: {words[0]}: not found\n"
        output.status = 127
        return
    try:
        output.text += PROGRAMS[name](host, words[1:])
        output.status = 0
    except RefusedError as failure:
        output.text += f"{failure}\n"
        output.status = 1
    except vmodl.MethodFault as failure:
        output.text += f"Error: {failure.msg}\n"
        output.status = 1
