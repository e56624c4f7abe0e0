# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a HAProxy of this machine what it thinks of a configuration; the test is skipped where there is none.

The environment variable HAPROXY names the program where it is not on the path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import Dialect, parse_version
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import STATE_HEADER
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.stand_in import PEM

PROGRAM = os.environ.get("HAPROXY") or shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")


def accept(text: str, folder: Path) -> None:
    """Assert that HAProxy takes a configuration without a warning, apart from what only the real host has."""
    if not PROGRAM:
        pytest.skip("no haproxy program on this machine (set HAPROXY to its path)")
    version = parse_version(subprocess.run([PROGRAM, "-v"], capture_output=True, text=True, check=True).stdout)
    if "option forwarded" in text and version and version < Dialect(2, 8):
        pytest.skip(f"this HAProxy is {version}, and the case uses what came with 2.8")
    (folder / "global").write_text(STATE_HEADER)
    (folder / "some.pem").write_text(PEM)
    text = re.sub(r"/etc/haproxy/(certs|ca)/\S+\.(pem|crt)|@system-ca|/etc/ssl/\S+\.crt", f"{folder}/some.pem", text)
    text = re.sub(r"\n    (user|group|chroot) .*", "", text).replace("/var/lib/haproxy/state", str(folder))
    (folder / "haproxy.cfg").write_text(text)
    done = subprocess.run(
        [PROGRAM, "-c", "-dW", "-f", str(folder / "haproxy.cfg")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
