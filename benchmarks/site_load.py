#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to read, check and derive a large declared site, above the mere parsing of its YAML.

    site_load.py [--links 1000 5000] [--rounds 3]

The site has a switch for every twenty ESXi hosts, each with five bundles, every one written out. Each figure is the
least processor time of the rounds, each in a process of its own, start-up taken off: the file by PyYAML's C loader,
with Python's garbage collector off, and by the inventory plugin, which parses it, applies every rule and derives every
host's variables. A finding on the site ends the run with an error, for then less was done.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

HOSTS_OF_A_SWITCH, LINKS_OF_A_HOST = 20, 5
STEPS = {
    "parse": "gc.disable(); yaml.load(site.read_text(), Loader=yaml.CSafeLoader)",
    "plugin": "InventoryModule().parse(data, DataLoader(), str(site))",
}
PROGRAM = """
import gc, sys, time, yaml
from pathlib import Path
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible_collections.netstack.datacenter.plugins.inventory.stack import InventoryModule
site, data = Path(sys.argv[1]), InventoryData()
began = time.process_time()
{step}
print(time.process_time() - began)
sys.exit("\\n".join(data.groups["all"].vars.get("stack_errors", [])) or 0)
"""


def site(links: int) -> dict[str, Any]:
    """Return a site with this many links."""
    vlans = {f"v{number}": {"id": 10 + number} for number in range(LINKS_OF_A_HOST)}
    content: dict[str, Any] = {"plugin": "netstack.datacenter.stack", "vlans": vlans, "devices": {}, "links": {}}
    for number in range(links // LINKS_OF_A_HOST):
        switch, place = f"ex{number // HOSTS_OF_A_SWITCH}", number % HOSTS_OF_A_SWITCH
        content["devices"][switch] = {"kind": "junos_ex", "model": "ex4300-48t"}
        content["devices"][f"esx{number}"] = {"kind": "esxi_vss", "management_vlan": "v0"}
        for each in range(LINKS_OF_A_HOST):
            ae = LINKS_OF_A_HOST * place + each
            near = {"lag": f"ae{ae}", "ports": [f"ge-{ae // 24}/0/{2 * (ae % 24) + leg}" for leg in (0, 1)]}
            far = {"lag": f"vSwitch{each}", "ports": [f"vmnic{2 * each}", f"vmnic{2 * each + 1}"]}
            ends = {switch: near, f"esx{number}": far}
            link = {"bundle": "static", "trunk": True, "vlans": {"untagged": f"v{each}"}, "ends": ends}
            content["links"][f"esx{number}-{each}"] = link
    return content


def spent(step: str, file: Path) -> float:
    """Return the processor time of a step in seconds. Raises CalledProcessError with what it said."""
    command = [sys.executable, "-c", PROGRAM.format(step=STEPS[step]), str(file)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print("| links | devices | file, kB | parse, s | plugin, s | above the parse, s | for each link, ms |")
    print("|---|---|---|---|---|---|---|")
    for links in given.links:
        content = site(links)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "stack.yml"
            file.write_text(yaml.safe_dump(content, sort_keys=False))
            parse, plugin = (min(spent(step, file) for _round in range(given.rounds)) for step in STEPS)
            size = file.stat().st_size / 1000
        above = plugin - parse
        row = f"| {links} | {len(content['devices'])} | {size:.0f} | {parse:.2f} | {plugin:.2f} "
        print(f"{row}| {above:.2f} | {1000 * above / links:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
