# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/stack_report.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_report
short_description: Write this host's part of the report
version_added: 0.1.0
author:
  - netstack.datacenter maintainers (@netstack)
description:
  - Writes what a run found of this host to a folder on the controller.
  - Makes the page and the JSON file of all hosts anew.
  - Fails when O(failures) holds something, after it has written the report.
  - Parts of hosts that this run does not touch stay, each with the time of its own run.
  - Follows no link in O(folder). A file there that is no part of the report is told, and the others are shown.
  - Control characters, and those that change the direction of writing, are shown as C(\x1b) or C(\u202e).
  - Opens no connection.
options:
  folder:
    description:
      - Folder on the controller; made where it does not exist.
      - Left out, C(report) in the folder C(netstack_state), and C(report) in the current folder where that is not set
        or a URL.
    type: path
  changes:
    description: What the run changes on this host, a text for each.
    type: list
    elements: raw
    default: []
  diffs:
    description: Differences, as text.
    type: list
    elements: raw
    default: []
  failures:
    description: Findings that failed.
    type: list
    elements: raw
    default: []
  links:
    description:
      - The links of this host, as the inventory plugin derives them (C(stack_links)).
      - Each is shown with what O(seen) has of its bundle, virtual switch or ports. An end of which nothing was seen in
        this run is not verified, whatever an earlier run saw.
    type: list
    elements: raw
    default: []
  mode:
    description:
      - Mode of the report's files, which hold differences of configurations. Only the user who runs Ansible reads them.
      - A folder that is made for them can be entered by whoever may read them; one that is there keeps its mode.
    type: raw
    default: '0600'
  pending:
    description:
      - Whether something that is declared is not in service on this host.
      - A failure, except in check mode, where it is told as not verified.
    type: bool
    default: false
  probes:
    description: What M(netstack.datacenter.service_probe) returned as C(services).
    type: list
    elements: raw
    default: []
  rolled_back:
    description:
      - The run that was taken back, where one was. What is O(pending) then is no failure, since the inventory may still
        declare what was taken back; it is told as not verified.
    type: str
    default: ""
  run:
    description: Id of the run, by which a rollback names it.
    type: str
    default: ""
  seen:
    description:
      - What a verification looked at (C(seen) of the result of M(netstack.datacenter.junos_lag) or
        M(netstack.datacenter.esxi_teaming)), each with C(text), C(objects), C(good) and C(host).
    type: list
    elements: raw
    default: []
  services:
    description: The services of this host, as the inventory plugin derives them (C(stack_services)).
    type: list
    elements: raw
    default: []
  unverified:
    description: What could not be verified, each with its reason.
    type: list
    elements: raw
    default: []
  vips:
    description: What M(netstack.datacenter.vip_holder) returned as C(holders).
    type: dict
    default: {}
  waived:
    description: Rules that the site waives, each with its reason.
    type: list
    elements: raw
    default: []
  warnings:
    description: Findings that do not fail.
    type: list
    elements: raw
    default: []
attributes:
  check_mode:
    description: The report is written in check mode too; it is a file of the controller, not a setting of a device.
    support: full
  diff_mode:
    description: A report has no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Write the report
  netstack.datacenter.stack_report:
    folder: report
    services: "{{ stack_services }}"
    vips: "{{ vip_holders.holders }}"

- name: Write the part of a switch
  netstack.datacenter.stack_report:
    folder: report
    links: "{{ stack_links }}"
    seen: "{{ junos_lag_verified.seen }}"
"""

RETURN = r"""
page:
  description: Path of the page.
  returned: success
  type: str
  sample: /srv/site/report/index.html
"""
