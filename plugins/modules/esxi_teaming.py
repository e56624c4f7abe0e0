#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action esxi_teaming; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esxi_teaming
short_description: Standard virtual switches, port groups and NIC teaming of ESXi, field by field
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Brings the declared standard virtual switches and port groups of one ESXi host, or of many hosts of one vCenter, to
    what is declared, over the vSphere API by pyVmomi, in the controller's process, or over SSH by C(esxcli).
  - One login for each host or vCenter and task; the networking of all hosts is read in one paged call; each object that
    changes is changed by one call. Changes of the virtual switch that carries management go in one
    C(UpdateNetworkConfig).
  - What is not asked for is not touched. The host's own specification is read, changed in the fields that are given and
    sent back, so that beacon, link discovery, ports, shaping and everything else stay.
  - IP hash that cannot work is refused with its source (VMware KB 1001938, KB 1022751), also where the host's own
    values or a port group that is not declared make it so. The port group C(Management Network) of a fresh installation
    has a teaming of its own, which a change of its virtual switch does not reach.
  - A change that may leave the host's management without a working uplink is refused without O(consent). After such a
    change a fresh session reads back what the host computed. Where the connection breaks, the host is looked for during
    O(timeouts.back); what it has then is told, and what is neither old nor new is put back.
  - Over the API the port is 443 where none is given, and keys, jump hosts and other SSH arguments are of no use; a jump
    that a variable of the host names is warned of. Over SSH all of them are handed to OpenSSH's client, and keys of the
    agent are offered. Certificates and host keys are verified.
extends_documentation_fragment:
  - netstack.datacenter.connection
requirements:
  - pyvmomi >= 8.0.3.0.1 (over the API)
  - OpenSSH's client, 8.4 or newer where a password is used (over SSH)
options:
  state:
    description:
      - V(merged) sets what is given.
      - V(replaced) makes the declared objects exact; fields that are left out get their defaults, and those of a port
        group are inherited.
      - V(overridden) also removes virtual switches and port groups that are not declared.
      - V(deleted) removes the named objects. Whatever is in use stays, with a finding.
      - V(gathered) reads only. With objects it also computes the difference, see O(plan_for).
      - V(rendered) gives the commands without a host; O(running_config) may be what it has.
      - V(parsed) reads O(running_config).
      - V(verified) reads only, and fails unless the host has what is declared, computes its policies so, and has link
        on the uplinks of the declared virtual switches.
      - V(restored) puts back O(restore_point), or what the run O(run_id) kept in O(restore_dir).
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
      - restored
    default: merged
  vswitches:
    description:
      - Standard virtual switches by name, a mapping. For O(state=deleted) a list of names will do, here and below.
      - A new one is made without a policy, read back and then changed, for hosts refuse a new one with a part of a
        policy. Its C(security) is what the host's release gives it, but for what is declared. Its name has 1 to 32
        characters and no slash (ESXi 7.0.2 and later refuse one).
      - C(uplinks) are the physical NICs; one that is added becomes active unless C(teaming) says otherwise, one that
        goes leaves all orders. C(mtu) is the payload in octets, 1280 to 9000.
      - C(teaming) has C(load_balancing) (C(loadbalance_ip) (IP hash), C(loadbalance_srcid) (port ID),
        C(loadbalance_srcmac) or C(failover_explicit)), C(failure_detection) (C(link_status) or C(beacon_probing)),
        C(notify_switches), C(failback), C(active_uplinks) and C(standby_uplinks). An uplink in neither list is unused.
      - C(security) has C(promiscuous), C(mac_changes) and C(forged_transmits).
      - C(bundle) says what the far end is, C(mode) C(static) or C(none), and how many C(ports) it has. It is judged and
        never written.
    type: raw
  port_groups:
    description:
      - Port groups by name, a mapping. C(vswitch) is needed for a new one. C(vlan) is 0 (untagged) to 4095 (all tags).
      - C(teaming) and C(security) as in O(vswitches), only the fields that differ from the virtual switch's, or the
        word C(inherit) for none.
      - Over SSH C(inherit) is C(--use-vswitch) of C(esxcli network vswitch standard portgroup policy), after which the
        port group's other own values are set again. That option is known from public scripts and from PowerCLI, not
        from a document of VMware. What came of it is read back, and put back where the host took it otherwise; then
        declare the virtual switch's values instead.
    type: raw
  vmkernel:
    description:
      - VMkernel interfaces by name, a mapping. They are read and judged, and not made or changed; one that is not named
        is not looked at. IPv6 addresses are not read.
      - C(address) is an IPv4 address, with the length of its prefix behind a slash where that is judged too. C(mtu) is
        the payload that its VLAN carries. C(vlans) has the virtual switches on which it may be, each with the VLAN id
        of its port group there, 0 for untagged frames. C(management) says that it carries the management of the host.
      - What a port group and a virtual switch have is judged as it is after the change. An interface that is missing,
        has another address or VLAN, is on another virtual switch, or has a larger MTU than its VLAN or its virtual
        switch is a warning of a plan and of a change, and fails O(state=verified). A smaller MTU than that of its VLAN
        is a warning. Where the one with C(management) is missing, in another VLAN or on another virtual switch, the
        change is refused.
    type: raw
  hosts:
    description:
      - Hosts of a vCenter by its name for them, each with C(vswitches), C(port_groups) and C(vmkernel). Then the
        connection goes to the vCenter. The first label of a name will do where only one host has it.
      - A host that is away, that the user has no rights on, or that refuses its change keeps no other from its own; see
        RV(outcomes). The task fails all the same. It goes no further where the change itself may be to blame. That is
        when vCenter has to take it back, or when it is not known what a host has after it.
    type: raw
  hosts_left_out:
    description:
      - Names of O(hosts) that are left as they are and not even read, such as one that is away. A warning names each.
      - Case does not matter, and the first label will do. A name that is none of O(hosts) is warned of.
    type: list
    elements: str
    default: []
  links:
    description:
      - The links of the host, or of the hosts of a vCenter, as the inventory plugin derives them (C(stack_links)).
      - With O(state=gathered) and O(state=restored) the plan tells its changes by link.
    type: list
    elements: dict
    default: []
  plan_for:
    description: The state for which O(state=gathered) and O(state=verified) compute the difference.
    type: str
    choices: [merged, replaced, overridden, deleted]
    default: merged
  transport:
    description:
      - V(ssh) for hosts whose licence allows no change over the API, or whose API does not answer.
    type: str
    choices: [api, ssh]
    default: api
  consent:
    description: V(management) to change the way to the host in one step.
    type: list
    elements: str
    choices: [management]
    default: []
  management_interface:
    description:
      - The VMkernel interface that carries management; with O(hosts) one name for all of them.
      - Left out, each host is asked which ones are selected for management (C(virtualNicManagerInfo), over the API).
        All of them are guarded, with the one that has the address of the host. Where neither is known, C(vmk0) is
        taken, and a note says so.
    type: str
  ca_file:
    description: Certificates of authorities in PEM, instead of those that the controller trusts.
    type: path
  validate_certs:
    description: Whether to verify the certificate and its name.
    type: bool
    default: true
  tls_fingerprint:
    description:
      - The SHA-256 of the one certificate that is taken, as C(openssl x509 -noout -fingerprint -sha256) prints it. It
        is compared before anything is sent, and O(ca_file) and O(validate_certs) are not asked then. SHA-1 is refused.
      - Left out, an authority has to vouch for the certificate.
    type: str
  verify:
    description: What O(state=verified) demands.
    type: dict
    default: {}
    suboptions:
      links:
        description: Whether the active and standby uplinks of the declared virtual switches must have link.
        type: bool
        default: true
  restore_point:
    description: What a task returned as RV(restore_point).
    type: dict
  restore_dir:
    description:
      - Folder on the controller in which a run with O(run_id) keeps what it replaces, before it changes anything.
    type: path
  run_id:
    description: Names the run in O(restore_dir).
    type: str
    default: ""
  running_config:
    description:
      - A copy of the host's console with C(esxcli network vswitch standard list), C(esxcli network vswitch standard
        portgroup list), C(esxcli network nic list), C(esxcli network ip interface list), C(esxcli network ip interface
        ipv4 get), and C(policy failover get) and C(policy security get) of each virtual switch and port group; commands
        and what they print, as text or JSON. A line that does not fit is refused with its number.
      - Of an ESX(i) 4 C(vim-cmd hostsvc/net/info), or C(esxcfg-vswitch -l), C(esxcfg-nics -l) and C(esxcfg-vmknic -l),
        which tell no policies; C(vim-cmd hostsvc/net/vswitch_info) adds those of the virtual switches.
    type: str
  timeouts:
    description: Seconds to wait for the host.
    type: dict
    default: {}
    suboptions:
      connect:
        description: For the connection, and for each answer until the login.
        type: int
        default: 30
      call:
        description: For an answer.
        type: int
        default: 60
      back:
        description: For a host that does not answer after a change of its management.
        type: int
        default: 90
attributes:
  check_mode:
    description: Reads and computes the difference, with all refusals; nothing is sent.
    support: full
  diff_mode:
    description: Shows the objects that change, in the shape of the options.
    support: full
"""

EXAMPLES = r"""
- name: The host's half of a static bundle, management included
  netstack.datacenter.esxi_teaming:
    vswitches:
      vSwitch0:
        uplinks: [vmnic0, vmnic1]
        teaming: {load_balancing: loadbalance_ip, failure_detection: link_status}
        bundle: {mode: static, ports: 2}
    port_groups:
      Management Network: {vlan: 0, teaming: inherit}
    consent: [management]

- name: Jumbo frames and a VLAN, exactly so
  netstack.datacenter.esxi_teaming:
    state: replaced
    vswitches:
      vSwitch1: {uplinks: [vmnic2, vmnic3], mtu: 9000}
    port_groups:
      storage: {vswitch: vSwitch1, vlan: 40}

- name: These and no others
  netstack.datacenter.esxi_teaming:
    state: overridden
    vswitches: "{{ vswitches }}"
    port_groups: "{{ port_groups }}"

- name: Take a port group away
  netstack.datacenter.esxi_teaming:
    state: deleted
    port_groups: [storage]

- name: See what would change
  netstack.datacenter.esxi_teaming:
    state: gathered
    vswitches: "{{ vswitches }}"
    port_groups: "{{ port_groups }}"
  register: seen

- name: Hosts of a vCenter, with one login
  netstack.datacenter.esxi_teaming:
    hosts:
      esx1.example.com: {vswitches: {vSwitch1: {mtu: 9000}}}
      esx2.example.com: {vswitches: {vSwitch1: {mtu: 9000}}}
    ca_file: /etc/ssl/certs/vc1-ca.pem

- name: A host with the free licence
  netstack.datacenter.esxi_teaming:
    transport: ssh
    vswitches:
      vSwitch1: {teaming: {load_balancing: loadbalance_ip}}
  register: done

- name: Put back what that replaced
  netstack.datacenter.esxi_teaming:
    state: restored
    transport: ssh
    restore_point: "{{ done.restore_point }}"

- name: Prove that the host has it and that the uplinks have link
  netstack.datacenter.esxi_teaming:
    state: verified
    vswitches: "{{ vswitches }}"
    port_groups: "{{ port_groups }}"

- name: Render the commands for the console
  netstack.datacenter.esxi_teaming:
    state: rendered
    transport: ssh
    vswitches: "{{ vswitches }}"
    port_groups: "{{ port_groups }}"

- name: Read the copy of a console
  netstack.datacenter.esxi_teaming:
    state: parsed
    running_config: "{{ lookup('ansible.builtin.file', 'esx1.txt') }}"
"""

RETURN = r"""
before:
  description:
    - Virtual switches and port groups of the host before the change, in the shape of the options; with O(hosts) by host
      below C(hosts), here and below.
  returned: when a difference is computed
  type: dict
  sample:
    vswitches:
      vSwitch1:
        uplinks: [vmnic2, vmnic3]
        mtu: 1500
        teaming:
          load_balancing: loadbalance_srcid
          failure_detection: link_status
          notify_switches: true
          failback: true
          active_uplinks: [vmnic2, vmnic3]
          standby_uplinks: []
        security: {promiscuous: false, mac_changes: true, forged_transmits: true}
    port_groups:
      vmotion: {vswitch: vSwitch1, vlan: 30, teaming: inherit, security: inherit}
after:
  description: The same after the change; in check mode what it would be.
  returned: when a difference is computed
  type: dict
  sample:
    vswitches: {vSwitch1: {mtu: 9000}}
    port_groups: {}
commands:
  description: The calls of the API with the fields that they change, or the lines of esxcli.
  returned: when a difference is computed
  type: list
  elements: str
  sample:
    - "UpdateVirtualSwitch vSwitch1: teaming.load_balancing loadbalance_srcid -> loadbalance_ip"
diff:
  description: The objects that change, before and after.
  returned: when a difference is computed
  type: dict
  sample: {before: {port_groups: {}, vswitches: {}}, after: {port_groups: {}, vswitches: {}}}
verified:
  description: What was read back after the change, or what O(state=verified) found good.
  returned: after a change, and with O(state=verified)
  type: list
  elements: str
  sample: ["read back: the host has what was sent"]
seen:
  description:
    - The same as data, and what is wrong, each with its C(text), whether it is C(good), the C(objects) that it is
      about, which are none for the host as a whole, and the C(host) where a vCenter was asked.
  returned: when O(state=verified)
  type: list
  elements: dict
  sample:
    - {text: "vSwitch1: link on vmnic2, vmnic3", objects: [vSwitch1], good: true, host: ""}
restore_point:
  description: What the change replaced, for O(restore_point); null for an object that it made.
  returned: when a difference is computed
  type: dict
  sample: {port_groups: {}, vswitches: {vSwitch1: {mtu: 1500}}}
outcomes:
  description:
    - What became of each host of a vCenter by name. C(outcome) is C(changed) (in check mode and with O(state=gathered)
      it would be), C(unchanged), C(failed), C(not begun) or C(left out), and C(reason) says why it failed.
  returned: with O(hosts)
  type: dict
  sample:
    esx1.example.com: {outcome: changed, reason: ""}
    esx2.example.com: {outcome: failed, reason: "vCenter says of esx2.example.com: notResponding."}
recovery:
  description:
    - Lines of esxcli that put the host back from its own console, port groups included. Through a vCenter the lines of
      each host stand below its name.
  returned: when it is not known what a host has after a failure
  type: list
  elements: str
  sample: [esxcli network vswitch standard policy failover set --vswitch-name=vSwitch0 --load-balancing=portid]
gathered:
  description: Virtual switches and port groups of the host.
  returned: when O(state=gathered)
  type: dict
  sample: {port_groups: {}, vswitches: {}}
computed:
  description: Teaming and security that take effect in each port group, as the host computes them.
  returned: when O(state=gathered)
  type: dict
  sample: {vmotion: {security: {promiscuous: false}, teaming: {load_balancing: loadbalance_ip}}}
nics:
  description: Physical NICs with their MAC address and the speed of their link in Mbit/s (0 without link).
  returned: when O(state=gathered)
  type: dict
  sample: {vmnic2: {mac: "00:50:56:00:01:02", speed: 1000}}
vmkernel:
  description:
    - VMkernel interfaces. C(distributed_port) is where one is that is on a distributed switch, C(prefix) or C(mtu)
      null what the host does not tell.
  returned: when O(state=gathered)
  type: dict
  sample:
    vmk1:
      address: 10.0.30.11
      prefix: 24
      mtu: 9000
      mac: "00:50:56:60:00:01"
      port_group: vmotion
      distributed_port: ""
      netstack: defaultTcpipStack
plan:
  description:
    - The computed difference, with C(changed), C(before), C(after), C(commands), C(notes), and C(findings) that a
      change would be refused for. C(vmkernel) has how O(vmkernel) differs, in C(refused), C(wrong) and C(hint).
    - C(by_link) has the changes of each of O(links), C(unlinked) those of virtual switches and port groups that belong
      to no link, C(device) none. Each has C(kind), C(side), C(object), C(item) (the field that is meant), C(before),
      C(after), and whether it is C(neutral) for the other end, which may then stay as it is.
    - With O(state=restored) it has C(changed), C(by_link), C(device) and C(unlinked) alone.
  returned: when O(state=gathered) and objects are given, and when O(state=restored)
  type: dict
  sample:
    changed: true
    commands: ["UpdateVirtualSwitch vSwitch1: mtu 1500 -> 9000"]
    findings: []
    notes: []
    by_link:
      esx1-nfs: [{kind: mtu_raised, side: host, object: vSwitch1, item: "", before: 1500, after: 9000, neutral: false}]
    device: []
    unlinked: []
rendered:
  description: The commands, a line each.
  returned: when O(state=rendered)
  type: str
  sample: esxcli network vswitch standard set --vswitch-name=vSwitch1 --mtu=9000
parsed:
  description: Virtual switches and port groups of O(running_config).
  returned: when O(state=parsed)
  type: dict
  sample: {port_groups: {}, vswitches: {}}
findings:
  description: What a refusal found, one entry each.
  returned: when refused
  type: list
  elements: str
  sample:
    - "vswitches.vSwitch1: IP hash with beacon probing [IP_HASH_BEACON]."
"""
