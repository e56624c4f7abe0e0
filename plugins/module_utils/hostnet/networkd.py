# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What systemd-networkd says of an interface."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

__all__ = ["FOLDER", "network_file"]

FOLDER = "/etc/systemd/network"
_FILE = re.compile(r"^\s*Network File: (/\S+)", re.M)


def network_file(run: Run, interface: str) -> str:
    """Return the .network file by which networkd configures an interface, "" where it does not."""
    rc, out, _err = run(["networkctl", "status", "--no-pager", interface])
    found = _FILE.search(out) if rc == 0 else None
    return found.group(1) if found else ""
