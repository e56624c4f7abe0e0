# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/stack_limit.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_limit
short_description: Refuse to change one end alone of a link
version_added: 0.1.0
author:
  - netstack.datacenter maintainers (@netstack)
description:
  - Compares what the plan of this host changes of each of its links with the hosts that are in the run, which are those
    of the play. Whatever made the run smaller counts, C(--limit) with any pattern or file, a slice of a job, or a host
    that cannot be reached.
  - Fails where a change is not neutral for the other end, and the host by which that end is changed is not in the run.
    Each kind of change has its entry in a table, and what is not known to be neutral is not.
  - Opens no connection.
options:
  links:
    description: The links of this host, as the inventory plugin derives them (C(stack_links)).
    type: list
    elements: dict
    default: []
  by_link:
    description: What the plan of this host changes, by link (C(plan.by_link) of the module that made the plan).
    type: dict
    default: {}
  converted:
    description: Names of the links whose both ends M(netstack.datacenter.link_cutover) changes in this run.
    type: list
    elements: str
    default: []
  switches:
    description: What that does to the switches of these links, by switch (C(switches) of its result).
    type: dict
    default: {}
  refuse:
    description: With V(false) the hosts of the run are not looked at, and RV(by_role) alone is told, as warnings.
    type: bool
    default: true
  again:
    description:
      - With V(true) the hosts of the run have been compared before, by a play that had all of them. Looked for are
        those alone that take no change since, as a host of a vCenter that has failed.
    type: bool
    default: false
attributes:
  check_mode:
    description: Nothing is changed.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Refuse to change one end alone of a link
  hosts: all
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Compare the plan of this host with the hosts of this run
      netstack.datacenter.stack_limit:
        links: "{{ stack_links | default([]) }}"
        by_link: "{{ junos_lag_plan.plan.by_link | default({}) }}"
"""

RETURN = r"""
refused:
  description: The links that must not be changed in this run; the message says of each why, and which host is missing.
  returned: always
  type: list
  elements: str
  sample: [esx1-lan]
by_role:
  description: What has to be run besides, for the links that change and whose other end a role of its own configures.
  returned: always
  type: list
  elements: str
  sample: ["srv2: the role linux_bond changes the end of srv2 (bond0). No playbook runs it: run it on srv2."]
"""
