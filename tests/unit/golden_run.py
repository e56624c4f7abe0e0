# SPDX-License-Identifier: GPL-3.0-or-later
"""`script/goldens`: runs the tests that have golden files, and writes what they make."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from runner.recorder import FOLDER

from .golden_files import KEY, Golden, named

HERE = Path(__file__).resolve().parent


class Run:
    """A run of the tests that have golden files: only these are collected, what they make is gathered."""

    def __init__(self) -> None:
        self.golden = Golden(renewing=True)
        self.troubles: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[KEY] = self.golden

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._trouble(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._trouble(report)

    def _trouble(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        """Keep a skip too: what was not made would be taken for what nothing makes any more."""
        if not report.passed:
            self.troubles.append(f"{report.outcome}: {report.nodeid}\n{report.longrepr}")


def golden_tests(folders: list[Path]) -> list[Path]:
    """Return the files with tests that may ask for the fixture."""
    found = (file for folder in folders for file in sorted(folder.rglob("test_*.py")))
    return [file for file in found if re.search(r"\bgolden\b", file.read_text(encoding="utf-8"))]


def golden_run(files: list[Path]) -> Run:
    """Run the tests in the files that have golden files, and no other."""
    run = Run()
    os.environ.pop(FOLDER, None)  # script/test counts these tests in the part unit
    arguments = ["-o", "addopts=--strict-markers", "-p", "no:terminal", "-p", "no:cacheprovider"]
    status = pytest.main([*arguments, *map(str, files)], plugins=[run])
    if status and not run.troubles:
        run.troubles.append(f"pytest ended with {status!r}")
    return run


def orphans(made: dict[Path, str], folders: list[Path]) -> list[Path]:
    """Return the files that no test makes, below a folder named `golden` or beside one of the same kind."""
    kinds = {(path.parent, path.suffix) for path in made}
    found = ((folder, path) for folder in folders for path in folder.rglob("*") if path.is_file() and path not in made)
    return [
        path
        for folder, path in found
        if "golden" in path.parent.relative_to(folder).parts or (path.parent, path.suffix) in kinds
    ]


def changes(run: Run, folders: list[Path]) -> dict[Path, str]:
    """Return the files to change with A, M or D as git has it; nothing is taken away where a test had trouble."""
    gone = [] if run.troubles else orphans(run.golden.made, folders)
    stale = {
        path: "M" if path.exists() else "A"
        for path, text in run.golden.made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    return dict(sorted({**stale, **dict.fromkeys(gone, "D")}.items()))


def write(path: Path, text: str | None) -> None:
    """Write a golden file, or remove it where nothing makes it."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Renew the files of all tests or of those below the folders given; with --check only say which are stale."""
    check = "--check" in arguments
    folders = [Path(name).resolve() for name in arguments if name != "--check"] or [HERE]
    if not (tests := golden_tests(folders)):
        print(f"script/goldens: no test below {', '.join(map(named, folders))} has a golden file", file=sys.stderr)
        return 2
    run = golden_run(tests)
    changed = changes(run, folders)
    for path, letter in changed.items():
        print(f"{'stale ' if check else ''}{letter} {named(path)}")
        if not check:
            write(path, run.golden.made.get(path))
    print(f"{len(run.golden.made)} golden files, {len(changed)} {'stale' if check else 'changed'}")
    print(*run.troubles, sep="\n", end="\n" if run.troubles else "", file=sys.stderr)
    return int(bool(run.troubles) or (check and bool(changed)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
