#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual addresses of a host, as one transaction."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vip
short_description: Keep virtual addresses by keepalived, or a plain secondary address
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Renders C(keepalived.conf) and the health check of HAProxy, has keepalived judge them, saves what they replace,
    puts them in place, starts or reloads keepalived and asks the running process itself whether it took the file.
    When it did not, the former files are put back and loaded.
  - keepalived is never restarted. What is to do is found by comparing, so a run that was interrupted is finished by
    the next.
  - An address never passes from one virtual router to another. That is refused, since both nodes would hold it until
    the second one is changed too. Take it out and put it back in two runs.
  - Every instance is BACKUP at its start and does not preempt unless O(instances) says C(preempt). A check of it reads
    the lease C(/run/netstack/vip/NAME.away), by which M(netstack.datacenter.vip_move) moves it. Where keepalived runs a
    configuration of an earlier release, which has no leases, this module replaces it, also on a node that is away.
  - No C(sysctl) is set. HAProxy binds an address that is not on the host with C(transparent);
    C(net.ipv4.ip_nonlocal_bind) is not needed.
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) configures and runs keepalived.
      - V(absent) removes the files that this module made and puts back a configuration that it had replaced. A
        keepalived that ran before the module first came goes on with that; any other is stopped and disabled. The
        package stays.
      - V(restored) puts the newest backup back, or that of O(run_id), and loads it. What a restore itself replaced
        does not count as the newest backup, so a second restore changes nothing.
    type: str
    choices: [present, absent, restored]
    default: present
  method:
    description:
      - V(keepalived) lets the address move between hosts by VRRP.
      - V(address) adds a plain secondary address to this host, by netplan, systemd-networkd or ifupdown.
    type: str
    choices: [keepalived, address]
    default: keepalived
  instances:
    description:
      - VRRP instances by name; one for each family and preferred node. Keys are C(interface), C(virtual_router_id),
        C(priority), C(addresses) (with prefix), C(unicast_source), C(unicast_peers) (an empty list means multicast),
        C(unicast_hops), C(preempt), C(preferred), C(advert_interval) in seconds, C(authentication_secret) and C(raw)
        (lines of keepalived.conf).
      - An advert is believed only from one of C(unicast_peers), and only with the TTL 255 that no router in between
        leaves it (RFC 9568). Where routers lie between the nodes, C(unicast_hops) says how many at most (default V(0)).
        For IPv6, a node whose peer runs a configuration of an earlier release asks for the hop limit one run later.
      - C(preferred) says on which node a playbook places the instance at first; this module only accepts it.
      - For an address that stays, a change of C(virtual_router_id), of C(authentication_secret) or what it holds, or
        from unicast to multicast or back is refused; so is one of C(advert_interval) where there is authentication.
        The nodes are changed one after the other, and in between both would hold the address. Take the address out,
        and put it back in the next run.
    type: dict
    default: {}
  health:
    description:
      - How HAProxy's health listener is asked, by HTTP. Keys are C(enabled), C(address), C(port), C(path), C(interval),
        C(timeout), C(fall), C(rise) and C(owner), times in seconds. keepalived up to 2.2.8 has no fractions in
        C(interval); it is rounded there, to 1 at least.
      - An answer counts only where the user with the id C(owner) (default V(0), which is root) has opened the listener.
    type: dict
    default: {}
  profile:
    description:
      - V(standard) sends an advert each second. V(tuned) sends five, checks three times a second where keepalived can,
        and raises keepalived's priority when it gets late.
    type: str
    choices: [standard, tuned]
    default: standard
  router_id:
    description:
      - Name of this host in keepalived's own output. A digest of the configuration is added. The host's name when
        empty.
    type: str
    default: ""
  raw:
    description: Lines for the section C(global_defs).
    type: list
    elements: str
    default: []
  secrets:  # no_log
    description: Secrets by name, for C(authentication_secret).
    type: dict
    default: {}
  addresses:
    description: Plain addresses, for O(method=address).
    type: list
    elements: dict
    default: []
    suboptions:
      interface:
        description: The interface.
        type: str
        required: true
      address:
        description: Address with prefix.
        type: str
        required: true
      label:
        description: Label that old tools show, such as C(eth0:1). IPv4 only.
        type: str
        default: ""
  address_backend:
    description:
      - Which files keep the plain address over a boot. V(auto) takes netplan where it defines the interface, else
        systemd-networkd where it manages it, else ifupdown where it defines the interface and has brought it up. For
        O(state=absent) and O(state=restored) it takes the one whose files are there.
      - V(ifupdown) is that of Debian's package of this name; ifupdown2 and ifupdown-ng are refused. It gets a script in
        C(/etc/network/if-up.d) and one in C(/etc/network/if-down.d), which run with the interface's own stanzas. An
        address that a stanza or another script adds already is refused; the message names the file and the line.
    type: str
    choices: [auto, netplan, networkd, ifupdown]
    default: auto
  run_id:
    description: What ties this change's backup to a run, see O(state=restored).
    type: str
    default: ""
attributes:
  check_mode:
    description: Predicts exactly what a run does. keepalived, where installed, judges in check mode too.
    support: full
  diff_mode:
    description:
      - Shows the files; one that holds a password shows only that it differs.
      - Says why keepalived is reloaded where no file differs.
    support: full
"""

EXAMPLES = r"""
- name: Keep one address on one of two load balancers
  netstack.datacenter.vip:
    instances:
      web4:
        interface: eth0
        virtual_router_id: 51
        priority: 101
        addresses: [192.0.2.100/24]
        unicast_source: 192.0.2.11
        unicast_peers: [192.0.2.12]

- name: Add a plain secondary address
  netstack.datacenter.vip:
    method: address
    addresses:
      - {interface: eth0, address: 192.0.2.100/24, label: "eth0:1"}

- name: Put back what the last change replaced
  netstack.datacenter.vip:
    state: restored

- name: Take the virtual addresses off this host
  netstack.datacenter.vip:
    state: absent
"""

RETURN = r"""
action:
  description:
    - What was done, or in check mode would be. C(write) puts files in place, C(tidy) removes what an earlier release or
      an instance that is gone has left.
  returned: success
  type: list
  elements: str
  sample: [write, start, tidy]
stops:
  description:
    - Whether keepalived is stopped, or would be, which gives up the addresses that this host holds.
    - A reload keeps them.
  returned: when O(method=keepalived)
  type: bool
  sample: false
backend:
  description: What keeps the plain addresses over a boot.
  returned: when O(method=address)
  type: str
  sample: netplan
away:
  description: Instances that this host is held away from, perhaps by a run that was killed.
  returned: when O(method=keepalived) and O(state=present)
  type: list
  elements: str
  sample: []
away_told:
  description: What to tell of them, and of leases that ended before their run did. In check mode warnings, too.
  returned: when O(method=keepalived) and O(state=present)
  type: list
  elements: str
  sample:
    - >-
      This node is away from web4 (412 s more), and takes nothing over meanwhile: a run is changing it, or was killed.
      The next run of site.yml brings it home.
backup:
  description: Generation that keeps what was replaced, empty when nothing was.
  returned: success
  type: str
  sample: 0001-20261121T091500Z
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.options.vip import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.addresses import Addresses
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.choose import Backend, backends, former, present
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon, DaemonError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.hops import require_links
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.keepalived import Keepalived
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import MARKER, Site, VipError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import LinkError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.parse import parse
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.plain import parse_plain
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.renumber import RenumberError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.shown import diff


def declared(module: AnsibleModule) -> Site:
    """Return what the parameters declare. Raises VipError, also for what this host or its links do not have."""
    parameters = module.params
    site = parse(
        parameters["instances"],
        parameters["health"],
        parameters["profile"],
        parameters["secrets"],
        parameters["router_id"] or os.uname().nodename,
        parameters["raw"],
    )
    require_interfaces([instance.interface for instance in site.instances])
    require_links(site, module.run_command)
    return site


def require_interfaces(names: list[str]) -> None:
    """Raise VipError for interfaces that this host does not have."""
    here = sorted(os.listdir("/sys/class/net"))
    faults = [
        "this host has no interface {}, only {}.".format(name, ", ".join(here))
        for name in sorted(set(names))
        if name not in here
    ]
    if faults:
        raise VipError(faults)


def finish(
    module: AnsibleModule, changes: list[Change], action: list[str], backup: str, doubt: str = "", **more: Any
) -> None:
    """Report."""
    done, shown = (["write"] if changes else []) + action, diff(changes, Paths().config, doubt)
    module.exit_json(changed=bool(done), diff=shown, action=done, backup=backup, **more)


def keepalived_work(module: AnsibleModule, transaction: Transaction) -> None:
    """Do what is asked with keepalived."""
    daemon = Daemon(module.run_command, module.get_bin_path("keepalived", opt_dirs=["/usr/sbin"]))
    keepalived = Keepalived(daemon, transaction)
    state, act = module.params["state"], not module.check_mode
    if state == "restored":
        restore_keepalived(module, keepalived)
        return
    plan = keepalived.plan(declared(module)) if state == "present" else keepalived.plan_absent()
    carry_out = keepalived.apply if state == "present" else keepalived.remove
    backup = carry_out(plan) if plan.needed and act else ""
    facts = keepalived.facts(plan.names) if state == "present" else {}
    for sentence in facts.get("away_told", []) if not act else []:
        module.warn(sentence)
    retention.keep_house(module, transaction)
    finish(module, plan.changes, plan.verbs, backup, plan.doubt, stops=plan.stops, **facts)


def restore_keepalived(module: AnsibleModule, keepalived: Keepalived) -> None:
    """Put a backup of keepalived's files back."""
    generation = keepalived.transaction.newest(module.params["run_id"])
    if generation is None:
        finish(module, [], [], "", stops=False)
        return
    plan = keepalived.plan_restore(generation)
    if plan.needed and not module.check_mode:
        keepalived.restore(generation)
    finish(module, plan.changes, plan.verbs, generation, stops=plan.stops)


def address_work(module: AnsibleModule, transaction: Transaction) -> None:
    """Do what is asked with plain addresses."""
    state, act = module.params["state"], not module.check_mode
    plains = parse_plain(module.params["addresses"]) if state == "present" else []
    require_interfaces([plain.interface for plain in plains])
    generation = transaction.newest(module.params["run_id"]) if state == "restored" else ""
    if state == "restored" and not generation:
        finish(module, [], [], "")
    files = transaction.saved(generation) if generation else []
    backend = address_backend(module, [plain.interface for plain in plains], [file.path for file in files])
    addresses = Addresses(module.run_command, backend, transaction)
    plan = addresses.plan_restore(generation) if generation else addresses.plan(plains)
    backup = addresses.apply(plan) if plan.verbs and act else ""
    retention.keep_house(module, transaction)
    finish(module, plan.changes, plan.verbs, backup, backend=backend.name)


def address_backend(module: AnsibleModule, interfaces: list[str], paths: list[str]) -> Backend:
    """Return who keeps the addresses: of these interfaces, or until now, or in the files of a backup."""
    found, wanted = backends(module.run_command), module.params["address_backend"]
    if interfaces:
        return present(found, wanted, module.get_bin_path, interfaces)
    return former(found, wanted, paths)


def transaction_of(module: AnsibleModule) -> Transaction:
    """Return where what is replaced is kept. Plain addresses give nothing back when they are taken away."""
    run_id, keep = module.params["run_id"], retention.keep_of(module.params["backup_keep"])
    if module.params["method"] != "keepalived":
        return Transaction("vip_address", run_id, keep=keep, is_ours=retention.all_files)
    return Transaction("vip", run_id, keep=keep, is_ours=lambda file: MARKER.encode() in (file.content or b""))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    method = module.params["method"]
    work = keepalived_work if method == "keepalived" else address_work
    try:
        work(module, transaction_of(module))
    except VipError as error:
        module.fail_json(msg=f"The virtual addresses cannot be configured:\n{error}", faults=error.faults)
    except (DaemonError, RenumberError, BackendError, LinkError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
