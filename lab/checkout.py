# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the machine is this checkout's, so that labs of several checkouts run side by side.

Each checkout claims a number from 231 on. It is the second number of each address of its labs (10.N.x.y, fd00:N:...,
127.N.0.1 for simulated devices). Files are written for 231, which the first checkout of a machine has; another one
reads them through `localised`, and has copies of the inventories in .cache/lab/numbered (`inventory`).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LABS = TOP / ".cache" / "lab"
FIRST = 231
NUMBERS = range(FIRST, 255)
LOCKS = Path("/run/lock")  # for all users; emptied at boot
ADDRESS = re.compile(rf"(?<![\w.:])(10\.|127\.|fd00:){FIRST}(?=[.:])")
RENDERED = ("inventories/*lab", "molecule/*/inventory")


class CheckoutError(RuntimeError):
    """The machine has no number left, or this checkout's lab is used by somebody else; the message says by whom."""


@cache
def number() -> int:
    """Return the number of this checkout, claimed on the first call.

    Raises:
        CheckoutError: all are taken.
    """
    return claim(TOP, LOCKS, LABS / "number")


def localised(text: str, to: int | None = None) -> str:
    """Return a text with the addresses of this checkout's labs instead of those of number 231."""
    return ADDRESS.sub(rf"\g<1>{number() if to is None else to}", text)


def inventory(path: Path) -> Path:
    """Return where an inventory of this checkout lies with its own addresses; the copies are brought up to date.

    Raises:
        CheckoutError: all numbers are taken.
    """
    numbered = render(TOP, LABS / "numbered", number())
    return path if number() == FIRST else numbered / path.resolve().relative_to(TOP)


def ending(topology: str, top: Path = TOP) -> str:
    """Return the command that ends a lab of a checkout."""
    return f"{top}/.cache/venv/bin/python {top}/lab/lab.py down {topology}"


def render(top: Path, numbered: Path, to: int) -> Path:
    """Make the folder in which the inventories have the addresses of a number; return it.

    Its layout is the checkout's, so that relative paths in them lead to the same files; for 231 it is the checkout.
    What is right already is not touched, for a run may be reading it.
    """
    numbered.parent.mkdir(parents=True, exist_ok=True)
    if to == FIRST:
        if not numbered.is_symlink():
            shutil.rmtree(numbered, ignore_errors=True)
            _link(numbered, top)
        return numbered
    if numbered.is_symlink():
        numbered.unlink()
    wanted = {
        numbered / file.relative_to(top): localised(file.read_text(), to)
        for pattern in RENDERED
        for folder in top.glob(pattern)
        for file in folder.rglob("*")
        if file.is_file()
    }
    for there in [file for file in numbered.rglob("*") if file.is_file() and file not in wanted]:
        there.unlink()
    for copy, text in wanted.items():
        if not copy.exists() or copy.read_text() != text:
            _write(copy, text)
    _link(numbered / ".cache", top / ".cache")
    return numbered


def _link(path: Path, to: Path) -> None:
    with suppress(FileExistsError):
        path.symlink_to(os.path.relpath(to, path.parent), target_is_directory=True)


def _write(path: Path, text: str) -> None:
    """Write a file at once, for another process may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)


def claim(checkout: Path, locks: Path, kept: Path, routes: Path = Path("/proc/net/route")) -> int:
    """Return a checkout's number; a claimed one stays, and after a boot it is the one that was `kept`.

    A claim of a checkout that is gone counts no more. A number whose addresses the machine has a route for, be it to
    the lab of such a checkout, is not given.

    Raises:
        CheckoutError: all are taken.
    """
    with machine_wide("netstack-labs", locks) as file:
        owners = _owners(os.pread(file, 65536, 0).decode())
        found = next((each for each, owner in owners.items() if owner == checkout), None)
        if found is None:
            found = _free(owners, kept, networks_of(routes.read_text()))
            owners[found] = checkout
        data = "".join(f"{each} {owner}\n" for each, owner in sorted(owners.items())).encode()
        os.pwrite(file, data, 0)
        os.ftruncate(file, len(data))
    _write(kept, f"{found}\n")
    return found


def _owners(text: str) -> dict[int, Path]:
    """Return the claims of the checkouts that are there."""
    claims = [line.split(" ", 1) for line in text.splitlines()]
    return {int(number): Path(owner) for number, owner in claims if _exists(Path(owner))}


def _free(owners: dict[int, Path], kept: Path, routed: set[str]) -> int:
    free = [each for each in NUMBERS if each not in owners]
    with suppress(FileNotFoundError, ValueError):
        if (last := int(kept.read_text())) in free:
            return last
    for each in free:
        if f"10.{each}" not in routed:
            return each
    held = "".join(f"; {each} is {owner}'s" for each, owner in sorted(owners.items()))
    raise CheckoutError(
        f"no number from {NUMBERS[0]} to {NUMBERS[-1]} is left for the labs of {TOP}{held}; "
        "the machine has routes for the others"
    )


def networks_of(table: str) -> set[str]:
    """Return the first two numbers of each destination that /proc/net/route has; of 10.0.0.0/8 that is no number."""
    rows = [line.split() for line in table.splitlines()[1:]]
    addresses = [socket.inet_ntoa(struct.pack("<L", int(row[1], 16))) for row in rows]
    return {".".join(address.split(".")[:2]) for address in addresses}


def _exists(folder: Path) -> bool:
    """Tell whether a checkout is there; one that this user may not look at is."""
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


@contextmanager
def machine_wide(name: str, folder: Path = LOCKS) -> Iterator[int]:
    """Be alone on the machine, whoever the user is, while the block runs; give the lock's file."""
    path = folder / name
    with suppress(FileExistsError):  # a second open with O_CREAT would be refused by fs.protected_regular
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW)
        os.fchmod(made, 0o666)
        os.close(made)
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


@contextmanager
def used(name: str, labs: Path = LABS) -> Iterator[int | None]:
    """Be the only one to use a lab of this checkout; give the lock's file, none where one of our callers has it.

    Raises:
        CheckoutError: another process uses it; says which.
    """
    labs.mkdir(parents=True, exist_ok=True)
    file = os.open(labs / f"{name}.lock", os.O_CREAT | os.O_RDWR)
    try:
        if not _locked(file):
            holder = int(os.pread(file, 64, 0) or b"0")
            if holder not in _ancestors(os.getpid()):
                raise CheckoutError(
                    f"the lab {name} of this checkout is in use by process {holder} ({_command(holder)}); "
                    "wait until it has ended"
                )
            yield None
            return
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield file
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ancestors(process: int) -> Iterator[int]:
    """Yield a process and those that it was started by."""
    while process > 0:
        yield process
        try:
            state = Path(f"/proc/{process}/stat").read_text()
        except OSError:
            return
        process = int(state.rpartition(")")[2].split()[1])


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return "ended, but what it started goes on"
