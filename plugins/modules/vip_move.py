#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Move virtual addresses away from a host, and home again."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vip_move
short_description: Move virtual addresses away from a host, and let them come home
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Writes the file that keepalived tracks for each instance, C(/var/lib/netstack/vip/NAME.away). A value other than 0
    puts the instance into FAULT. The holder then sends an advert of priority 0, which makes a backup take over at
    once, also one that does not preempt. keepalived keeps running and is not reloaded.
  - Waits until the kernel shows the addresses gone and the link shows that one other host holds them.
  - An instance that this host does not have yet, or whose keepalived does not run, has nothing to be moved.
options:
  instances:
    description: VRRP instances by name, as the role C(vip) takes them; C(addresses) and C(interface) are used.
    type: dict
    required: true
  names:
    description: Those of O(instances) to move. All when empty.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(away) makes this host give its addresses up and not take them again. Refused unless a peer proves healthy.
        When nobody takes an address over within O(timeout), the instance is brought home again and the module fails.
      - V(home) lets the host take part again. Where the instance does not preempt, the address stays with who has it.
        To get it back, move the other node away once.
    type: str
    choices: [away, home]
    required: true
  peer_health:
    description: The health listeners of the other nodes' HAProxy, of which one must answer 200 to a GET before V(away).
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: Address of the listener, as reached from this host.
        type: str
        required: true
      port:
        description: Its port.
        type: int
        default: 8405
      path:
        description: What to ask for.
        type: str
        default: /healthz
  force:
    description: Move away though no peer proves healthy. What nobody takes over still comes home again.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the addresses to be where they belong.
    type: float
    default: 15
attributes:
  check_mode:
    description: Asks the peers too, so that it predicts a refusal as well as a move.
    support: full
  diff_mode:
    description: Shows each instance's place.
    support: full
"""

EXAMPLES = r"""
- name: Free this node of its addresses before it is changed
  netstack.datacenter.vip_move:
    instances: "{{ vip_instances }}"
    state: away
    peer_health:
      - {address: 192.0.2.12, port: 8405}

- name: Let it take part again
  netstack.datacenter.vip_move:
    instances: "{{ vip_instances }}"
    state: home
"""

RETURN = r"""
moved:
  description: Instances whose place was changed, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: [web4, web6]
held_before:
  description: Instances of which this host held an address at the start.
  returned: success
  type: list
  elements: str
  sample: [web4]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError, suggest
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.move import (
    MoveError,
    Mover,
    Peer,
    require_healthy,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import (
    Holders,
    LinkError,
    Target,
    find_holders,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.targets import Targets, instance_targets

ARGUMENTS: dict[str, Any] = {
    "instances": {"type": "dict", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["away", "home"], "required": True},
    "peer_health": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "default": 8405},
            "path": {"type": "str", "default": "/healthz"},
        },
    },
    "force": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 15},
}


def chosen(parameters: dict[str, Any]) -> Targets:
    """Return the instances to move. Raises VipError for a name that is not declared."""
    targets = instance_targets(parameters["instances"])
    unknown = [name for name in parameters["names"] if name not in targets]
    if unknown:
        known = sorted(targets)
        raise VipError([f"there is no instance {name}{suggest(name, known)}." for name in unknown])
    return {name: own for name, own in targets.items() if not parameters["names"] or name in parameters["names"]}


def move(module: AnsibleModule, mover: Mover, targets: Targets) -> dict[str, Any]:
    """Move what is not where it should be; return the result."""
    parameters = module.params
    to_away = parameters["state"] == "away"
    active = Daemon(module.run_command, module.get_bin_path("keepalived", opt_dirs=["/usr/sbin"])).status().active
    pending = mover.pending(list(targets), to_away) if active or not to_away else []
    held = [name for name, own in mover.survey(targets).items() if any(h.local for h in own)] if targets else []
    result = {"changed": bool(pending), "moved": pending, "held_before": held, "diff": difference(pending, to_away)}
    if pending and to_away and not parameters["force"]:
        require_healthy([Peer(**peer) for peer in parameters["peer_health"]])
    if pending and not module.check_mode:
        (mover.move_away if to_away else mover.move_home)(pending, targets)
    return result


def difference(names: list[str], to_away: bool) -> dict[str, str]:
    """Return the diff of the instances' places."""
    places = ("home", "away") if to_away else ("away", "home")
    before, after = ("".join(f"{name}: {place}\n" for name in names) for place in places)
    return {"before": before, "after": after}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)

    def look(targets: list[Target]) -> list[Holders]:
        return find_holders(module.run_command, targets)

    mover = Mover(look, Paths(), module.params["timeout"])
    try:
        module.exit_json(**move(module, mover, chosen(module.params)))
    except (VipError, MoveError, LinkError, OSError) as error:
        module.fail_json(msg=str(error), moved=[])


if __name__ == "__main__":
    main()
