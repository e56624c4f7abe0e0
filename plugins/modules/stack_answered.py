# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/stack_answered.py."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: stack_answered
short_description: Stop a run in which a device did not answer its plan
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - The last task of the playbook C(netstack.datacenter.plan), for C(run_once); nothing is changed before it.
  - Fails where a host has the variable C(stack_unreachable) (why it did not answer), or is in O(groups) and was not
    planned (has no C(stack_pending)).
  - Names the C(--limit) that goes on without these hosts. Left out with them are the hosts whose plan holds a change
    and that share a link, a pair of load balancers or a vCenter with one that is left out. Where nothing is left it
    says so.
  - Of a load balancer whose peer is away it names the C(--limit) and the consent (C(stack_change_holder)) that change
    it in place, since nobody can take its VIPs meanwhile.
  - Names none where a device answers and refuses the login, for that one is not away; it says what to mend.
options:
  groups:
    description: The groups whose hosts must have been planned, or such hosts themselves.
    type: list
    elements: str
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
- name: Stop where a device did not answer
  netstack.datacenter.stack_answered:
    groups: [switches, esxi_vss]
  run_once: true
"""

RETURN = r"""
away:
  description: The hosts that could not be planned, each with the reason.
  returned: always
  type: list
  elements: str
  sample: ["ex2: Nobody listens at 192.0.2.12 port 830. Look at the way to the switch."]
"""
