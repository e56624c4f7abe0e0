#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the nodes of a pair say to one another, from the peer alone, as one transaction."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vip_firewall
short_description: Take VRRP, health and HAProxy's peers from the other node alone
version_added: 0.2.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Keeps a table of nftables, C(inet netstack_vip), with one chain. VRRP is accepted on the interfaces of O(instances)
    and from the peers only; TCP to the ports of the health listener and of O(ports) from the peers and this host alone.
  - Nothing else is in it. What it does not drop goes on to the rules of others, which are never touched, so it can
    neither open what they close nor lock out SSH.
  - C(/etc/netstack/vip-firewall.nft) is loaded by the unit C(netstack-vip-firewall.service) at boot, and by a drop-in
    of C(nftables.service) whenever that has emptied the kernel's rules. nft judges and loads it as a whole.
    What it replaces is saved; where it cannot be loaded the former rules are back.
  - A host of the same link that sends with a peer's address passes, as it does keepalived's own checks.
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) brings the rules into force, V(absent) removes table, file and unit.
      - V(restored) puts the newest backup back, or that of O(run_id).
    type: str
    choices: [present, absent, restored]
    default: present
  instances:
    description:
      - VRRP instances by name, as M(netstack.datacenter.vip) takes them; C(interface) and C(unicast_peers) are used.
    type: dict
    default: {}
  health:
    description: HAProxy's health listener, as M(netstack.datacenter.vip) takes it; C(enabled) and C(port) are used.
    type: dict
    default: {}
  peer_health:
    description: Health listeners of the other nodes, as M(netstack.datacenter.vip_move) takes them; C(address) is used.
    type: list
    elements: dict
    default: []
  peers:
    description: Further addresses of the other nodes. Needed where adverts are multicast.
    type: list
    elements: str
    default: []
  ports:
    description: Further TCP ports that only the other nodes may reach, such as that of HAProxy's peers.
    type: list
    elements: int
    default: []
  run_id:
    description: What ties this change's backup to a run, see O(state=restored).
    type: str
    default: ""
attributes:
  check_mode:
    description: Predicts exactly what a run does. nft, where installed, judges in check mode too.
    support: full
  diff_mode:
    description: Shows the files.
    support: full
"""

EXAMPLES = r"""
- name: Take what the nodes say to one another from the other node alone
  netstack.datacenter.vip_firewall:
    instances: "{{ vip_instances }}"
    peer_health: "{{ vip_peer_health }}"
    ports: [10000]

- name: Take the rules away
  netstack.datacenter.vip_firewall:
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [write, enable, load]
backup:
  description: Generation that keeps what was replaced, empty when nothing was.
  returned: success
  type: str
  sample: 0001-20261121T091500Z
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.options.vip_firewall import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import Outcome, RejectedError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.firewall import declared, render_rules
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.firewall_host import FirewallHost
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError


def transaction_of(module: AnsibleModule) -> Transaction:
    """Return where what is replaced is kept. A firewall gives nothing back when it is taken away."""
    keep = retention.keep_of(module.params["backup_keep"])
    return Transaction("vip_firewall", module.params["run_id"], keep=keep, is_ours=retention.all_files)


def work(module: AnsibleModule, transaction: Transaction) -> Outcome:
    """Do what is asked."""
    nft = module.get_bin_path("nft", opt_dirs=["/usr/sbin"])
    host = FirewallHost(module.run_command, nft, transaction, module.check_mode)
    if module.params["state"] == "present":
        return host.present(render_rules(declared(module.params)))
    return host.absent() if module.params["state"] == "absent" else host.restored()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        transaction = transaction_of(module)
        outcome = work(module, transaction)
    except VipError as error:
        module.fail_json(msg=f"The firewall of the pair cannot be configured:\n{error}", faults=error.faults)
    except (RejectedError, CommandError, OSError) as error:
        module.fail_json(msg=str(error))
    retention.keep_house(module, transaction)
    action = (["write"] if outcome.changes else []) + outcome.actions
    module.exit_json(changed=outcome.changed, diff=outcome.diff(), action=action, backup=outcome.backup)


if __name__ == "__main__":
    main()
