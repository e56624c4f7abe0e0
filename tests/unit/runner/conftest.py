# SPDX-License-Identifier: GPL-3.0-or-later
"""A checkout in an empty folder with parts of a test's own, and the runner on it; the parts are real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from runner.__main__ import main

TESTS = Path(__file__).resolve().parents[2]
START = "import sys, pathlib, runner.__main__ as it; sys.exit(it.main(sys.argv[2:], pathlib.Path(sys.argv[1])))"
PYTEST = f"{sys.executable} -m pytest -q -p runner.recorder -p runner.slices -p no:cacheprovider -c pytest.ini"
LAB = "import sys; open('ended', 'a').write(' '.join(sys.argv[1:]) + '\\n')"


@dataclass
class Checkout:
    """A checkout that has only what the runner reads."""

    root: Path
    screen: pytest.CaptureFixture[str]

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def parts(self, *parts: dict[str, object], **more: object) -> None:
        entries = [{"proves": "something", "seconds": 1, "limit": 60, **part} for part in parts]
        self.write("tests/parts.yml", yaml.safe_dump({"parts": entries, **more}))

    def tests(self, name: str, text: str, **more: object) -> dict[str, object]:
        """Write a test file and return the part that runs it."""
        self.write(f"tests/test_{name}.py", f"import os, pytest, subprocess, sys\n{text}\n")
        return {"name": name, "command": f"{PYTEST} tests/test_{name}.py", **more}

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the runner as a process of its own, to send it signals."""
        return subprocess.Popen(
            [sys.executable, "-c", START, str(self.root), *arguments],
            cwd=TESTS,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> Done:
        code = main(list(arguments), self.root)
        shown = self.screen.readouterr()
        return Done(code, shown.out + shown.err)


@dataclass
class Done:
    """What a run of the runner came to."""

    code: int
    output: str

    @property
    def last(self) -> str:
        return self.output.splitlines()[-1]


@pytest.fixture
def checkout(tmp_path, capsys, monkeypatch):
    made = Checkout(tmp_path, capsys)
    made.write("pytest.ini", "[pytest]\n")
    made.write("lab/lab.py", LAB)
    for name in ("CI", "NETSTACK_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a pytest starts three times as fast
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield made
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
