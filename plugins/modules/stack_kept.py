# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/stack_kept.py."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: stack_kept
short_description: Refuse to take back a run that nobody knows, or whose restore points are gone
version_added: 0.2.0
author: netstack.datacenter maintainers (@netstack)
description:
  - A task of the playbook C(netstack.datacenter.rollback), for C(run_once), before anything is changed.
  - Reads what the playbook has registered of each host of the play, that is what a switch, an ESXi host and both ends
    of its links would put back, and the backups of a load balancer.
  - Fails where no host knows the run, with the places at which it was looked for.
  - Fails where the commit history of a switch says that the run changed both ends of a link, and the steps that take
    them back are not in the restore folder of its host, with the place at which they were looked for.
options:
  run_id:
    description: The run that is to be taken back.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Reads variables only; does the same in check mode.
  diff_mode:
    support: none
    description: Changes nothing, so there is no difference to show.
  connection:
    support: none
    description: Runs in the controller process; opens no connection.
"""

EXAMPLES = r"""
- name: Refuse a run that nobody knows, or whose restore points are gone
  netstack.datacenter.stack_kept:
    run_id: "{{ stack_rollback_to }}"
  run_once: true
"""

RETURN = r"""
missing:
  description: Why the run cannot be taken back.
  returned: always
  type: list
  elements: str
  sample: []
"""
