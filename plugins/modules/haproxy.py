#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One transaction on HAProxy: render, validate, compare, replace, load, prove, or take back."""

from __future__ import annotations

DOCUMENTATION = r"""
"""
EXAMPLES = r"""
"""
RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    Deployment,
    Outcome,
    Rejected,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import CommandFailed, Host
from ansible_collections.netstack.datacenter.plugins.module_utils.transaction import Transaction

_RSYSLOG = {
    "file": {"type": "path"},
    "address": {"type": "str"},
    "port": {"type": "int", "default": 514},
    "protocol": {"type": "str", "choices": ["udp", "tcp"], "default": "udp"},
}
ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "global": {"type": "dict", "default": {}},
    "defaults": {"type": "dict", "default": {}},
    "services": {"type": "dict", "default": {}},
    "peers": {"type": "dict", "default": {}},
    "stats": {"type": "dict"},
    "metrics": {"type": "dict"},
    "health": {"type": "dict", "default": {}},
    "node": {"type": "str"},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "awaited_files": {"type": "list", "elements": "path", "default": []},
    "rsyslog": {"type": "dict", "options": _RSYSLOG},
    "fatal_warnings": {"type": "bool", "default": True},
    "allow_restart": {"type": "bool", "default": False},
    "run_id": {"type": "str", "default": ""},
}


def _outcome(module: AnsibleModule, deployment: Deployment) -> Outcome:
    """Do what the state asks for."""
    state = module.params["state"]
    if state == "absent":
        return deployment.absent()
    if state == "restored":
        return deployment.restored()
    return deployment.present(wishes_from(module.params))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        required_if=[("state", "present", ("node",))],
    )
    transaction = Transaction("haproxy", module.params["run_id"])
    try:
        deployment = Deployment(Host(module.run_command), transaction, module.check_mode)
        outcome = _outcome(module, deployment)
    except (Rejected, CommandFailed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=outcome.changed,
        actions=outcome.actions,
        files=[change.wanted.path for change in outcome.changes],
        backup=outcome.backup,
        validated=outcome.validated,
        in_effect=outcome.in_effect,
        version=deployment.version,
        notes=outcome.notes,
        diff=outcome.diff(),
    )


if __name__ == "__main__":
    main()
