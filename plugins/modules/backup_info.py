#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""List what this collection saved on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_info
short_description: List what the roles of this collection saved on a host
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Every role saves what it replaces as a generation below C(/var/lib/netstack/backup/ROLE), readable by root only.
  - Lists the generations of all roles, oldest first, and the newest run among them. Contents are not returned.
  - One that is not C(kept) any more has lost its contents (C(backup_keep)) and cannot be put back.
  - C(restores) is the generation that a rollback put back, where it was one that made this.
options: {}
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: See what could be put back
  netstack.datacenter.backup_info:
  register: backups
"""

RETURN = r"""
generations:
  description: One entry for each, oldest first.
  returned: success
  type: list
  elements: dict
  sample:
    - role: haproxy
      generation: 0001-20261121T091500Z
      made: 20261121T091500Z
      run_id: 20261121T091458Z-4711
      paths: [/etc/haproxy/haproxy.cfg]
      kept: true
      restores: ""
newest_run:
  description: Run of the newest generation, empty where there is none or where its run had no id.
  returned: success
  type: str
  sample: 20261121T091458Z-4711
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import STORE, Transaction


def generations(store: str) -> list[dict[str, Any]]:
    """Return an entry for each complete generation of every role below ``store``, oldest first."""
    roles = [path.name for path in Path(store).glob("*") if path.is_dir()]
    entries = [
        {"role": role, "generation": name, **Transaction(role, store=store).describe(name)}
        for role in roles
        for name in Transaction(role, store=store).generations()
    ]
    return sorted(entries, key=lambda entry: (entry["made"], entry["role"], entry["generation"]))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    found = generations(STORE)
    module.exit_json(changed=False, generations=found, newest_run=found[-1]["run_id"] if found else "")


if __name__ == "__main__":
    main()
