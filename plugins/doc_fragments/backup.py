# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long the modules that replace files of a host keep the former ones."""

from __future__ import annotations


class ModuleDocFragment:
    """What is the same for all of them."""

    DOCUMENTATION = r"""
options:
  backup_keep:
    description:
      - How long former files are kept below C(/var/lib/netstack/backup), former keys and passwords among them.
      - What is beyond one of the limits loses its contents at the end of a run, with a change or without one, never in
        check mode. That a file was replaced, when and by which run is still listed by
        M(netstack.datacenter.backup_info).
      - What the last two runs replaced stays, whatever the limits are, so that they can be taken back. So does what was
        there before the collection came, where O(state=absent) puts it back.
      - M(netstack.datacenter.backup_forget) removes more.
    type: dict
    default: {}
    suboptions:
      number:
        description: How many changes; V(0) is no limit.
        type: int
        default: 10
      days:
        description: For how many days; V(0) is no limit.
        type: int
        default: 90
"""
