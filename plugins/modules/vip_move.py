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
  - Writes a lease for each instance, C(/run/netstack/vip/NAME.away), which a check of keepalived reads. While the lease
    is ahead the instance is in FAULT. The holder then sends an advert of priority 0, which makes a backup take over at
    once, also one that does not preempt. keepalived keeps running and is not reloaded.
  - A lease that nobody takes back ends by itself after O(lease) seconds, and with a boot. So a run that is killed
    leaves no node that may never take an address again.
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
        What is away already gets a new lease. With O(moved) it is told where a lease had ended meanwhile.
      - V(home) lets the host take part again, and waits until it does. A node that stays in FAULT is a failure, since
        its peer must not be changed then. Where the instance does not preempt, the address stays with who has it.
      - V(placed) gives up what this host holds and another host should, and takes part again at once. An instance
        belongs to who held it according to O(before); one that nobody held, to the node where O(instances) says
        C(preferred). Never a change, since every failover moves addresses too. Where no peer proves healthy all stays
        as it is, with a warning. Leases that are over are cleared away.
      - V(released) brings home what an earlier run left away, and waits for it as V(home) does. A node that takes
        nothing over even so (its HAProxy does not serve, say) is a warning, for the run is what mends it.
    type: str
    choices: [away, home, placed, released]
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
      - What an earlier task of the run sent away, or in check mode would have sent. With it V(away) and V(home)
        predict rightly in check mode, and tell where the lease ended before they came.
    type: list
    elements: str
    default: []
  released:
    description: What an earlier task of the run brought home by V(released). With it V(away) predicts rightly.
    type: list
    elements: str
    default: []
  lease:
    description:
      - Seconds after which the host takes part again though nobody brought it home, at most 86400. One that is shorter
        than O(timeout) and 5 s is made that long, for the module itself may wait for as long.
    type: int
    default: 600
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

- name: Renew the lease before a step that takes long
  netstack.datacenter.vip_move:
    instances: "{{ vip_instances }}"
    state: away
    moved: "{{ sent.moved }}"
    peer_health:
      - {address: 192.0.2.12, port: 8405}

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

from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.mapping import suggest
from ansible_collections.netstack.datacenter.plugins.module_utils.options.vip_move import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.daemon import Daemon
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.lease import LONGEST
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import VipError
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.move import (
    MoveError,
    Mover,
    Peer,
    require_healthy,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import (
    Holders,
    Kernel,
    LinkError,
    Target,
    find_holders,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.targets import Targets, instance_targets


def chosen(parameters: dict[str, Any]) -> Targets:
    """Return the instances to move. Raises VipError for a name that is not declared."""
    targets = instance_targets(parameters["instances"])
    unknown = [name for name in parameters["names"] if name not in targets]
    if unknown:
        known = sorted(targets)
        raise VipError([f"there is no instance {name}{suggest(name, known)}." for name in unknown])
    return {name: own for name, own in targets.items() if not parameters["names"] or name in parameters["names"]}


class Task:
    """One call of the module; ``here`` returns the addresses that this host has at the moment."""

    def __init__(
        self, module: AnsibleModule, mover: Mover, daemon: Daemon, targets: Targets, here: Callable[[], set[str]]
    ) -> None:
        self.module, self.mover, self.daemon, self.targets, self.here = module, mover, daemon, targets, here
        self.act = not module.check_mode
        self.moved = [name for name in module.params["moved"] if name in targets]

    def require_peer(self) -> None:
        """Raise MoveError unless a peer proves healthy."""
        require_healthy([Peer(**peer) for peer in self.module.params["peer_health"]])

    def held(self) -> list[str]:
        """Return the instances of which this host holds an address."""
        here = self.here() if self.targets else set()
        return [name for name, own in self.targets.items() if any(target.address in here for target in own)]

    def away(self) -> dict[str, Any]:
        """Send away, and let what is away have a new lease. Where keepalived does not run there is nothing to send."""
        if not self.daemon.status().active:
            return self.result([], True, self.held())
        self.tell_over("is moved away once more")
        held = self.held()
        pending = self.to_send(held)
        if pending and not self.module.params["force"]:
            self.require_peer()
        if self.act:
            self.mover.renew([name for name in self.mover.pending(list(self.targets), False) if name not in pending])
            self.mover.move_away(pending, self.targets, held)
        return self.result(pending, True, held)

    def to_send(self, held: list[str]) -> list[str]:
        """Return what has to leave this host: what has no lease, and what is still here in spite of one."""
        names = list(self.targets)
        pending = self.mover.pending(names, True)
        if self.act:
            return [name for name in self.mover.configured(names) if name in pending or name in held]
        before = [name for name in self.mover.pending(names, False) if name in self.module.params["released"]]
        return [name for name in names if name in pending + before and name not in self.moved]

    def home(self) -> dict[str, Any]:
        """Bring home, and wait until this host takes part again."""
        self.tell_over("may have taken what it was moved away from while it was changed")
        pending = self.mover.pending(list(self.targets), False)
        pending += [name for name in self.moved if name not in pending]
        held = self.held()
        if self.act:
            self.mover.release(list(self.mover.over(list(self.targets))))
            self.mover.move_home(pending, self.targets)
            self.settle()
        return self.result(pending, False, held)

    def released(self) -> dict[str, Any]:
        """Bring home what an earlier run left away; what keeps this host from taking part is told, not refused."""
        pending, held = self.mover.pending(list(self.targets), False), self.held()
        try:
            if pending and self.act:
                self.mover.move_home(pending, self.targets)
                self.settle()
        except MoveError as error:
            self.module.warn(str(error))
        return self.result(pending, False, held)

    def settle(self) -> None:
        """Wait until this host takes part. Raises MoveError when it does not in time."""
        self.mover.settle(self.daemon.states, self.mover.configured(list(self.targets)))

    def tell_over(self, then: str) -> None:
        """Tell of leases that ended while the run that had made them was still at work."""
        over = self.mover.over(self.moved) if self.act else {}
        if over:
            names = ", ".join(f"{name} ({seconds} s ago)" for name, seconds in over.items())
            self.module.warn(
                f"The lease of this node ended before its change did: {names}. So it {then}. "
                f"Set vip_drain_lease higher than {self.mover.lease} s."
            )

    def result(self, names: list[str], to_away: bool, held: list[str]) -> dict[str, Any]:
        """Return what a move did or would do."""
        return {"changed": bool(names), "moved": names, "held_before": held, "diff": difference(names, to_away)}

    def placed(self) -> dict[str, Any]:
        """Give up what belongs to another host. Never a change: who holds an address is no configuration."""
        held = self.held()
        if self.act:
            self.mover.release(list(self.mover.over(list(self.targets))))
        wrong = self.misplaced() if self.daemon.status().active else []
        result = {"changed": False, "moved": wrong, "held_before": held}
        if not wrong or not self.act:
            return result
        try:
            self.require_peer()
        except MoveError as error:
            self.module.warn(f"{', '.join(wrong)} stay here: {error}")
            return {**result, "moved": []}
        self.mover.move_away(wrong, self.targets, wrong)
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
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    if not 1 <= module.params["lease"] <= LONGEST:
        module.fail_json(msg=f"`lease` is {module.params['lease']} s, but may be 1 to {LONGEST} s.", moved=[])

    def look(targets: list[Target]) -> list[Holders]:
        return find_holders(module.run_command, targets)

    def here() -> set[str]:
        return Kernel(module.run_command).addresses()

    mover = Mover(look, Paths(), module.params["timeout"], module.params["lease"])
    daemon = Daemon(module.run_command, module.get_bin_path("keepalived", opt_dirs=["/usr/sbin"]))
    try:
        task = Task(module, mover, daemon, chosen(module.params), here)
        states = {"away": task.away, "home": task.home, "placed": task.placed, "released": task.released}
        module.exit_json(**states[module.params["state"]]())
    except (VipError, MoveError, LinkError, OSError) as error:
        module.fail_json(msg=str(error), moved=[])


if __name__ == "__main__":
    main()
