# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands of the programs that keep a host's network, and what it means that one of them refuses."""

from __future__ import annotations

from typing import Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

__all__ = ["BackendError", "must"]


class BackendError(RuntimeError):
    """The host's network configuration cannot take what is declared; the text has the program's own words."""


def must(run: Run, command: Sequence[str]) -> str:
    """Run a command and return what it says. Raises BackendError when it fails."""
    rc, out, err = run(command)
    if rc != 0:
        raise BackendError(f"{' '.join(command)} (rc {rc}): {(err or out).strip()}")
    return out
