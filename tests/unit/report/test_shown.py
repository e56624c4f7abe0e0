# SPDX-License-Identifier: GPL-3.0-or-later
"""What script/demo shows of a run is read from the report that the run has written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen
from ansible_collections.netstack.datacenter.plugins.plugin_utils.report import links, store
from unit.report.test_links import declared
from unit.report.test_report import part

SHOWN = Path(__file__).resolve().parents[3] / "lab" / "shown.py"
SEEN = [Seen("the configuration is the declared one"), Seen("ae1: up with ge-0/0/2", ("ae1",))]


def test_each_bundle_is_shown_and_each_link_of_an_esxi_host(tmp_path):
    esx = declared("a", lag="ae1", peer="esx1", peer_kind="esxi_vss", peer_lag="vSwitch0", provisioned=True)
    own = [esx, declared("b", lag="ae1")]
    store.write(tmp_path, "ex1", part(links=links.judged(own, [each.plain() for each in SEEN], [], "ex1")))
    command = [sys.executable, str(SHOWN), str(tmp_path / "report.json")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["ex1 ae1: up with ge-0/0/2", "a: ex1 ae1 - esx1 vSwitch0, both ends configured"]
