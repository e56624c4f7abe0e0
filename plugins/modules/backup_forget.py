#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remove former files that this collection keeps on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_forget
short_description: Remove former files that the roles of this collection keep on a host
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Every role keeps what it replaces below C(/var/lib/netstack/backup/ROLE), readable by root only. After a key or a
    password has been renewed because others know it, the former one is still there.
  - Removes the contents. That a file was replaced, when and by which run stays, and a rollback of such a run says why
    it cannot be done.
  - The option C(backup_keep) of the modules does the same by number and age, as runs go by.
options:
  roles:
    description: Whose former files; all roles where none is named.
    type: list
    elements: str
    default: []
  what:
    description:
      - V(older) leaves what the last two runs of each role replaced, so that they can be taken back, and what was there
        before the role came, where C(state=absent) puts it back.
      - V(everything) leaves no content. Nothing can be taken back then, and C(state=absent) gives nothing back.
      - V(history) removes the folders of the roles, with all that is known of who wrote what. For roles that have been
        taken away.
    type: str
    choices: [older, everything, history]
    default: older
attributes:
  check_mode:
    description: Says what would be removed.
    support: full
  diff_mode:
    description: What is removed is not shown.
    support: none
"""

EXAMPLES = r"""
- name: Remove the former keys after the new ones have proven good
  netstack.datacenter.backup_forget:

- name: Remove even what the last run replaced
  netstack.datacenter.backup_forget:
    roles: [tls_certificate]
    what: everything
"""

RETURN = r"""
removed:
  description: The generations that lose something, by role.
  returned: success
  type: dict
  sample:
    tls_certificate: [0001-20261121T091500Z, 0002-20261123T101500Z]
"""

import shutil
from pathlib import Path
from typing import Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import render as haproxy
from ansible_collections.netstack.datacenter.plugins.module_utils.options.backup_forget import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.pound import render as pound
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import decoded
from ansible_collections.netstack.datacenter.plugins.module_utils.service.retention import all_files, forget
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import STORE, File, Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.model import MARKER

#: How the roles know their own files; all others give nothing back when they are taken away.
OURS: dict[str, Callable[[File], bool]] = {
    "haproxy": lambda file: haproxy.is_ours(decoded(file)),
    "pound": lambda file: pound.is_ours(decoded(file)),
    "vip": lambda file: MARKER in decoded(file),
}
OTHERS = {"tls_certificate", "vip_address", "vip_firewall", "linux_bond"}


def removed(store: str, names: list[str], what: str, act: bool) -> dict[str, list[str]]:
    """Remove former files below ``store`` unless only asked what would go; return the generations by role.

    Raises OSError, for a role that has no backups too: a name that is not known would remove nothing unsaid.
    """
    known = sorted(path.name for path in Path(store).glob("*") if path.is_dir() and not path.is_symlink())
    unknown = sorted(
        set(names) - set(known) - set(OURS) - {"tls_certificate", "vip_address", "vip_firewall", "linux_bond"}
    )
    if unknown:
        raise OSError(
            f"no role is called {', '.join(unknown)}; with backups there are here: {', '.join(known) or 'none'}"
        )
    chosen = [role for role in known if not names or role in names]
    found = {
        role: _of_role(Transaction(role, store=store, is_ours=OURS.get(role, all_files)), what, act) for role in chosen
    }
    return {role: generations for role, generations in found.items() if generations}


def _of_role(transaction: Transaction, what: str, act: bool) -> list[str]:
    if what != "history":
        return forget(transaction, what == "everything", act)
    known = transaction.generations() or [transaction.role]
    if act:
        shutil.rmtree(str(transaction.folder))
    return known


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        found = removed(STORE, module.params["roles"], module.params["what"], not module.check_mode)
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(found), removed=found)


if __name__ == "__main__":
    main()
