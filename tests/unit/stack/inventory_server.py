# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads inventories as ansible-playbook does before its first play; a program of its own, started by `real_ansible`.

A request is a line of JSON on stdin: folder, options of ansible-playbook, pattern of a play's hosts, settings. The
answer is a line on stdout: for each of these hosts its variables, and what `stack_preflight` makes of them.
ansible-core keeps options and extra variables in globals, so each request has a process of its own, forked when
everything is imported.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ansible import constants, context
from ansible.cli.playbook import PlaybookCLI
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([])

# From here on through the loader of collections, and here, so that no forked process has to import them anew.
from ansible_collections.netstack.datacenter.plugins.action.stack_preflight import result_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import load  # noqa: F401  # of the plugin
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import judge


def read(options: list[str], pattern: str) -> dict[str, Any]:
    """Return what a play on `pattern` would have to work with, by host."""
    cli = PlaybookCLI(["ansible-playbook", "book.yml", *options])
    cli.parse()
    _loader, inventory, variables = cli._play_prereqs()  # what PlaybookCLI.run() begins with
    cli.get_host_list(inventory, context.CLIARGS["subset"])
    known = {host.name: variables.get_vars(host=host) for host in inventory.get_hosts(pattern)}
    return {
        name: {
            "preflight": result_of(judge(values)),
            "variables": {key: value for key, value in values.items() if key not in ("groups", "hostvars", "vars")},
        }
        for name, values in known.items()
    }


def answer(request: dict[str, Any], channel: int) -> None:
    """Answer one request; an exception is left to the parent, which sees no answer."""
    os.chdir(request["folder"])
    for name, value in request["settings"].items():
        setattr(constants, name, value)
    os.write(channel, json.dumps(read(request["options"], request["hosts"]), default=str).encode() + b"\n")


def main() -> None:
    """Answer until stdin ends; what Ansible prints goes to stderr."""
    channel = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                answer(json.loads(line), channel)
                code = 0
            finally:
                sys.stdout.flush()
                os._exit(code)
        if os.waitpid(child, 0)[1]:
            os.write(channel, b"null\n")


if __name__ == "__main__":
    main()
