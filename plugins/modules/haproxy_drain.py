#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let HAProxy's clients end their connections before the node loses its addresses."""

from __future__ import annotations

DOCUMENTATION = r"""
module: haproxy_drain
short_description: Let HAProxy's clients end their connections before the node loses its addresses
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Makes HAProxy close every connection after its present answer, by one reload whose listeners stay, and waits until
    few requests are under way and no idle connection is left. What goes on all the same is counted and told.
  - An idle connection ends with its next answer (C(option idle-close-on-response), which the role sets from HAProxy 2.6
    on), after C(timeout http-keep-alive), or at last when O(timeout) has passed and no request is under way, so that
    its client is told before the addresses are gone.
  - New connections are served, each for one request and by HTTP/1.1. An HTTP/2 connection does not end by itself.
  - Where Pound stands in front, it tells its clients of the end, too (seen of 4.16).
  - A service that asks for kept connections (a C(keep-alive) option or time-out, C(prefer-last-server),
    C(http-reuse)) is only waited for, and so is one in mode tcp. Its servers may authenticate the connection (NTLM, as
    Exchange does), and nobody could log in meanwhile.
  - The file on disk stays as it was, so O(state=serving) or any other reload ends it. After a run that was killed in
    between connections are kept again when O(lease) has passed; HTTP/2 is offered again with the next reload, which the
    next run of M(netstack.datacenter.haproxy) makes.
  - Never a change, for the configuration is none.
options:
  state:
    description:
      - V(draining) closes and waits.
      - V(serving) loads what is on disk again, where something else runs. What is under way is counted before that;
        where a VIP has left the node in between, its requests are cut.
    type: str
    choices: [draining, serving]
    required: true
  keep:
    description: Services that are only waited for, though nothing in their configuration asks for kept connections.
    type: list
    elements: str
    default: []
  at_most:
    description: With so many requests under way, or fewer, and no idle connection there is no need to wait.
    type: int
    default: 0
  timeout:
    description: Seconds to wait at most.
    type: float
    default: 15
  lease:
    description:
      - Seconds for which connections are closed where nobody ends that, by the clock of the host. Never shorter than
        O(timeout) and a minute.
    type: int
    default: 600
attributes:
  check_mode:
    support: full
    description: Tells what would be closed and how many requests are under way now.
  diff_mode:
    support: none
    description: There is nothing to show, for no file changes.
seealso:
  - module: netstack.datacenter.vip_move
"""

EXAMPLES = r"""
- name: Let the clients of this node end their connections, for 30 seconds
  netstack.datacenter.haproxy_drain:
    state: draining
    keep: [intranet]
    timeout: 30

- name: Keep connections again
  netstack.datacenter.haproxy_drain:
    state: serving
"""

RETURN = r"""
closed:
  description: The services whose connections are closed after each answer.
  returned: success
  type: list
  elements: str
  sample: [shop]
kept:
  description: The services that are only waited for.
  returned: success
  type: list
  elements: str
  sample: [mail]
waited:
  description: How long it took, in seconds.
  returned: success
  type: float
  sample: 1.4
ended:
  description: How many idle connections were ended because O(timeout) had passed.
  returned: success
  type: int
  sample: 0
left:
  description: How many requests are under way all the same, with O(state=serving) after the move.
  returned: success
  type: int
  sample: 0
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.closing import Drain
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.service import FAILURES, Service
from ansible_collections.netstack.datacenter.plugins.module_utils.options.haproxy_drain import SPEC

SPARE = 60  # seconds that closing goes on at least, after what it waits for


def drained(module: AnsibleModule, drain: Drain) -> dict[str, Any]:
    """Close and wait; tell what was closed and what is left."""
    lease = max(module.params["lease"], module.params["timeout"] + SPARE)
    planned = drain.plan(module.params["keep"], lease)
    failure = drain.close(planned) if planned and not module.check_mode else ""
    if failure:
        module.warn(f"the connections of HAProxy's clients are not closed, only waited for: {failure}")
    left = drain.wait(module.params["at_most"], 0 if module.check_mode else module.params["timeout"])
    if left.requests and not module.check_mode:
        idle = f" and {left.idle} connections idle" if left.idle else ""
        module.warn(
            f"{left.requests} requests are still under way{idle} after {left.waited:g} s; what moves the VIP cuts them"
        )
    return {
        "closed": planned.closed if planned and not failure else [],
        "kept": planned.kept if planned else [],
        "waited": left.waited,
        "ended": 0 if module.check_mode else drain.end_idle(),
        "left": left.requests,
    }


def serving(module: AnsibleModule, drain: Drain) -> dict[str, Any]:
    """Keep connections again; tell what is under way, which a VIP that has moved in between has cut."""
    if module.check_mode:
        return {}
    left = drain.requests()
    if left:
        module.warn(
            f"{left} requests were under way when the VIPs had moved; those of VIPs that left this node are cut"
        )
    if failure := drain.serve():
        # No failure, for what comes next may bring VIPs home; the next run finds what runs and loads the file.
        module.warn(f"HAProxy still closes its clients' connections: {failure}")
    return {"left": left}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host = Host(module.run_command)
    drain = Drain(Service(host, host.version()[1]))
    result: dict[str, Any] = {"closed": [], "kept": [], "waited": 0.0, "ended": 0, "left": 0}
    try:
        if module.params["state"] == "draining":
            result = drained(module, drain)
        else:
            result |= serving(module, drain)
    except FAILURES as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
