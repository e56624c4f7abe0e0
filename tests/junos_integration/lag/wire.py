# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch read by the OpenSSH client with frames written by hand: none of the code that is judged here takes part."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

END = "]]>]]>"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
HELLO = f'<hello xmlns="{BASE}"><capabilities><capability>{BASE}</capability></capabilities></hello>'
QUESTIONS = (
    '<get-configuration database="committed" format="text"/>',
    '<get-configuration compare="rollback" rollback="0" format="text"/>',
    "<get-commit-information/>",
    "<lock-configuration/>",
    "<unlock-configuration/>",
    "<close-session/>",
)


@dataclass(frozen=True)
class Seen:
    """What a client sees: the committed configuration, and whatever an interrupted change has left behind."""

    configuration: str
    left: tuple[str, ...]


def look(port: int, key: Path, known_hosts: Path) -> Seen:
    """Read a switch; that the lock is given proves that nobody holds it and that the candidate is clean."""
    committed, compared, history, locked, unlocked = _talk(port, key, known_hosts)[1:6]
    found = {
        "a dirty candidate": bool(re.sub(r"<[^>]*>", "", compared).strip()),
        "a pending commit": "<commit-confirmed>" in history,
        "a lock, or a dirty candidate": "<rpc-error>" in locked or "<rpc-error>" in unlocked,
    }
    lines = [line for line in committed.splitlines() if not line.startswith(("<", "## Last commit"))]
    assert lines, committed
    return Seen("\n".join(lines), tuple(name for name, is_so in found.items() if is_so))


def _talk(port: int, key: Path, known_hosts: Path) -> list[str]:
    """Send the greeting and all questions; return the greeting and the answers."""
    options = ["StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes", "GlobalKnownHostsFile=/dev/null"]
    options.append(f"UserKnownHostsFile={known_hosts}")
    command = ["ssh", "-F", "none", "-i", str(key), "-p", str(port), *(f"-o{option}" for option in options)]
    text = HELLO + END + "".join(f'<rpc xmlns="{BASE}">{question}</rpc>{END}' for question in QUESTIONS)
    command += ["-s", "lab@127.0.0.1", "netconf"]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    answers = [message for message in ran.stdout.split(END) if message.strip()]
    assert len(answers) == 1 + len(QUESTIONS), ran.stdout + ran.stderr
    return answers
