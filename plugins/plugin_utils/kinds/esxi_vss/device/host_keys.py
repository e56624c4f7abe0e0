# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a host's key known, whatever is said of checking it? Asked of OpenSSH's own programs, which contact nobody."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

_OFF = ("no", "off", "false")
_SSH_PORT = "22"
_SECONDS = 10


def is_known_unchecked(arguments: Sequence[str], host: str) -> bool:
    """Tell whether these arguments let any key of the host in though one of it is known.

    OpenSSH would go on with a changed one then, if only without a password (ssh_config(5), StrictHostKeyChecking).
    """
    said = _settings(arguments, host)
    if said.get("stricthostkeychecking", "") not in _OFF:
        return False
    files = [*said.get("userknownhostsfile", "").split(), *said.get("globalknownhostsfile", "").split()]
    return any(_names(os.path.expanduser(file), _name(said, host)) for file in files)


def _settings(arguments: Sequence[str], host: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in _lines(["ssh", *arguments, "-G", "--", host]) if " " in line)


def _name(said: dict[str, str], host: str) -> str:
    """Return the name under which OpenSSH looks the host up (sshconnect.c, get_hostfile_hostname_ipaddr)."""
    if "hostkeyalias" in said:
        return said["hostkeyalias"]
    name, port = said.get("hostname", host), said.get("port", _SSH_PORT)
    return name if port == _SSH_PORT else f"[{name}]:{port}"


def _names(file: str, name: str) -> bool:
    """Tell whether a known_hosts file names the host; hashed names and patterns are ssh-keygen's business."""
    return bool(_lines(["ssh-keygen", "-F", name, "-f", file]))


def _lines(command: list[str]) -> list[str]:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
