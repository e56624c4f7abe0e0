# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles, VLANs and ports of one Juniper EX, in the controller's process and with one writing session."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.action import DriverAction
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import options
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.driver import JunosDriver
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import CONSENT

_SPEC: dict[str, Any] = {
    "state": {
        "type": "str",
        "default": "merged",
        "choices": [
            *options.APPLYING,
            *("gathered", "rendered", "parsed", "verified", "confirmed", "abandoned", "restored"),
        ],
    },
    "vlans": {"type": "raw"},
    "bundles": {"type": "raw"},
    "ports": {"type": "raw"},
    "links": {"type": "list", "elements": "dict", "default": []},
    "plan_for": {"type": "str", "choices": list(options.APPLYING), "default": "merged"},
    "style": {"type": "str", "choices": ["auto", "els", "nonels"], "default": "auto"},
    "model": {"type": "str"},
    "release": {"type": "str"},
    "stp": {"type": "str", "choices": ["auto", "rstp", "mstp", "none"], "default": "auto"},
    "device_count": {"type": "int"},
    "limits": {"type": "dict", "options": {"members": {"type": "int"}, "lags": {"type": "int"}}},
    "consent": {"type": "list", "elements": "str", "choices": list(CONSENT), "default": []},
    "management_ports": {"type": "list", "elements": "str", "default": []},
    "management_vlan": {"type": "str"},
    "confirm_minutes": {"type": "int", "default": 5},
    "hold": {"type": "bool", "default": False},
    "token": {
        "type": "dict",
        "options": {"time": {"type": "int", "required": True}, "comment": {"type": "str", "required": True}},
    },
    "run_id": {"type": "str", "default": ""},
    "ticket": {"type": "str", "default": ""},
    "synchronize": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "rescue": {"type": "str", "choices": ["missing", "always", "never"], "default": "missing"},
    "verify": {
        "type": "dict",
        "default": {},
        "options": {
            "links": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 90},
            "interval": {"type": "float", "default": 2.0},
            "command": {"type": "list", "elements": "str", "default": []},
        },
    },
    "running_config": {"type": "str"},
    "timeouts": {
        "type": "dict",
        "default": {},
        "options": {
            "connect": {"type": "int", "default": 30},
            "rpc": {"type": "int", "default": 60},
            "commit": {"type": "int", "default": 300},
        },
    },
}
_NEEDS = [("state", "parsed", ["running_config"]), ("state", "confirmed", ["token"]), ("state", "abandoned", ["token"])]


class ActionModule(DriverAction):
    """The action of a device kind: its options, and who carries a state of theirs out."""

    SPEC = _SPEC
    NEEDS = _NEEDS
    DRIVER = JunosDriver
