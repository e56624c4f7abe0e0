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
      - V(home) lets the host take part again, and waits until it does. A node that stays in FAULT is a failure, since
        its peer must not be changed then. Where the instance does not preempt, the address stays with who has it.
      - V(placed) gives up what this host holds and another host should, and takes part again at once. An instance
        belongs to who held it according to O(before); one that nobody held, to the node where O(instances) says
        C(preferred). Never a change, since every failover moves addresses too. Where no peer proves healthy all stays
        as it is, with a warning.
    type: str
    choices: [away, home, placed]
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
  before:
    description:
      - Who held the instances before the run, as RV(netstack.datacenter.vip_holder#module:held) tells, for V(placed).
    type: dict
    default: {}
  moved:
    description:
      - What an earlier task of the run sent away, or in check mode would have sent. With it V(home) predicts rightly
        in check mode. Without effect outside check mode.
    type: list
    elements: str
    default: []
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
  register: sent

- name: Let it take part again
  netstack.datacenter.vip_move:
    instances: "{{ vip_instances }}"
    state: home
    moved: "{{ sent.moved }}"

- name: Give each instance back to who held it before
  netstack.datacenter.vip_move:
    instances: "{{ vip_instances }}"
    state: placed
    before: "{{ vip_held }}"
    peer_health: "{{ vip_peer_health }}"
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
    "state": {"type": "str", "choices": ["away", "home", "placed"], "required": True},
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
    "before": {"type": "dict", "default": {}},
    "moved": {"type": "list", "elements": "str", "default": []},
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


class Task:
    """One call of the module."""

    def __init__(self, module: AnsibleModule, mover: Mover, daemon: Daemon, targets: Targets) -> None:
        self.module, self.mover, self.daemon, self.targets = module, mover, daemon, targets
        self.act = not module.check_mode

    def require_peer(self) -> None:
        """Raise MoveError unless a peer proves healthy."""
        require_healthy([Peer(**peer) for peer in self.module.params["peer_health"]])

    def held(self) -> list[str]:
        """Return the instances of which this host holds an address."""
        seen = self.mover.survey(self.targets) if self.targets else {}
        return [name for name, own in seen.items() if any(holder.local for holder in own)]

    def away(self) -> dict[str, Any]:
        """Send away. Where keepalived does not run there is nothing to send."""
        pending = self.mover.pending(list(self.targets), True) if self.daemon.status().active else []
        held = self.held()
        if pending and not self.module.params["force"]:
            self.require_peer()
        if pending and self.act:
            self.mover.move_away(pending, self.targets)
        return {"changed": bool(pending), "moved": pending, "held_before": held, "diff": difference(pending, True)}

    def home(self) -> dict[str, Any]:
        """Bring home, and wait until this host takes part again."""
        pending = self.mover.pending(list(self.targets), False)
        predicted = [name for name in self.module.params["moved"] if name in self.targets and name not in pending]
        pending += [] if self.act else predicted
        held = self.held()
        if pending and self.act:
            self.mover.move_home(pending, self.targets)
        if self.act:
            self.mover.settle(self.daemon.states, self.mover.configured(list(self.targets)))
        return {"changed": bool(pending), "moved": pending, "held_before": held, "diff": difference(pending, False)}

    def placed(self) -> dict[str, Any]:
        """Give up what belongs to another host. Never a change: who holds an address is no configuration."""
        held = self.held()
        wrong = self.misplaced() if self.daemon.status().active else []
        result = {"changed": False, "moved": wrong, "held_before": held}
        if not wrong or not self.act:
            return result
        try:
            self.require_peer()
        except MoveError as error:
            self.module.warn(f"{', '.join(wrong)} stay here: {error}")
            return {**result, "moved": []}
        self.mover.move_away(wrong, self.targets)
        self.mover.move_home(wrong, self.targets)
        return result

    def misplaced(self) -> list[str]:
        """Return what this host holds and another one should."""
        preferred = {name: data.get("preferred") for name, data in self.module.params["instances"].items()}
        return self.mover.misplaced(self.targets, self.module.params["before"], preferred)


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
    daemon = Daemon(module.run_command, module.get_bin_path("keepalived", opt_dirs=["/usr/sbin"]))
    try:
        task = Task(module, mover, daemon, chosen(module.params))
        module.exit_json(**{"away": task.away, "home": task.home, "placed": task.placed}[module.params["state"]]())
    except (VipError, MoveError, LinkError, OSError) as error:
        module.fail_json(msg=str(error), moved=[])


if __name__ == "__main__":
    main()
