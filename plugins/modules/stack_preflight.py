# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/stack_preflight.py."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: stack_preflight
short_description: Stop before anything is touched when the declared site is wrong
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - The first task of every role and playbook of this collection.
  - Fails with the whole list of errors when the inventory plugin P(netstack.datacenter.stack#inventory) refused the
    declared site (variable C(stack_errors)).
  - Fails when a variable that the inventory plugin derived from the site has another value in this task, because
    C(host_vars), C(-e), a role parameter or another inventory source overrides it. The digests in C(stack_derived)
    tell.
  - Fails when one of the inventory sources is a stack file that Ansible could not parse and left out with a mere
    warning.
  - Shows the warnings of the site that concern this host, and the rules that were waived, with their reasons.
  - Fails on an ansible-core that is too old, of which Ansible itself only warns.
  - Sets the fact C(ansible_facts.netstack_run), the id of the run, the same on all its hosts; a rollback names it.
    It is the variable C(netstack_planned_run_id) or C(netstack_run_id) where one is set and not empty, else the id of
    AWX's workflow or job, else that of the CI pipeline (GitHub, GitLab, Azure, Jenkins), else a new one. An id in which
    a template is left is refused.
  - With O(scope=site) it sets the artifact C(netstack_planned_run_id), by which the later jobs of an AWX workflow have
    the id of its first one.
  - Names each directive of free text (rule RAW of C(docs/rules.md)) that can do more than balance, in the site and in
    the variables of the roles haproxy, pound and vip. The variable C(stack_raw) says whether that is an error
    (C(refuse)), a warning (C(warn), the default) or nothing (C(allow)). The actions of these roles' modules judge once
    more what they get, so nothing of text that is refused reaches a node.
  - Judges nothing else for a host that no declared site knows, so a role that is used alone is not disturbed.
  - What all hosts would be refused for alike is listed by one host, the last of the play; the others fail in one line.
options:
  scope:
    description:
      - V(host) judges this host, V(site) what concerns all of them, for a task with C(run_once).
      - With V(site) it fails also for a secret that the declared objects name and that the variable of its role (by
        default C(netstack_secrets)) does not have or that is undefined, for a Python library that the kinds of device
        in the run need and that is not installed, and for tags that name no part of the playbook.
      - It warns of certificates and keys in an inventory directory, where Ansible takes each file for an inventory.
    type: str
    choices: [host, site]
    default: host
  parts:
    description:
      - The tags of the parts that the playbook has, for O(scope=site).
      - A tag of the run that is none of them, and that stands on no import of the playbook, is refused where the run
        has no plays but those of this collection and nothing would be done, or all although a part was to be skipped.
        In other runs, and beside a known tag, it is a warning. C(--skip-tags plan) is refused always.
    type: list
    elements: str
    default: []
  addresses:
    description:
      - Also compares the addresses at which this collection reaches the hosts of the play, and the other ends of their
        links, with those of all hosts that the inventory has. Two hosts of one kind with one address and port, and the
        same jump host, are refused, since one would be changed as the other. Names that nobody knows are warned of.
      - Names are looked up by the controller's resolver; where that matters, OpenSSH's configuration is asked too. No
        device is contacted. Hosts that are managed through a vCenter and containers have no address of their own.
      - The first host of the play does it for all.
    type: bool
    default: false
  changes:
    description:
      - Whether the run will change something, for O(scope=site). Then what it replaces at ESXi hosts must be kept where
        a later run finds it. In an AWX job (C(AWX_HOST) or C(JOB_ID) in the environment) a folder that goes with the
        job's container is refused; a URL (C(netstack_state)) is asked to take a record and to give it back.
      - Not looked at in check mode, and at a host with an empty C(esxi_teaming_restore_dir), for which nothing is kept.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Reads variables only; does the same in check mode.
  diff_mode:
    support: none
    description: Changes nothing, so there is no difference to show.
  connection:
    support: none
    description: Runs in the controller process; opens no connection and needs no Python on the target.
notes:
  - Where a YAML error in C(stack.yml) leaves no host at all, no task runs. Let the play ask for its hosts by
    P(netstack.datacenter.stack_hosts#lookup), which fails then.
seealso:
  - plugin: netstack.datacenter.stack
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Check the declared site before anything is touched
  netstack.datacenter.stack_preflight:

- name: Check it on every host, in a play of its own
  hosts: "{{ lookup('netstack.datacenter.stack_hosts', 'all') }}"
  gather_facts: false
  tasks:
    - name: Refuse a wrong site, and hosts that would be taken for one another
      netstack.datacenter.stack_preflight:
        addresses: true
"""

RETURN = r"""
errors:
  description: What has to be mended, one message each; empty where another host of the play lists it.
  returned: always
  type: list
  elements: str
  sample:
    - "stack.yml:14: services.web: backend web9 is not declared under devices; ..."
checked:
  description: Names of the derived variables that were compared with their digests.
  returned: always
  type: list
  elements: str
  sample: [haproxy_services, vip_instances]
links:
  description: Whether the tags of the run leave in anything that concerns switches and links.
  returned: with scope=site, when nothing of the site is refused
  type: bool
  sample: true
load_balancers:
  description: Whether the tags of the run leave in anything that concerns load balancers.
  returned: with scope=site, when nothing of the site is refused
  type: bool
  sample: true
run_id:
  description: The id of this run.
  returned: success
  type: str
  sample: 20261121T091458Z-4711
waived:
  description: Rules of the site that were waived for objects of this host, with their reasons.
  returned: always
  type: list
  elements: str
  sample: ["services.web: VIP_OUTSIDE_SUBNET waived: routed to the pair by the upstream router"]
"""
