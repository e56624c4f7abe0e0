# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves the executor of drivers over Ansible's own local connection: a module, a command, a new connection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.executor import AnsibleExecutor
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.errors import UnreachableError

ACTION = """
from dataclasses import asdict

from ansible.plugins.action import ActionBase

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.executor import AnsibleExecutor


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        host = AnsibleExecutor(self, task_vars)
        facts = host.module("ansible.builtin.command", {"argv": ["printf", "%s", "a b"]})
        host.reconnect()
        done = host.command("printf 'said %s' \\"$((6 * 7))\\"; echo wrong >&2; exit 3")
        return {"module": facts["stdout"], "command": asdict(done)}
"""


def test_a_module_and_a_command_run_over_the_connection_of_the_task(tmp_path):
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "probed.py").write_text(ACTION)
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"probed": None, "register": "found"}]}
    kept = {"ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": str(tmp_path / "found")}}
    play["tasks"].append({**kept, "check_mode": False})
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    inventory = "host1,"
    more = ["-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", inventory, *more, str(tmp_path / "play.yml")],
        env={**os.environ, "ANSIBLE_ACTION_PLUGINS": str(tmp_path / "action_plugins")},
        check=True,
    )
    found = json.loads((tmp_path / "found").read_text())
    assert found["module"] == "a b"
    assert found["command"]["rc"] == 3
    assert found["command"]["stdout"] == "said 42"
    assert "wrong" in found["command"]["stderr"]


class Lost:
    """An action whose connection is gone."""

    def _execute_module(self, **_given):
        raise AnsibleConnectionFailure("no route")

    def _low_level_execute_command(self, _text):
        raise AnsibleConnectionFailure("no route")

    @property
    def _connection(self):
        raise AnsibleConnectionFailure("no route")


@pytest.mark.parametrize(
    "does",
    [lambda host: host.module("ping", {}), lambda host: host.command("true"), lambda host: host.reconnect()],
    ids=["module", "command", "reconnect"],
)
def test_what_is_lost_on_the_way_is_an_error_of_the_contract(does):
    with pytest.raises(UnreachableError, match="no route"):
        does(AnsibleExecutor(Lost(), {}))
