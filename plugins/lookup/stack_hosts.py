# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup netstack.datacenter.stack_hosts: a play's hosts, or a failure when a declared site was dropped."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: stack_hosts
short_description: Name a play's hosts, and fail when Ansible dropped the declared site
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
  - Where there are other hosts, M(netstack.datacenter.stack_preflight) fails on each of them.
options:
  _terms:
    description: The pattern, for example V(all).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Preflight
  hosts: "{{ lookup('netstack.datacenter.stack_hosts', 'all') }}"
  gather_facts: false
  tasks:
    - name: Check the declared site
      netstack.datacenter.stack_preflight:
"""

RETURN = r"""
_raw:
  description: The pattern as it was given, or one without hosts.
  type: list
  elements: str
"""

import re
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import dropped_sites

NO_HOST = (
    "The inventory has no host at all. Look for a file that is not there (-i), or one whose key `plugin` names no "
    "inventory plugin; ansible-core only warns of both."
)
NOBODY = "all:!all"


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no type information
    """Runs when the play is made, whatever `--limit` says."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the pattern; raise AnsibleLookupError with the refusal when the site was dropped."""
        known = variables or {}
        groups = known.get("groups") or {}
        if not groups.get("all"):
            errors = dropped_sites({**known, "stack_sources": []}) or [NO_HOST]
            raise AnsibleLookupError("\n".join(["The declared site is refused. No device was contacted.", *errors]))
        return [term for term in terms if not _absent(term, groups)] or [NOBODY]


def _absent(term: str, groups: dict[str, list[str]]) -> bool:
    """Tell whether a plain name, not a pattern of several, names nothing."""
    return re.fullmatch(r"\w+", term) is not None and term not in groups and term not in groups["all"]
