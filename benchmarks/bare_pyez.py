#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that PyEZ can do for the same change: the requests of junos_lag by hand, in threads of one process.

    bare_pyez.py JOB.json      {"user", "key", "ssh_config", "load", "again", "workers", "ports": {SWITCH: PORT}}

`again`: the switches are as they should be, so that only the two reads of a run without change are made. It knows
nothing: no difference is computed, no answer is judged, nothing is taken back.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jnpr.junos import Device
from jnpr.junos.utils.config import Config


def open_device(job: dict[str, Any], port: int) -> Any:
    """Open a session as junos_lag does, with the host key checked."""
    return Device(
        host="127.0.0.1",
        port=port,
        user=job["user"],
        ssh_private_key_file=job["key"],
        ssh_config=job["ssh_config"],
        hostkey_verify=True,
        gather_facts=False,
        normalize=True,
    ).open()


def push(job: dict[str, Any], port: int) -> None:
    """Make the requests of one switch."""
    writing = open_device(job, port)
    writing.rpc.get_commit_information()
    writing.rpc.get_configuration({"database": "committed"})
    if not job["again"]:
        _change(job, port, writing)
    writing.close()


def _change(job: dict[str, Any], port: int, writing: Any) -> None:
    config = Config(writing)
    config.lock()
    writing.rpc.get_commit_information()
    config.load(job["load"], format="xml", merge=True)
    config.diff()
    config.commit_check()
    config.commit(confirm=5, comment="bare")
    writing.rpc.get_commit_information()
    fresh = open_device(job, port)
    fresh.rpc.get_interface_information(terse=True)
    fresh.rpc.get_lacp_interface_information()
    fresh.close()
    config.commit(comment="bare confirmed")
    writing.rpc.get_configuration({"database": "committed"})
    config.unlock()


def main() -> int:
    """Push to every switch."""
    job = json.loads(Path(sys.argv[1]).read_text())
    with ThreadPoolExecutor(job["workers"]) as pool:
        for _ in pool.map(lambda port: push(job, port), job["ports"].values()):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
