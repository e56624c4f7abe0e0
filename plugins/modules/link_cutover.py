#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action link_cutover; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: link_cutover
short_description: Change both ends of an ESXi host's links without cutting the host off
version_added: 0.2.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Brings the links between an ESXi host's standard vSwitches and Juniper EX switches to what is declared, at both
    ends, in an order in which the host's management always has a way. The inventory host is the ESXi host; each switch
    is another host of the inventory, whose connection and C(junos_lag_*) variables are used.
  - A link with two or more cables that carries the management is converted one leg at a time. From plain ports to a
    static bundle, the first leg is disabled, so that both ends see it down; the host uses the second leg alone; the
    switch makes the bundle with the first, which is enabled again; the host moves there with its final teaming; the
    second leg joins the bundle disabled; the host uses both; the second leg is enabled. The other way round it is the
    same.
  - The ports of a leg change only after they were disabled and the NICs that are declared at their other end, and no
    other NIC of the host, have lost their link. So a cable that is not where it is declared is found before anything
    depends on it, and nothing stays changed at a port of somebody else. Within a leg of several cables it does not
    matter which port has which NIC.
  - A conversion that disables no port (a VLAN that is added, the only cable of the management) proves no cable. It says
    so in the warnings.
  - After each step both ends must answer a fresh login, and a switch's commit is confirmed only then. Before the last
    step lasts, both ends are verified whole. A step that fails is taken back with all before it, in reverse order.
  - Where the two ends stand is read from the ends themselves. So a run after one that was killed goes on from there,
    and a run with nothing to do changes nothing.
  - The work is done in a process of its own session. When the playbook is killed, that process takes back what was
    done. When the whole controller dies, the host is reachable, and the next run converges; a commit that was left
    pending is taken back first. What happened is in a journal that only the user can read; no secret is in it.
  - A run with O(run_id) and O(restore_dir) can be taken back, at both ends and in the reverse order, which is as safe.
  - Links to other kinds of switches are left alone, and told in RV(left).
  - What is said of the whole play (C(remote_user), C(-u), C(-k), C(--private-key), C(ansible.cfg)) reaches both ends. A
    switch is reached by its own variables of the inventory and C(-e); C(vars) and C(port) of the play or task are those
    of the ESXi host, and so is its password.
extends_documentation_fragment:
  - netstack.datacenter.connection
requirements:
  - junos-eznc >= 2.8.0
  - pyvmomi
options:
  state:
    description:
      - V(converted) brings both ends to what is declared.
      - V(restored) takes back what the run O(run_id) did, step by step and the last one first; each step leaves the
        host reachable, and after one that fails another attempt goes on from there. What others changed since stays.
        Nothing needs to be declared. A link that was converted with consent to cut the host off is refused.
    type: str
    choices: [converted, restored]
    default: converted
  links:
    description:
      - Needed with O(state=converted).
      - The host's links, as the inventory source C(stack) derives them in C(stack_links). Keys are C(link), C(bundle)
        (C(static) or C(none)), C(lag) (the vSwitch), C(ports) (its uplinks), C(peer) (the switch), C(peer_kind),
        C(peer_lag), C(peer_ports) and C(vlans) (C(untagged), C(tagged)). C(ports[i]) is cabled to C(peer_ports[i]).
      - C(waive) is optional. C(LINK_DOWN) in it, with the reason, says that the enclosure of the host hides from the
        NIC that its port is disabled. Then no cable is proven, and the host would go on sending over a disabled port,
        so that a link with the management needs O(consent) and O(strategy=host_first).
    type: list
    elements: dict
  vswitches:
    description: The host's vSwitches, as in M(netstack.datacenter.esxi_teaming).
    type: raw
  port_groups:
    description: Its port groups, as there.
    type: raw
  teaming_state:
    description: How the host's half is meant, as O(netstack.datacenter.esxi_teaming#module:state).
    type: str
    choices: [merged, replaced]
    default: merged
  strategy:
    description:
      - V(legs) keeps the management reachable throughout, or refuses.
      - V(host_first) changes the host, then the switch (VMware KB 1001938), one step each, after each leg was disabled
        once to prove its cables. It loses frames in between, so where the management runs over the link it needs
        O(consent).
      - V(auto) is V(legs) where the management runs over the link's vSwitch, else V(host_first).
    type: str
    choices: [auto, legs, host_first]
    default: auto
  consent:
    description:
      - V(management) to convert a link in a way that cuts the host's management off for a while, where there is no
        other (one cable), and to change the port through which the controller reaches the switch.
      - V(foreign) as in M(netstack.datacenter.junos_lag).
    type: list
    elements: str
    choices: [foreign, management]
    default: []
  transport:
    description: How the host is reached, over its API or over SSH.
    type: str
    choices: [api, ssh]
    default: api
  management_interface:
    description: The VMkernel interface with the host's management. Left out, the one with the address that is reached.
    type: str
  ca_file:
    description: CA certificates that the host's certificate is verified with. Left out, the system's.
    type: path
  validate_certs:
    description: Whether to verify the host's certificate.
    type: bool
    default: true
  tls_fingerprint:
    description:
      - The SHA-256 of the one certificate that is taken, as C(openssl x509 -noout -fingerprint -sha256) prints it. It
        is compared before anything is sent, and O(ca_file) and O(validate_certs) are not asked then. SHA-1 is refused.
      - Left out, an authority has to vouch for the certificate.
    type: str
  confirm_minutes:
    description: Minutes after which a switch takes a commit back by itself when it is not confirmed.
    type: int
    default: 5
  run_id:
    description: Written into the comments of the switch's commits, and names the run that O(state=restored) takes back.
    type: str
    default: ""
  restore_dir:
    description:
      - Folder on the controller in which the steps of a run with O(run_id) are kept, for O(state=restored). Without it
        nothing is kept.
    type: path
  ticket:
    description: Written into the comments of the switch's commits.
    type: str
    default: ""
  journal_dir:
    description:
      - Directory of the journals, one file for each host. It is locked while a conversion works, so that a second one
        of the same host waits.
    type: path
    default: ~/.ansible/netstack.datacenter
  verify:
    description: What must hold at the switch before a commit is confirmed.
    type: dict
    default: {}
    suboptions:
      links:
        description: Whether changed bundles and links must be up.
        type: bool
        default: true
      timeout:
        description: Seconds to wait for that. 30 seconds of O(confirm_minutes) must remain.
        type: int
        default: 90
      interval:
        description: Longest pause between two looks, in seconds.
        type: float
        default: 2.0
      link_down_seconds:
        description:
          - Seconds in which the host's NIC must have lost its link after the port at the other end of its declared
            cable was disabled. Where it keeps it, or where another NIC of the host loses its own, the port is enabled
            again at once and the conversion is taken back. It must fit into O(confirm_minutes) together with
            O(verify.timeout).
        type: int
        default: 15
  timeouts:
    description: Seconds to wait.
    type: dict
    default: {}
    suboptions:
      connect:
        description: For a connection.
        type: int
        default: 30
      rpc:
        description: For a reply of the switch.
        type: int
        default: 60
      commit:
        description: For a commit.
        type: int
        default: 300
      call:
        description: For a reply of the host.
        type: int
        default: 60
      back:
        description: For a host that is away after a change.
        type: int
        default: 90
      other_run:
        description: For another conversion of the same host to end.
        type: int
        default: 300
attributes:
  check_mode:
    description: Reads both ends and tells the steps; nothing is locked, loaded or written.
    support: full
  diff_mode:
    description: Shows the steps and what the ends are told.
    support: full
"""

EXAMPLES = r"""
- name: Convert the links of this host
  netstack.datacenter.link_cutover:
    links: "{{ stack_links }}"
    vswitches: "{{ esxi_teaming_vswitches }}"
    port_groups: "{{ esxi_teaming_port_groups }}"
    ticket: CHG0012345

- name: Take back at both ends what a run did
  netstack.datacenter.link_cutover:
    state: restored
    run_id: nightly-17
    restore_dir: ~/.ansible/netstack/restore

- name: Convert a link with one cable, in a maintenance window
  netstack.datacenter.link_cutover:
    links: "{{ stack_links }}"
    vswitches: "{{ esxi_teaming_vswitches }}"
    port_groups: "{{ esxi_teaming_port_groups }}"
    consent: [management]
"""

RETURN = r"""
steps:
  description: The steps, in check mode those that would be made.
  returned: always
  type: list
  elements: str
  sample:
    - "esx1-lan: step 1 of 7: ex1: ge-0/0/0 disabled"
    - "esx1-lan: step 2 of 7: esx1 uses vmnic1"
    - "esx1-lan: step 3 of 7: ex1: ge-0/0/0 into ae0, ge-0/0/0 no longer disabled"
    - "esx1-lan: step 4 of 7: esx1 uses vmnic0 with its final teaming"
    - "esx1-lan: step 5 of 7: ex1: ge-0/0/1 into ae0, ge-0/0/1 disabled"
    - "esx1-lan: step 6 of 7: esx1 uses vmnic0, vmnic1 with its final teaming"
    - "esx1-lan: step 7 of 7: ex1: ge-0/0/1 no longer disabled"
commands:
  description: What the ends were told, in their own words; in check mode what each end will have been told at the end.
  returned: always
  type: list
  elements: str
  sample: ["ex1: delete interfaces ge-0/0/0 disable"]
verified:
  description: What was verified at both ends before the last step was made to last, and which cables were proven.
  returned: after a change
  type: list
  elements: str
  sample: ["ex1: ae0: up with ge-0/0/0, ge-0/0/1 (static, so links and membership only)"]
strategies:
  description: The strategy of each link that changes.
  returned: always
  type: dict
  sample: {esx1-lan: legs}
converted:
  description: The links whose both ends are changed here.
  returned: in check mode, with a link to convert or to take back
  type: list
  elements: str
  sample: [esx1-lan]
switches:
  description:
    - By switch what changes of it, C(by_link) of all its links, C(device) of the switch as a whole, and C(unlinked), as
      M(netstack.datacenter.junos_lag) describes them; C(links) has the links that are concerned.
    - A VLAN's id is the switch's, so that links of other hosts may be concerned.
  returned: in check mode, with a link to convert or to take back
  type: dict
  sample:
    ex1:
      by_link:
        esx1-lan:
          - {kind: bundle, side: switch, object: ge-0/0/1, item: "", before: null, after: ae0, neutral: false}
      device: [{kind: device_count, side: switch, object: chassis, item: "", before: null, after: 1, neutral: true}]
      unlinked: []
      links: [{link: esx1-lan, host: ex1, peer: esx1}]
left:
  description: The links that are left alone, and why.
  returned: when O(state=converted)
  type: list
  elements: str
  sample: []
journal:
  description: The file with the journal.
  returned: outside of check mode, with a link to convert
  type: str
  sample: /home/net/.ansible/netstack.datacenter/cutover-esx1.log
findings:
  description: Why it was refused, one line for each reason.
  returned: when refused before a connection
  type: list
  elements: str
  sample: []
"""
