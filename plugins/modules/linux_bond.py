#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bonds of a Linux host, as one transaction under a dead man's switch."""

from __future__ import annotations

DOCUMENTATION = r"""
module: linux_bond
short_description: Bonds of a Linux host with their VLANs and addresses, taken back by themselves when they fail
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Makes bonds (802.3ad, balance-xor, active-backup), the VLAN interfaces on them and their addresses, and keeps them
    over a boot by netplan, systemd-networkd or ifupdown.
  - A change is a transaction with a dead man's switch on the host itself. The former files are kept, a transient timer
    of systemd is started that puts them back and loads them, then the new files are loaded. The change stays only when
    the controller comes back over a B(new) connection, finds the kernel as declared and the bonds at work, and stops
    the timer. Otherwise the host returns to its former files, also where it cannot be reached any more.
  - The proof is read from the kernel and never from the files. The options in C(/sys/class/net/BOND/bonding), the
    members and their aggregators in C(/proc/net/bonding), for 802.3ad a partner that is not all zeros.
  - A change that touches the interface by which the controller reaches the host is refused without O(consent).
  - A bond whose options or members change is deleted and made anew; frames stop for some seconds. Addresses and VLANs
    of a bond that stays change in place (with ifupdown the interface is made anew).
  - What this module wrote and O(bonds) does not name any more is removed.
requirements:
  - systemd 236 or newer on the host, and iproute2
  - with ifupdown the packages ifupdown (not ifupdown2 or ifupdown-ng) and ifenslave
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) makes the declared bonds and no others of this module's.
      - V(absent) removes all that this module made. What its former members get is what other files say.
      - V(restored) puts the newest backup back, or that of O(run_id), files of others included that O(replaces) put
        aside. What a restore itself replaced does not count as the newest backup.
      - V(verified) changes nothing, and fails unless the host is as declared and its bonds work.
      - V(confirmed) is what the task itself does over the new connection; it needs O(token). It is of use alone where
        a controller was killed within O(confirm_seconds).
    type: str
    choices: [present, absent, restored, verified, confirmed]
    default: present
  bonds:
    description:
      - Bonds by name. Keys are C(members) (needed), C(mode) (C(802.3ad), C(balance-xor) or C(active-backup); C(802.3ad)
        when left out), C(miimon) in milliseconds (100), C(lacp_rate) (C(slow)), C(min_links) (0), C(xmit_hash_policy)
        (C(layer2+3)), C(primary), C(mtu) (1500), C(addresses) with prefix, C(gateway) and C(vlans).
      - C(lacp_rate) and C(min_links) are for 802.3ad, C(xmit_hash_policy) for 802.3ad and balance-xor, C(primary) for
        active-backup.
      - C(vlans) are interfaces by name, each with C(id) and, as above, C(mtu) (the bond's), C(addresses) and
        C(gateway).
    type: dict
    default: {}
  backend:
    description:
      - What keeps the bonds over a boot. V(auto) takes netplan where it has a file, else ifupdown where it knows one of
        the interfaces, else systemd-networkd where it runs, else ifupdown.
    type: str
    choices: [auto, netplan, networkd, ifupdown]
    default: auto
  replaces:
    description:
      - Files that the change puts aside, such as the one that gives a member its address so far. With ifupdown the
        stanzas of the declared interfaces are taken out of other files anyway. Files of systemd-networkd need not be
        named, since this module's come first.
    type: list
    elements: path
    default: []
  consent:
    description: V(management) to change the way by which the controller reaches the host.
    type: list
    elements: str
    choices: [management]
    default: []
  management_interface:
    description:
      - The interface by which the controller reaches the host. Left out, the one with the address of the SSH session.
    type: str
    default: ""
  confirm_seconds:
    description: Seconds after which the former files come back unless the change is confirmed.
    type: int
    default: 120
  verify:
    description: What the proof demands.
    type: dict
    default: {}
    suboptions:
      partner:
        description: Whether a bond in 802.3ad must have a partner, and all of its members in use.
        type: bool
        default: true
      seconds:
        description: Seconds until it must be so.
        type: int
        default: 45
  token:  # no_log: false
    description: The pending change that O(state=confirmed) means.
    type: str
    default: ""
  run_id:
    description: What ties this change's backup to a run, see O(state=restored).
    type: str
    default: ""
attributes:
  check_mode:
    description: Predicts exactly what a run does; netplan judges in check mode too.
    support: full
  diff_mode:
    description: Shows the files.
    support: full
"""

EXAMPLES = r"""
- name: Bundle two ports towards a switch with LACP
  netstack.datacenter.linux_bond:
    bonds:
      bond0:
        members: [eth0, eth1]
        lacp_rate: fast
        vlans:
          bond0.10: {id: 10, addresses: [192.0.2.11/24], gateway: 192.0.2.1}

- name: Move the host's own address onto a bond
  netstack.datacenter.linux_bond:
    bonds:
      bond0:
        members: [eth0, eth1]
        mode: active-backup
        addresses: [192.0.2.11/24]
        gateway: 192.0.2.1
    replaces: [/etc/netplan/50-cloud-init.yaml]
    consent: [management]

- name: Prove that the bonds work
  netstack.datacenter.linux_bond:
    state: verified
    bonds:
      bond0: {members: [eth0, eth1], lacp_rate: fast}

- name: Put back what the last change replaced
  netstack.datacenter.linux_bond:
    state: restored
    consent: [management]

- name: Remove the bonds
  netstack.datacenter.linux_bond:
    state: absent
    consent: [management]
"""

RETURN = r"""
action:
  description: What was done, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [write, make bond0, make bond0.10, load]
backend:
  description: What keeps the bonds over a boot.
  returned: success
  type: str
  sample: networkd
backup:
  description: Generation that keeps what was replaced, empty when nothing was.
  returned: success
  type: str
  sample: 0001-20261121T091500Z
differences:
  description: What the kernel had otherwise than declared before the change.
  returned: success
  type: list
  elements: str
  sample: ["there is no bond0"]
faults:
  description: What is wrong with the declaration, or kept the bonds from working.
  returned: failure
  type: list
  elements: str
  sample: ["nobody answers LACP at bond0 (partner 00:00:00:00:00:00): the switch has no LACP bundle there"]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.backends import choose
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.change import (
    DECLARED,
    Bonds,
    ConsentError,
    NotConfirmedError,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.kernel import Kernel
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.model import BondError, Declared
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.parse import missing_members, parse
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.plan import Plan
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.reach import session
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.watchdog import (
    RETURNING,
    Watchdog,
    WatchdogError,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.options.linux_bond import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction

LOADING = 15  # seconds of the time limit that go into loading and coming back


def declared(module: AnsibleModule, kernel: Kernel) -> Declared:
    """Return what the parameters declare. Raises BondError, also for members that this host does not have."""
    bonds = parse(module.params["bonds"])
    missing_members(bonds, kernel.names())
    return Declared(_backend(module, [name for bond in bonds for name in (*bond.members, *bond.interfaces)]), bonds)


def _backend(module: AnsibleModule, names: list[str]) -> str:
    wanted: str = module.params["backend"]
    return choose(module.run_command, module.get_bin_path, names) if wanted == "auto" else wanted


def demanded(module: AnsibleModule) -> tuple[float, bool]:
    """Return how long the proof may take, and whether it asks for LACP's partner. Raises BondError."""
    verify = module.params["verify"] or {}
    seconds, partner = verify.get("seconds", 45), verify.get("partner", True)
    if seconds + LOADING > module.params["confirm_seconds"]:
        least = seconds + LOADING
        raise BondError([f"`confirm_seconds` must be {least} at least, {LOADING} more than the proof may take."])
    return float(seconds), bool(partner)


def shown(plan: Plan) -> list[dict[str, str]]:
    """Return the diff without the collection's own note of what it made."""
    return Transaction.diff([change for change in plan.changes if change.wanted.path != DECLARED])


def planned(module: AnsibleModule, bonds: Bonds) -> Plan | None:
    """Return what is to be done, None without a backup to put back."""
    state = module.params["state"]
    if state == "restored":
        generation = bonds.transaction.newest(module.params["run_id"])
        return bonds.plan_restore(generation) if generation else None
    if state == "absent":
        return bonds.plan(Declared(bonds.known.backend or _backend(module, [])), [])
    return bonds.plan(declared(module, bonds.kernel), module.params["replaces"])


def work(module: AnsibleModule, bonds: Bonds) -> dict[str, Any]:
    """Plan, and unless in check mode begin the change; the action plugin goes on with what is pending."""
    demanded(module)
    plan = planned(module, bonds)
    if plan is None:
        return {"changed": False, "action": [], "backend": bonds.known.backend, "backup": "", "differences": []}
    here = session()
    if "management" not in module.params["consent"]:
        bonds.refuse_without_consent(plan, here, module.params["management_interface"])
    found: dict[str, Any] = {
        "changed": plan.needed,
        "action": plan.verbs,
        "backend": plan.new.backend,
        "differences": plan.faults,
        "diff": shown(plan),
        "backup": "",
    }
    if not plan.needed:
        retention.keep_house(module, bonds.transaction)
    if plan.needed and not module.check_mode:
        seconds = module.params["confirm_seconds"]
        token, generation = bonds.begin(plan, here, seconds)
        found.update(backup=generation, pending={"token": token, "seconds": seconds})
    return found


def verified(module: AnsibleModule, bonds: Bonds) -> dict[str, Any]:
    """Prove that the host is as declared. Raises BondError with all that is not."""
    seconds, partner = demanded(module)
    wanted = declared(module, bonds.kernel)
    plan = bonds.plan(wanted, [])
    faults = bonds.await_working(wanted, seconds, partner)
    faults += [f"{change.wanted.path} is not as declared" for change in plan.changes]
    if faults:
        raise BondError(faults)
    return {"changed": False, "action": [], "backend": wanted.backend, "backup": "", "differences": []}


def proven(module: AnsibleModule, bonds: Bonds) -> dict[str, Any]:
    """Prove the pending change; the action plugin confirms it over one more connection. Raises NotConfirmedError."""
    seconds, partner = demanded(module)
    command = bonds.prove(module.params["token"], session(), seconds, partner)
    return {"changed": True, "confirm": command, "backend": bonds.known.backend}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "confirmed", ["token"])]
    )
    run = module.run_command
    states = {"verified": verified, "confirmed": proven}
    try:
        keep = retention.keep_of(module.params["backup_keep"])
        store = Transaction("linux_bond", module.params["run_id"], keep=keep, is_ours=retention.all_files)
        bonds = Bonds(run, store, Watchdog(run), Kernel(run))
        module.exit_json(**states.get(module.params["state"], work)(module, bonds))
    except BondError as error:
        module.fail_json(msg=f"The bonds are not as they must be:\n{error}", faults=error.faults)
    except NotConfirmedError as error:
        module.fail_json(msg=str(error), faults=str(error).splitlines(), returning=error.state == RETURNING)
    except (ConsentError, BackendError, WatchdogError, OSError) as error:
        module.fail_json(msg=str(error), faults=[str(error)])


if __name__ == "__main__":
    main()
