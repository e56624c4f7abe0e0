#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who holds virtual addresses, seen on the wire."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vip_holder
short_description: See on the wire who holds virtual addresses
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Looks whether each address is on this host, and asks by ARP (IPv4) or neighbour discovery (IPv6) who else has it.
  - Fails unless exactly one host holds each address. From the holder, nobody else may answer; from any other host on
    the same link, exactly one hardware address must.
  - Uses what this host sees and no other host's facts, so it is right in a slice too.
  - A router that answers by proxy ARP counts as a holder.
options:
  instances:
    description: VRRP instances by name, as the role C(vip) takes them; C(addresses) and C(interface) are used.
    type: dict
    default: {}
  addresses:
    description: Addresses, each reported under its own name.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The address, with or without prefix.
        type: str
        required: true
      interface:
        description: Interface on whose link to ask. Without it, the one whose subnet has the address.
        type: str
        default: ""
      label:
        description: Not used; so that the list of the role C(vip) fits.
        type: str
        default: ""
  expect:
    description:
      - V(one) waits O(timeout) seconds for exactly one holder, then fails. In check mode it looks once and never
        fails, since the addresses may not be there before the first run.
      - V(any) reports, and says in RV(doubled) which addresses more than one host holds. It looks once; only where it
        sees such an address it looks again, O(timeout) seconds at most, since one that moves is seen twice for a
        moment.
    type: str
    choices: [one, any]
    default: one
  unheld:
    description:
      - Addresses that nobody need hold yet. One that is added to a virtual router comes up where that is held, which
        may be a node that is changed later. Two holders are a failure all the same.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait for a state that holds.
    type: float
    default: 15
attributes:
  check_mode:
    description: Changes nothing. In check mode it reports and does not fail for the number of holders.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: See exactly one holder
  netstack.datacenter.vip_holder:
    addresses:
      - {address: 192.0.2.100, interface: eth0}

- name: Ask who holds the instances of this node
  netstack.datacenter.vip_holder:
    instances: "{{ vip_instances }}"
    expect: any
  register: holders
"""

RETURN = r"""
held:
  description: For each instance or address, whether all its addresses are on this host, and how many others hold one.
  returned: always
  type: dict
  sample: {web4: {local: true, others: 0}}
holders:
  description: For each address, whether it is on this host, and who else answers for it.
  returned: always
  type: dict
  sample: {10.231.104.100: {interface: eth0, local: true, others: []}}
doubled:
  description: A sentence for each address that more than one host holds.
  returned: always
  type: list
  elements: str
  sample: ["10.231.104.100: 2 hosts hold it: this host, 02:42:0a:e7:68:0c"]
"""

import time
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.options.vip_holder import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Holders, LinkError, find_holders
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.targets import (
    Targets,
    address_targets,
    instance_targets,
)

Seen = Dict[str, List[Holders]]


def look(module: AnsibleModule, targets: Targets) -> Seen:
    """Return who holds each address now."""
    found = find_holders(module.run_command, [target for own in targets.values() for target in own])
    rest = iter(found)
    return {name: [next(rest) for _target in own] for name, own in targets.items()}


def wrong(seen: Seen, unheld: list[str]) -> list[str]:
    """Return a sentence for each address that not exactly one host holds, or none where that is no fault."""
    every = [found for own in seen.values() for found in own]
    return [
        sentence(found)
        for found in every
        if found.count > 1 or (found.count == 0 and found.target.address not in unheld)
    ]


def doubled(seen: Seen) -> list[str]:
    """Return a sentence for each address that more than one host holds."""
    return [sentence(found) for own in seen.values() for found in own if found.count > 1]


def sentence(found: Holders) -> str:
    """Say who holds an address."""
    if found.count == 0:
        return f"{found.target.address}: nobody on the link of {found.target.interface} holds it"
    here = ["this host"] if found.local else []
    return f"{found.target.address}: {found.count} hosts hold it: {', '.join(here + list(found.others))}"


def report(seen: Seen) -> dict[str, Any]:
    """Return the result's keys."""
    held = {
        name: {"local": all(h.local for h in own), "others": max((len(h.others) for h in own), default=0)}
        for name, own in seen.items()
    }
    holders = {
        h.target.address: {"interface": h.target.interface, "local": h.local, "others": list(h.others)}
        for own in seen.values()
        for h in own
    }
    return {"held": held, "holders": holders, "doubled": doubled(seen)}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    once = module.params["expect"] == "any" or module.check_mode
    unheld = module.params["unheld"]
    end = time.monotonic() + module.params["timeout"]
    try:
        targets = {**instance_targets(module.params["instances"]), **address_targets(module.params["addresses"])}
        seen = look(module, targets)
        while (doubled(seen) if once else wrong(seen, unheld)) and time.monotonic() < end:
            time.sleep(0.3)
            seen = look(module, targets)
    except (VipError, LinkError) as error:
        module.fail_json(msg=str(error), held={}, holders={}, doubled=[])
    if wrong(seen, unheld) and not once:
        module.fail_json(msg="Not exactly one holder. " + "; ".join(wrong(seen, unheld)), **report(seen))
    module.exit_json(changed=False, **report(seen))


if __name__ == "__main__":
    main()
