# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup netstack.datacenter.stack_hosts: a play's hosts, or a failure when a declared site was dropped."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: stack_hosts
short_description: Name a play's hosts, leave out what is not the site's any more, fail when the site was dropped
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Returns the pattern that it is given, for C(hosts) of a play.
  - Leaves out a name that is neither a group nor a host of the inventory, such as V(switches) in a site without any,
    because ansible-core warns of a group that it does not know; where no name is left it returns a pattern without
    hosts.
  - Fails when the inventory has no host at all. That is what a missing file, a misspelt plugin name or a YAML error in
    C(stack.yml) leads to, because ansible-core drops such a file with a warning, skips every play, and ends with exit
    status 0, also under C(--limit), where a play on C(localhost) is skipped too.
  - Leaves out, with a warning by name, what a stored inventory (that of AWX) still holds of an earlier state of the
    site. That are hosts whose C(stack_digest) is not the C(stack_site_digest) of C(all), in every play; and hosts in a
    group of the site, such as C(cell_NAME), that is not in their own C(stack_groups), in the plays of that group. They
    leave the inventory of the run, so no pattern, group or other host sees them. A host without C(stack_digest) is left
    alone.
  - Fails when C(--limit) names such a host, or nobody else.
  - Fails when it is asked for V(link_ends), and a host of this run is in another group of devices whose ends of links a
    role configures, and not in that one, as in a stored inventory that an earlier release wrote.
  - Where there are other hosts, M(netstack.datacenter.stack_preflight) fails on each of them.
options:
  _terms:
    description: The pattern, for example V(all).
    type: list
    elements: str
    required: true
  order:
    description:
      - Returns the names of the hosts instead, of those kinds of devices whose ends of links a role configures, in the
        order in which they are changed. That order is a property of the kind.
      - With V(rollback) it is the reverse.
    type: str
    choices: [change, rollback]
  batches:
    description:
      - Returns the sizes of the batches for C(serial) instead, with the O(order) of C(hosts), and as many hosts as
        C(--limit) leaves. Kinds on whose hosts something else runs are changed one by one, hosts of another kind all at
        once.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Preflight
  hosts: "{{ lookup('netstack.datacenter.stack_hosts', 'all') }}"
  gather_facts: false
  tasks:
    - name: Check the declared site
      netstack.datacenter.stack_preflight:

- name: Change the ends of the links
  hosts: "{{ lookup('netstack.datacenter.stack_hosts', 'link_ends', order='change') }}"
  serial: "{{ query('netstack.datacenter.stack_hosts', 'link_ends', order='change', batches=true) }}"
  gather_facts: false
  tasks:
    - name: Change this device
      ansible.builtin.include_role:
        name: "netstack.datacenter.{{ stack_role }}"
"""

RETURN = r"""
_raw:
  description: The pattern as it was given, or one without hosts; the names of hosts, or the sizes of batches.
  type: list
  elements: raw
"""

import inspect
import re
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.stored import LEFT_OUT, LimitError, leave_out
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import dropped_sites

NO_HOST = (
    "The inventory has no host at all. Look for a file that is not there (-i), or one whose key `plugin` names no "
    "inventory plugin; ansible-core only warns of both."
)
NOBODY = "all:!all"
LINK_ENDS = "link_ends"
NO_END = (
    "{hosts}: not in the group link_ends, so no play would plan, change, verify or put back the ends of their links. A "
    "stored inventory (that of AWX) that an earlier release wrote has no such group: update its source with this "
    "release. A host that is not of the declared site has to be put into it, with stack_role."
)


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no type information
    """Runs when the play is made, whatever `--limit` says."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return the pattern, its hosts in order, or their batches.

        Raises:
            AnsibleLookupError: the site was dropped, with the refusal.

        """
        known = variables or {}
        inventory = _inventory_of(known)
        if inventory is not None:
            self._leave_out(inventory, known)
        groups = (known.get("groups") if inventory is None else inventory.get_groups_dict()) or {}
        if not groups.get("all"):
            if inventory is not None and inventory.groups["all"].vars.get(LEFT_OUT):
                return [NOBODY]  # a slice of which nobody is the site's any more
            errors = dropped_sites({**known, "stack_sources": []}) or [NO_HOST]
            raise AnsibleLookupError("\n".join(["The declared site is refused. No device was contacted.", *errors]))
        if LINK_ENDS in terms:
            _refuse_without_ends(groups, _in_run(inventory))
        self.set_options(var_options=known, direct=kwargs)
        order = self.get_option("order")
        if order is None:
            return [term for term in terms if not _absent(term, groups)] or [NOBODY]
        turns = _turns({host for term in terms for host in groups.get(term, ())}, groups)
        turns = turns[::-1] if order == "rollback" else turns
        if self.get_option("batches"):
            return _batches(turns, _in_run(inventory))
        return [host for turn in turns for host in turn] or [NOBODY]

    def _leave_out(self, inventory: Any, known: dict[str, Any]) -> None:
        """Take what is not the site's any more out of the inventory, and tell it once."""
        try:
            left = leave_out(inventory, [str(source) for source in known.get("ansible_inventory_sources") or ()])
        except LimitError as error:
            raise AnsibleLookupError(f"{error} No device was contacted.") from error
        for text in left.texts():
            self._display.warning(text)


def _inventory_of(known: dict[str, Any]) -> Any:
    """Return the inventory of the run (an InventoryManager); None where there is none, as in a test of this lookup.

    ansible-core hands it out by `hostvars` from the second play on. Before, when the hosts of the first one are asked
    for, only the caller has it, and `stack_preflight` would be too late: it runs in a worker, for one host.
    """
    if "hostvars" in known:
        return getattr(known["hostvars"], "_inventory", None)
    frame = inspect.currentframe()
    while frame is not None:
        found = getattr(frame.f_locals.get("self"), "_inventory", None)
        if isinstance(found, InventoryManager):
            return found
        frame = frame.f_back
    return None


def _in_run(inventory: Any) -> set[str] | None:
    return None if inventory is None else {host.name for host in inventory.get_hosts()}


def _refuse_without_ends(groups: dict[str, list[str]], present: set[str] | None) -> None:
    """Refuse hosts of this run that the plays of links would pass over in silence."""
    expected = {
        host for kind in kinds() if kind.role for name in (kind.name, *kind.groups) for host in groups.get(name, ())
    }
    lost = expected.difference(groups.get(LINK_ENDS, ()))
    lost = lost if present is None else lost & present
    if lost:
        raise AnsibleLookupError(f"{NO_END.format(hosts=', '.join(sorted(lost)))} No device was contacted.")


def _turns(wanted: set[str], groups: dict[str, list[str]]) -> list[list[str]]:
    """Return the hosts that are changed at once, in the order of change."""
    found = []
    for each in sorted((each for each in kinds() if each.role), key=lambda each: each.order):
        hosts = [host for host in groups.get(each.name, ()) if host in wanted]
        found += [[host] for host in hosts] if each.one_by_one else [hosts]
    return found


def _batches(turns: list[list[str]], present: set[str] | None) -> list[int]:
    sizes = [len(turn if present is None else present.intersection(turn)) for turn in turns]
    return [size for size in sizes if size] or [1]


def _absent(term: str, groups: dict[str, list[str]]) -> bool:
    """Tell whether a plain name, not a pattern of several, names nothing."""
    return re.fullmatch(r"\w+", term) is not None and term not in groups and term not in groups["all"]
