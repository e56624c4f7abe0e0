# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks real HAProxy programs what they think of a configuration: those of Debian 12 and 13, which script/haproxy gives.

Where `.cache/haproxy` has none of a release, the one on the path is asked if it is of that release. The environment
variable HAPROXY names one more program, of whatever release.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.complaints import Names
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import Dialect, parse_version
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import STATE_HEADER, Host
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import Texts
from ansible_collections.netstack.datacenter.plugins.module_utils.service.stand_in import PEM

UNPACKED = Path(__file__).resolve().parents[3] / ".cache" / "haproxy"


@functools.cache
def release_of(program: str) -> Dialect:
    """Return the release of a program."""
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stdout
    release = parse_version(said)
    assert release, f"{program} does not tell its release: {said}"
    return release


OWN = {"HAPROXY": release_of(os.environ["HAPROXY"])} if os.environ.get("HAPROXY") else {}
#: The oldest and the newest release that the lab's systems have, and what the caller names.
RELEASES = {"2.6": Dialect(2, 6), "3.0": Dialect(3, 0), **OWN}


@functools.cache
def program_of(name: str) -> str:
    """Return the program of one of the releases, or nothing where there is none."""
    if name in OWN:
        return os.environ["HAPROXY"]
    on_path = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    found = [*map(str, sorted(UNPACKED.glob("*/haproxy"))), *([on_path] if on_path else [])]
    return next((program for program in found if release_of(program) == RELEASES[name]), "")


def refusal(texts: Texts, name: str, names: Names | None = None) -> str:
    """Return what the product says when a release is asked about a configuration; only the real host has its user."""
    program = program_of(name)
    if not program:
        pytest.skip(f"no HAProxy {name} is on this machine (script/haproxy unpacks it)")
    host = Host(_run)
    host.program = program
    text = re.sub(r"\n    (user|group|chroot) ", r"\n    # \1 ", texts.main)
    return host.complaint(text, lines=texts.lines, names=names)


def _run(command: Sequence[str]) -> tuple[int, str, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def accept(text: str, folder: Path, name: str) -> None:
    """Assert that a release takes a configuration without a warning, apart from what only the real host has."""
    program = program_of(name)
    if not program:
        pytest.skip(f"no HAProxy {name} is on this machine (script/haproxy unpacks it)")
    (folder / "global").write_text(STATE_HEADER)
    (folder / "some.pem").write_text(PEM)
    text = re.sub(
        r"/etc/haproxy/(certs|ca|peers)/\S+\.(pem|crt|ca)|@system-ca|/etc/ssl/\S+\.crt", f"{folder}/some.pem", text
    )
    text = re.sub(r"\n    (user|group|chroot) .*", "", text).replace("/var/lib/haproxy/state", str(folder))
    (folder / "haproxy.cfg").write_text(text)
    done = subprocess.run(
        [program, "-c", "-dW", "-f", str(folder / "haproxy.cfg")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
