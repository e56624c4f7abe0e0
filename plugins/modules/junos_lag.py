#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action junos_lag; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: junos_lag
short_description: Bundles, VLANs and ports of a Juniper EX, in one transaction that takes itself back
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Brings all declared bundles (aggregated ethernet), plain ports and VLANs of one switch to what is declared, on
    switches with and without ELS, over NETCONF by PyEZ, in the controller's process.
  - Where nothing is to do, nothing is locked or committed. A change is locked exclusively, loaded in one piece,
    checked, and committed with C(commit confirmed); a fresh session then verifies the bundles by LACP's flags of both
    ends, their links and their members; only then the commit is confirmed and read back. Any failure takes all of it
    back, with the switch's own words. A controller that dies leaves the switch in its old state, at the latest after
    O(confirm_minutes).
  - While a confirmed commit of anybody is pending, nothing is done, in check mode neither, because even a C(commit
    check) would confirm it. Its owner and the time that it has left are reported.
  - A port that becomes a member link is cleaned of what keeps it from joining (units, MTU, tagging, its places in
    spanning tree, VLANs, C(ethernet-switching-options) and interface ranges); all of that is in the diff.
    Configuration of other kinds on it (class-of-service, 802.1X, PoE, routed families) is listed and needs
    O(consent).
  - What is not asked for is not touched. A field that is left out keeps its value.
  - A switch is judged by what takes effect, with interface ranges and configuration groups put in; what is inactive
    counts as not there. O(state=deleted) takes an inactive bundle that it names along; O(state=overridden) leaves one
    that is not declared, tells it in a warning, and does not lower device-count below it. Written is to the objects.
    Of a range only the list of its ports is edited; where that is needed, a port leaves it and gets all else that the
    range gave it, which the warnings and the diff tell. What cannot be said at an object is refused with the name of
    its range or group. After the load the candidate is read as it would take effect, and a difference from what is
    wanted is refused.
  - The port is 830 where none is given. Of the SSH arguments and of C(~/.ssh/config) are read C(ProxyJump),
    C(ProxyCommand), C(User), C(Port), C(IdentityFile), C(UserKnownHostsFile) and C(StrictHostKeyChecking); keys of the
    agent are offered.
extends_documentation_fragment:
  - netstack.datacenter.connection
requirements:
  - junos-eznc >= 2.8.0
options:
  state:
    description:
      - V(merged) adds to what there is and sets what is given. A trunk keeps the VLANs and a bundle the members that
        it has.
      - V(replaced) makes the declared bundles and ports exact and writes nothing that is not declared. What is left out
        of C(description), C(payload_mtu), C(periodic), C(minimum_links), C(link_speed) goes, and so do VLANs that are
        neither C(untagged) nor C(tagged), members that are not in C(members), with the descriptions of their own, and
        all of LACP where C(lacp) is C(none).
      - With V(replaced) an object of which neither C(mode) nor a VLAN is declared loses its VLANs and is no switched
        port any more; one in the default VLAN stays as it is. Left as it is are C(disable), C(member_descriptions) and
        the edge port where C(peer) is left out, everything of a VLAN that is not given, and all statements that no
        option has a name for.
      - V(overridden) also removes bundles that are not declared, and lowers device-count.
      - V(deleted) removes the named objects and leaves clean ports. A VLAN that is used stays, with a finding.
      - V(gathered) reads only. With objects it also computes the difference, see O(plan_for).
      - V(rendered) gives the load and the commands without a switch; O(running_config) may be what it has.
      - V(parsed) reads O(running_config).
      - V(verified) reads only, and fails unless the switch has what is declared and every declared bundle works. Of
        plain ports it tells which have a link.
      - V(confirmed) and V(abandoned) settle a commit that O(hold) left pending, see O(token).
      - V(restored) puts back what the commits of O(run_id) replaced, if they are the newest ones, by a confirmed
        commit. A run that has no commit in the switch's history did not change it, and nothing is done.
    type: str
    choices:
      - merged
      - replaced
      - overridden
      - deleted
      - gathered
      - rendered
      - parsed
      - verified
      - confirmed
      - abandoned
      - restored
    default: merged
  vlans:
    description:
      - VLANs by name, a mapping. Keys are C(id), C(description) and C(l3_interface). Only a VLAN that the switch has
        already can be without C(id).
      - For O(state=deleted) a list of names will do, here and below.
    type: raw
  bundles:
    description:
      - Bundles by name (C(ae0) to C(ae127), further where O(model) has more), a mapping.
      - C(members) are the ports. C(lacp) is C(active), C(passive) or C(none) (static) and always has to be said,
        because Junos takes a missing mode for passive. C(periodic) is C(slow) or C(fast); left out it
        is not written, and a switch of which nobody said it asks for C(fast).
      - C(system_priority) is LACP's C(system-priority) of the bundle, 0 to 65535, of which the lower end decides which
        links are used. Left out it is left as it is in every state.
      - C(minimum_links), C(link_speed), C(description), and C(member_descriptions) by port.
      - C(disabled_members) are the members that are disabled (C(set interfaces PORT disable), no light at both ends);
        the others are enabled then, and a verification does not demand the disabled ones. Left out, C(disable) is left
        as it is in every state, and where somebody disabled a member the verification names it.
      - C(payload_mtu) in octets, as hosts count it, up to 9202, on a trunk 9198. Junos's mtu is derived, 14 octets
        more, and 18 on a trunk and beside C(vlan-tagging) or C(flexible-vlan-tagging).
      - C(mode) is C(access) or C(trunk); left out, C(tagged) makes a trunk and C(untagged) alone an access port, but no
        access port of what is a trunk now, that is refused. C(untagged) is the VLAN of an access port, or the native
        VLAN of a trunk (an empty text for none); C(tagged) are the VLANs of a trunk, by name, by id, as a range of ids
        (C(257-259)) or V(all).
      - C(peer) is the kind of the far end and decides about the edge port of RSTP or MSTP, if the switch runs it.
        C(host) (edge), C(switch) (no edge), C(external) (left alone), or a kind of the site, each one of these.
    type: raw
  ports:
    description:
      - Ports without a bundle by name, a mapping. Keys are C(description), C(payload_mtu), C(mode), C(untagged),
        C(tagged) and C(peer), as in O(bundles), and C(disabled), which is left as it is where it is not said.
    type: raw
  links:
    description:
      - The links of the switch, as the inventory plugin derives them (C(stack_links)).
      - With O(state=gathered) and O(state=restored) the plan tells its changes by link.
    type: list
    elements: dict
    default: []
  plan_for:
    description: The state for which O(state=gathered) and O(state=verified) compute the difference.
    type: str
    choices: [merged, replaced, overridden, deleted]
    default: merged
  style:
    description: V(auto) asks the switch. It is needed for O(state=rendered).
    type: str
    choices: [auto, els, nonels]
    default: auto
  model:
    description:
      - Model, such as V(ex4200-48t), for the limits on members and bundles. Left out, the switch is asked where it
        matters.
    type: str
  release:
    description: Release of Junos, for the same.
    type: str
  stp:
    description:
      - Where C(edge) is written. V(auto) takes the one that the switch runs; if it runs neither, spanning tree is
        left alone.
    type: str
    choices: [auto, rstp, mstp, none]
    default: auto
  device_count:
    description: The least C(chassis aggregated-devices ethernet device-count). It always is above the highest bundle.
    type: int
  limits:
    description: Limits that replace those of the model.
    type: dict
    suboptions:
      members:
        description: Members of a bundle.
        type: int
      lags:
        description: Bundles of the switch.
        type: int
  consent:
    description:
      - V(foreign) to change ports that carry configuration of other kinds.
      - V(management) to change the port through which the controller reaches the switch.
    type: list
    elements: str
    choices: [foreign, management]
    default: []
  management_ports:
    description: The ports through which the controller reaches the switch. Left out, address, route and MAC table tell.
    type: list
    elements: str
    default: []
  management_vlan:
    description: The VLAN through which the controller reaches the switch; every port that carries it counts.
    type: str
  confirm_minutes:
    description: Minutes after which the switch takes the commit back by itself.
    type: int
    default: 5
  hold:
    description:
      - Leave the commit pending after its verification and return RV(token), for work that spans devices.
      - Until it is settled no session holds the lock. Any commit, and any commit check, of anybody confirms it; a
        commit shows in the history and makes O(state=confirmed) and O(state=abandoned) refuse, a commit check does
        not show.
    type: bool
    default: false
  token:
    description: What a task with O(hold) returned. It is refused unless it names the newest commit.
    type: dict
    suboptions:
      time:
        description: The switch's time of the commit, in seconds since 1970.
        type: int
        required: true
      comment:
        description: The commit's comment.
        type: str
        required: true
  run_id:
    description: Written into the commit's comment.
    type: str
    default: ""
  ticket:
    description: Written into the commit's comment.
    type: str
    default: ""
  synchronize:
    description:
      - Whether to C(commit synchronize). V(auto) does so where the configuration shows more than one virtual chassis
        member.
    type: str
    choices: [auto, always, never]
    default: auto
  rescue:
    description: Whether to save the rescue configuration before the change. V(missing) keeps one that there is.
    type: str
    choices: [missing, always, never]
    default: missing
  verify:
    description: What must hold before the commit is confirmed.
    type: dict
    default: {}
    suboptions:
      links:
        description:
          - Whether changed bundles must be up, with LACP's flags right on both ends. Otherwise only the fresh session
            counts.
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
      command:
        description: Command of the controller, word by word, that must exit with 0, such as a ping.
        type: list
        elements: str
        default: []
  running_config:
    description:
      - A configuration as C(show configuration | display xml) or C(| display set) gives it. Braces, JSON and anything
        else are refused. The XML tells more; for O(state=rendered) a line in set form that names a port in a place that
        is not known is refused.
    type: str
  timeouts:
    description: Seconds to wait for the switch.
    type: dict
    default: {}
    suboptions:
      connect:
        description: For the connection and the login, however slowly the answers come.
        type: int
        default: 30
      rpc:
        description: For a reply.
        type: int
        default: 60
      commit:
        description: For a commit or a commit check.
        type: int
        default: 300
attributes:
  check_mode:
    description:
      - Locks, loads, runs a real commit check, throws the candidate away and unlocks. Nothing remains.
    support: full
  diff_mode:
    description: Shows the switch's own comparison; with O(state=gathered) the commands.
    support: full
"""

EXAMPLES = r"""
- name: A static bundle to an ESX host, whose management is untagged on a trunk
  netstack.datacenter.junos_lag:
    vlans:
      server_vlan1: {id: 10}
    bundles:
      ae0:
        members: [ge-0/0/0, ge-1/0/0]
        lacp: none
        mode: trunk
        untagged: server_vlan1
        peer: esxi_vss

- name: A LACP bundle to a filer, exactly so
  netstack.datacenter.junos_lag:
    state: replaced
    bundles:
      ae1:
        members: [ge-0/0/2, ge-0/0/3]
        lacp: active
        periodic: slow
        payload_mtu: 9000
        tagged: [nfs, iscsi]
        peer: ontap
    ticket: CHG0012345

- name: These bundles and no others
  netstack.datacenter.junos_lag:
    state: overridden
    bundles: "{{ bundles }}"
    consent: [foreign]

- name: Take a bundle away
  netstack.datacenter.junos_lag:
    state: deleted
    bundles: [ae1]

- name: See what would change, without even a commit check
  netstack.datacenter.junos_lag:
    state: gathered
    bundles: "{{ bundles }}"
  register: seen

- name: Change the switch, and confirm only when the host has followed
  netstack.datacenter.junos_lag:
    bundles: "{{ bundles }}"
    hold: true
    confirm_minutes: 10
    verify: {links: false}
  register: held

- name: Confirm it
  netstack.datacenter.junos_lag:
    state: confirmed
    token: "{{ held.token }}"

- name: Or take it back
  netstack.datacenter.junos_lag:
    state: abandoned
    token: "{{ held.token }}"

- name: Prove that the bundles work, on both ends
  netstack.datacenter.junos_lag:
    state: verified
    bundles: "{{ bundles }}"

- name: Put back what the run replaced
  netstack.datacenter.junos_lag:
    state: restored
    run_id: nightly-17

- name: Render for a switch that is not there yet
  netstack.datacenter.junos_lag:
    state: rendered
    style: els
    bundles: "{{ bundles }}"
    vlans: "{{ vlans }}"

- name: Read a saved configuration
  netstack.datacenter.junos_lag:
    state: parsed
    running_config: "{{ lookup('ansible.builtin.file', 'ex1.xml') }}"
"""

RETURN = r"""
before:
  description: VLANs, bundles and plain switched ports of the switch before the change, in the shape of the options.
  returned: when a difference is computed
  type: dict
  sample:
    bundles: {}
    ports: {ge-0/0/1: {mode: access}, ge-0/0/2: {mode: access}}
    vlans: {}
after:
  description: The same after the change; in check mode what it would be.
  returned: when a difference is computed
  type: dict
  sample:
    bundles:
      ae0:
        lacp: active
        members: [ge-0/0/1, ge-0/0/2]
        mode: trunk
        payload_mtu: 9000
        peer: host
        periodic: slow
        tagged: []
        untagged: server
    ports: {}
    vlans: {server: {id: 10}}
commands:
  description: The change in set form.
  returned: when a difference is computed
  type: list
  elements: str
  sample:
    - delete interfaces ge-0/0/1 unit
    - set vlans server vlan-id 10
    - set interfaces ge-0/0/1 ether-options 802.3ad ae0
    - set interfaces ae0 aggregated-ether-options lacp active
    - set chassis aggregated-devices ethernet device-count 1
diff:
  description: The switch's own comparison of the candidate, in C(prepared).
  returned: always, empty where nothing is to do
  type: dict
  sample:
    prepared: "[edit vlans]\n+   server {\n+       vlan-id 10;\n+   }\n"
verified:
  description: What was seen before the commit was confirmed, and after.
  returned: after a change
  type: list
  elements: str
  sample:
    - a fresh NETCONF session opened
    - "ae0: up with ge-0/0/1, ge-0/0/2 (LACP flags of both ends)"
    - the committed configuration is the wanted one
seen:
  description:
    - The same as data, and what is wrong, each with its C(text), whether it is C(good), the C(objects) that it is
      about, which are none for the switch as a whole, and the C(host) where a vCenter was asked.
  returned: when O(state=verified)
  type: list
  elements: dict
  sample:
    - text: "ae0: up with ge-0/0/1, ge-0/0/2 (LACP flags of both ends)"
      objects: [ae0]
      good: true
      host: ""
failures:
  description: What is wrong, each naming bundle, port, end and flag, or a command that is missing.
  returned: when the verification failed
  type: list
  elements: str
  sample: ["ae0: ge-0/0/2: the link is down."]
undone:
  description: Comments of the commits that were undone, newest first.
  returned: when O(state=restored)
  type: list
  elements: str
  sample: [netstack.datacenter run r1 bc8d2508 confirmed, netstack.datacenter run r1 bc8d2508]
token:
  description: Names the commit that was made; with O(hold) it awaits O(state=confirmed) or O(state=abandoned).
  returned: after a change
  type: dict
  sample: {comment: netstack.datacenter run r1 bc8d2508, time: 1795255226}
rescue_saved:
  description: Whether the rescue configuration was saved.
  returned: after a change
  type: bool
  sample: true
style:
  description: Style of the switch.
  returned: for states that read a configuration
  type: str
  sample: nonels
gathered:
  description: VLANs, bundles and plain switched ports of the switch.
  returned: when O(state=gathered)
  type: dict
  sample:
    bundles: {}
    ports: {}
    vlans: {server: {id: 10}}
plan:
  description:
    - The computed difference, with C(changed), C(changes) (what comes, changes or goes, in words), C(before), C(after),
      C(commands), C(notes), and C(findings) that a change would be refused for.
    - C(by_link) has the changes of each of O(links), C(device) those of the switch as a whole, C(unlinked) those of
      objects that belong to no link. Each has C(kind), C(side), C(object), C(item) (the VLAN that is meant), C(before),
      C(after), and whether it is C(neutral) for the other end, which may then stay as it is.
    - With O(state=restored) it has C(changed), C(by_link), C(device) and C(unlinked) alone.
  returned: when O(state=gathered) and objects are given, and when O(state=restored)
  type: dict
  sample:
    changed: true
    changes: [VLAN lan]
    commands: [set vlans lan vlan-id 11]
    findings: []
    notes: []
    by_link:
      esx1-lan: [{kind: vlan_id, side: switch, object: ae0, item: lan, before: 10, after: 11, neutral: false}]
    device: [{kind: vlan_id, side: switch, object: lan, item: "", before: 10, after: 11, neutral: false}]
    unlinked: []
runs:
  description: Ids of the runs that have commits in the switch's history, oldest first.
  returned: when O(state=gathered)
  type: list
  elements: str
  sample: [nightly-17]
pending:
  description: Owner and time left of a pending confirmed commit; empty where there is none.
  returned: when O(state=gathered)
  type: str
  sample: ""
rendered:
  description: The change as one XML load.
  returned: when O(state=rendered)
  type: str
  sample: "<configuration>\n <vlans>\n  <vlan>\n   <name>server</name>\n  </vlan>\n </vlans>\n</configuration>\n"
parsed:
  description: The given configuration in the shape of the options.
  returned: when O(state=parsed)
  type: dict
  sample:
    bundles: {}
    ports: {}
    vlans: {server: {id: 10}}
findings:
  description: Why it was refused, one line for each reason.
  returned: when refused
  type: list
  elements: str
  sample:
    - "bundles.ae0: lacp is not said [LACP_MISSING]. Junos takes a missing mode for passive, and two passive ends
      never come up. Say active, passive, or none for a static bundle."
"""
