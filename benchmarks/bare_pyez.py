#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that PyEZ can do for the same change: the requests of junos_lag by hand, in threads of one process.

    bare_pyez.py JOB.json      {"user", "key", "ssh_config", "load", "again", "workers", "ports": {SWITCH: PORT}}

`again`: the switches are as they should be, so that only the three reads of a run without change are made. It knows
nothing: no difference is computed, no answer is judged, nothing is taken back.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from jnpr.junos import Device
from jnpr.junos.exception import RpcError
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


def push(opened: Callable[[], Any], load: str, again: bool) -> None:
    """Make the requests of one switch, with sessions that `opened` opens."""
    writing = opened()
    writing.rpc.get_commit_information()
    writing.rpc.get_configuration({"database": "committed"})
    writing.rpc.get_ethernet_switching_table_information(summary=True)
    if not again:
        writing.rpc.get_interface_information(terse=True)
        _change(opened, load, writing)
    writing.close()


def _change(opened: Callable[[], Any], load: str, writing: Any) -> None:
    config = Config(writing)
    config.lock()
    writing.rpc.get_commit_information()
    config.load(load, format="xml", merge=True)
    config.diff()
    writing.rpc.get_configuration({"database": "candidate"})
    config.commit_check()
    with suppress(RpcError):  # There is none yet.
        writing.rpc.get_rescue_information(format="text")
    config.rescue("save")
    config.commit(confirm=5, comment="bare")
    writing.rpc.get_commit_information()
    fresh = opened()
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
        opened = [partial(open_device, job, port) for port in job["ports"].values()]
        for _ in pool.map(lambda each: push(each, job["load"], job["again"]), opened):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
