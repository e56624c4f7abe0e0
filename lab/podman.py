# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs podman as root: rootful networks are what gives containers fixed addresses that the controller can reach."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


class PodmanError(RuntimeError):
    """A command failed; the message holds the command and what it printed."""


def as_root(command: list[str]) -> list[str]:
    """Return ``command`` such that root runs it, with the lab's podman settings unless the user named others."""
    settings = os.environ.get("CONTAINERS_CONF", str(HERE / "containers.conf"))
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    return [*prefix, "env", f"CONTAINERS_CONF={settings}", *command]


def run(command: list[str], *, check: bool = True, stdin: str | None = None) -> str:
    """Run a command as root and return its standard output.

    Raises:
        PodmanError: it failed and ``check`` is set.
    """
    done = subprocess.run(as_root(command), input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise PodmanError(f"{' '.join(command)}\nexit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def succeeds(command: list[str]) -> bool:
    """Tell whether a command run as root exits with 0."""
    return subprocess.run(as_root(command), capture_output=True, check=False).returncode == 0


def inside(container: str, *command: str, check: bool = True) -> str:
    """Run a command inside a container and return its standard output."""
    return run(["podman", "exec", container, *command], check=check)
