#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Drain, stop, bring back and weight one server of a running HAProxy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: haproxy_server
short_description: Drain, stop, bring back and weight one server of a running HAProxy
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Changes the administrative state and the weight of one server through HAProxy's admin socket, at once and without
    a reload.
  - What is set this way survives the reloads of M(netstack.datacenter.haproxy), which carries the servers' state
    over, but not a restart of HAProxy nor a reload by hand.
options:
  backend:
    description: The backend or listen section.
    type: str
    required: true
  name:
    description: The server, by its name in the configuration.
    type: str
    required: true
    aliases: [server]
  state:
    description:
      - V(ready) lets it take traffic.
      - V(drain) lets clients that stick to it by a cookie come back, and sends nobody new. Checks go on.
      - V(maint) sends it nobody at all and stops its checks; sessions in progress go on.
      - Left alone when not given.
    type: str
    choices: [ready, drain, maint]
  weight:
    description:
      - The weight, 0 to 256, or a percentage of the configured weight such as V(50%).
      - A percentage above zero that HAProxy would round down to 0, and so take the server out of service, is refused.
      - Left alone when not given.
    type: str
  wait:
    description:
      - With O(state=drain) or O(state=maint), wait this many seconds for the server's last session to end, and fail
        when it does not. V(0) does not wait.
    type: int
    default: 0
  socket:
    description: HAProxy's admin socket.
    type: path
    default: /run/haproxy/admin.sock
attributes:
  check_mode:
    support: full
    description: Reads from the socket, sends no command that changes anything, and returns what would be.
  diff_mode:
    support: full
    description: Shows state and weight before and after.
seealso:
  - module: netstack.datacenter.haproxy
"""

EXAMPLES = r"""
- name: Send nobody new to web1, and wait up to five minutes until the last session is over
  netstack.datacenter.haproxy_server:
    backend: web
    name: web1
    state: drain
    wait: 300

- name: Put web1 back, at half its weight at first
  netstack.datacenter.haproxy_server:
    backend: web
    name: web1
    state: ready
    weight: 50%

- name: Take web1 out
  netstack.datacenter.haproxy_server:
    backend: web
    name: web1
    state: maint
"""

RETURN = r"""
before:
  description: The server as it was found.
  returned: success
  type: dict
  sample: {state: ready, weight: 100, configured_weight: 100, address: 10.0.10.21, port: 80}
after:
  description: The server as it is now; in check mode, as it would be.
  returned: success
  type: dict
  sample: {state: drain, weight: 100, configured_weight: 100, address: 10.0.10.21, port: 80}
commands:
  description: What was sent, or in check mode would be sent, to the socket.
  returned: success
  type: list
  elements: str
  sample: ["set server web/web1 state drain"]
sessions:
  description: Sessions that the server still has; only with O(wait).
  returned: when waiting
  type: int
  sample: 0
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.answers import ServerState
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.runtime import (
    RefusedError,
    Runtime,
    UnreachableError,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.server import (
    change,
    commands,
    find,
    wait_until_idle,
    wanted_weight,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.options.haproxy_server import SPEC


def _shown(server: ServerState) -> dict[str, Any]:
    """Return a server as the module returns it."""
    return {
        "state": server.state,
        "weight": server.weight,
        "configured_weight": server.initial_weight,
        "address": server.address,
        "port": server.port,
    }


def _predicted(before: ServerState, params: dict[str, Any]) -> dict[str, Any]:
    """Return what the server would be like."""
    weight = before.weight if params["weight"] is None else wanted_weight(params["weight"], before)
    return {**_shown(before), "state": params["state"] or before.state, "weight": weight}


def _run(module: AnsibleModule, runtime: Runtime) -> dict[str, Any]:
    """Change the server and return the result. Raises RefusedError and UnreachableError."""
    params = module.params
    before = find(runtime, params["backend"], params["name"])
    lines = commands(before, params["state"], params["weight"])
    predicted = _predicted(before, params)
    result = {"changed": bool(lines), "commands": lines, "before": _shown(before), "after": predicted}
    if not module.check_mode:
        result["after"] = _shown(change(runtime, before, lines))
        if result["after"] != predicted:
            raise RefusedError(f"HAProxy took {lines} without a word, but the server is {result['after']}")
    result["diff"] = {"before": result["before"], "after": result["after"]}
    if params["wait"] and params["state"] in ("drain", "maint") and not module.check_mode:
        result["sessions"] = wait_until_idle(runtime, before, params["wait"])
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True, required_one_of=[("state", "weight")])
    runtime = Runtime(module.params["socket"])
    try:
        result = _run(module, runtime)
    except (RefusedError, UnreachableError, ValueError) as error:
        module.fail_json(msg=str(error))
    if result.get("sessions"):
        module.fail_json(msg=f"{result['sessions']} sessions are still open after {module.params['wait']} s", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
