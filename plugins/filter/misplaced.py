# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VIPs a node holds that belong on its peer."""

from __future__ import annotations

DOCUMENTATION = r"""
name: misplaced
short_description: VRRP instances that this node holds and that belong on its peer
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - A VIP belongs where it was before the run; one that nobody held belongs on its preferred node.
  - Uses what this node saw itself, so that it is right in a slice too.
positional: before
options:
  _input:
    description: The node's instances, as the role C(vip) takes them; C(preferred) is used.
    type: dict
    required: true
  before:
    description: What M(netstack.datacenter.vip_holder) returned as C(held) before the run.
    type: dict
    required: true
  now:
    description: What it returns now.
    type: dict
    required: true
  takes_new:
    description:
      - Whether this node takes what nobody holds once its change is made, as the first node of a pair does.
      - By this a check-mode run foresees what it cannot see.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Give back what the peer held before
  netstack.datacenter.vip_move:
    instances: "{{ vip_instances }}"
    names: "{{ vip_instances | netstack.datacenter.misplaced(vip_held, now=vip_holders.held) }}"
    state: away
"""

RETURN = r"""
_value:
  description: Names of the instances, sorted.
  type: list
  elements: str
"""

from typing import Any

Held = dict[str, dict[str, Any]]
NOBODY = {"local": False, "others": 0}


def misplaced(instances: dict[str, Any], before: Held, now: Held, takes_new: bool = False) -> list[str]:
    """Return the names of the instances that this node holds, or will hold, and that belong on its peer."""
    return sorted(
        name
        for name, instance in instances.items()
        if _holds(now.get(name, NOBODY), takes_new) and not _belongs(instance, before.get(name, NOBODY))
    )


def _holds(now: dict[str, Any], takes_new: bool) -> bool:
    return bool(now["local"]) or (takes_new and not now["others"])


def _belongs(instance: dict[str, Any], before: dict[str, Any]) -> bool:
    """Tell whether this node is the instance's place; split brain before the run (both held it) keeps it here."""
    if before["local"]:
        return True
    return not before["others"] and bool(instance.get("preferred", True))


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file."""
        return {"misplaced": misplaced}
