# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Standard virtual switches and port groups of ESXi, in the controller's process and with one session for each task."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DriverAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.declared import options
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.driver import EsxiDriver
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import CONSENT

_SPEC: dict[str, Any] = {
    "state": {
        "type": "str",
        "default": "merged",
        "choices": [*options.APPLYING, "gathered", "rendered", "parsed", "verified", "restored"],
    },
    "vswitches": {"type": "raw"},
    "port_groups": {"type": "raw"},
    "vmkernel": {"type": "raw"},
    "hosts": {"type": "raw"},
    "hosts_left_out": {"type": "list", "elements": "str", "default": []},
    "links": {"type": "list", "elements": "dict", "default": []},
    "plan_for": {"type": "str", "choices": list(options.APPLYING), "default": "merged"},
    "transport": {"type": "str", "choices": ["api", "ssh"], "default": "api"},
    "consent": {"type": "list", "elements": "str", "choices": list(CONSENT), "default": []},
    "management_interface": {"type": "str"},
    "ca_file": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "tls_fingerprint": {"type": "str"},
    "verify": {"type": "dict", "default": {}, "options": {"links": {"type": "bool", "default": True}}},
    "restore_point": {"type": "dict"},
    "restore_dir": {"type": "path"},
    "run_id": {"type": "str", "default": ""},
    "running_config": {"type": "str"},
    "timeouts": {
        "type": "dict",
        "default": {},
        "options": {
            "connect": {"type": "int", "default": 30},
            "call": {"type": "int", "default": 60},
            "back": {"type": "int", "default": 90},
        },
    },
}
_NEEDS = [("state", "parsed", ["running_config"])]


class ActionModule(DriverAction):
    """The action of a device kind: its options, and who carries a state of theirs out."""

    SPEC = _SPEC
    NEEDS = _NEEDS
    DRIVER = EsxiDriver
