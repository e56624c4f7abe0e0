# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs of ansible-core, and reads inventories as ansible-playbook does before its first play.

A program of its own, started by `real_ansible`. A request is a line of JSON on stdin, with the folder to be in and
either `run`, a program with its arguments, and its environment, or options of ansible-playbook, a pattern of a play's
hosts and settings.
The answer is a line on stdout: the program's status, its output and its errors, or for each of these hosts its
variables and what `stack_preflight` makes of them. ansible-core keeps options and extra variables in globals, so each
request has a process of its own, forked when everything is imported: most of a short run is imports.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
import warnings
from typing import Any

from ansible import constants, context
from ansible.cli.playbook import PlaybookCLI
from ansible.plugins import loader

loader.init_plugin_loader([])
warnings.filterwarnings("ignore", "AnsibleCollectionFinder has already been configured")  # a program does so, too

# From here on through the loader of collections, and here, so that no forked process has to import them anew.
from ansible_collections.netstack.datacenter.plugins.action.stack_preflight import result_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import load  # noqa: F401  # of the plugin
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import judge


def warm() -> None:
    """Import the plugins that every play uses."""
    for plugins in (loader.filter_loader, loader.test_loader):
        list(plugins.all())
    for plugins, name in (
        (loader.callback_loader, "default"),
        (loader.strategy_loader, "linear"),
        (loader.connection_loader, "ssh"),
        (loader.connection_loader, "local"),
        (loader.shell_loader, "sh"),
        (loader.inventory_loader, "netstack.datacenter.stack"),
        *((loader.inventory_loader, name) for name in constants.INVENTORY_ENABLED),
    ):
        plugins.get(name, class_only=True)


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


def surround(environment: dict[str, str]) -> None:
    """Let this process have an environment, and the settings of ansible-core that it names, as if started with it."""
    os.environ.clear()
    os.environ.update(environment)
    defined = constants.config.get_configuration_definitions()
    for name, definition in defined.items():
        if any(variable["name"] in environment for variable in definition.get("env", ())):
            setattr(constants, name, constants.config.get_config_value(name))


def run(program: str, *arguments: str) -> int:
    """Run a program of ansible-core and return its exit status."""
    try:
        importlib.import_module(f"ansible.cli.{program.removeprefix('ansible-')}").main([program, *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def ran(*command: str) -> tuple[int, str, str]:
    """Run a program with files as its standard streams; return its exit status, its output and its errors."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        for file, number in ((output, 1), (errors, 2)):
            os.dup2(file.fileno(), number)
        status = run(*command)
        sys.stdout.flush()
        sys.stderr.flush()
        for file in (output, errors):
            file.seek(0)
        return status, output.read().decode(), errors.read().decode()


def answer(request: dict[str, Any], channel: int) -> None:
    """Answer one request; an exception is left to the parent, which sees no answer."""
    os.chdir(request["folder"])
    for name, value in request.get("settings", {}).items():
        setattr(constants, name, value)
    surround(request.get("environment", dict(os.environ)))
    found = ran(*request["run"]) if "run" in request else read(request["options"], request["hosts"])
    line = json.dumps(found, default=str).encode() + b"\n"
    while line:
        line = line[os.write(channel, line) :]


def main() -> None:
    """Answer until stdin ends; what Ansible prints else goes to stderr, and it finds nothing to read."""
    requests, channel = os.fdopen(os.dup(0)), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    warm()
    for line in requests:
        child = os.fork()
        if not child:
            code = 1
            try:
                answer(json.loads(line), channel)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        if os.waitpid(child, 0)[1]:
            os.write(channel, b"null\n")


if __name__ == "__main__":
    main()
