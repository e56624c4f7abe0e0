# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a line of a page's shell commands in a terminal, as a person does who is asked for a password there."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROMPT = re.compile(rb"(?i)password[^\n]*: \Z")


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    line: str
    status: int
    output: str

    def __str__(self) -> str:
        return f"$ {self.line}\n{self.output}\nexit status {self.status}"


def run(line: str, folder: Path, environment: Mapping[str, str], password: str, seconds: float = 600) -> Ended:
    """Run a line by bash, and answer each question for a password.

    Raises:
        TimeoutError: it did not end; it is killed then.
    """
    process, terminal = pty.fork()
    if process == 0:
        try:
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "-c", line], dict(environment))
        finally:
            os._exit(127)
    try:
        output = _converse(terminal, password, time.monotonic() + seconds, line)
    except TimeoutError:
        os.killpg(process, signal.SIGKILL)
        raise
    finally:
        os.close(terminal)
        _process, status = os.waitpid(process, 0)
    return Ended(line, os.waitstatus_to_exitcode(status), output.decode(errors="replace").replace("\r\n", "\n"))


def _converse(terminal: int, password: str, deadline: float, line: str) -> bytes:
    output, answered = b"", 0
    while True:
        ready, _write, _error = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError(f"{line} did not end; so far: {output.decode(errors='replace')}")
        try:
            read = os.read(terminal, 65536)
        except OSError:  # EIO: nobody has the other side open any more
            return output
        if not read:
            return output
        output += read
        if PROMPT.search(output[answered:]):
            answered = len(output)
            os.write(terminal, password.encode() + b"\n")
