# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what a run's report says of its bundles and its links to simulated hosts: `python lab/shown.py REPORT.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from kinds import simulators


def lines(hosts: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each bundle and teaming that was seen up, and one for each link to a host."""
    kinds = {each.kind for each in simulators().values() if not each.switch}
    for host, part in hosts.items():
        seen = dict.fromkeys(line for link in part["links"] for line in link["verified"])
        yield from (f"{host} {line}" for line in seen if " up with " in line or ": link on " in line)
        for link in part["links"]:
            if link["provisioned"] and link["peer_kind"] in kinds:
                yield f"{link['link']}: {host} {link['lag']} - {link['peer']} {link['peer_lag']}, both ends configured"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as report:
        print(*lines(json.load(report)["hosts"]), sep="\n")
