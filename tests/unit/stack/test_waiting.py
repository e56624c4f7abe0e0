# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves with the real playbook that each task which waits for a node or a device says so while it does.

The interval of 15 s is shortened, so that even the start of a module is a wait.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from . import site_files
from .real_ansible import Place

SHORT = """
import threading
usual = threading.Event.wait
threading.Event.wait = lambda self, timeout=None: usual(self, 0.05 if timeout == 15.0 else timeout)
"""
NEVER_WAIT = {
    *("stack_answered", "stack_kept", "stack_limit", "stack_preflight", "stack_report", "backup_info", "peers_ca")
}
"""They read what is known on the controller, or a folder of the node."""
INSTEAD = {"tls_certificate_target": "tls_certificate"}
"""A module that an action of another name runs."""
QUICK = {"timeouts": {"connect": 1}}
API = {"validate_certs": False, "timeouts": {"connect": 1, "call": 1}}
TOKEN = {"token": {"time": 1, "comment": "a"}}
PORT = {"ge-0/0/0": {"mode": "access", "untagged": "lan"}}
VSWITCH = {"vSwitch0": {"uplinks": ["vmnic0"]}}
LINK = {
    **{"link": "l", "host": "h", "bundle": "none", "lag": "vSwitch0", "ports": ["vmnic0"], "provisioned": True},
    **{"peer": "junos_lag merged", "peer_kind": "junos_ex", "peer_ports": ["ge-0/0/0"], "peer_lag": None},
    "vlans": {"untagged": "lan", "tagged": []},
}
DEVICES = {
    **{f"junos_lag {state}": {**QUICK, "state": state} for state in ("gathered", "verified")},
    "junos_lag merged": {**QUICK, "vlans": {"lan": {"id": 10}}},
    "junos_lag restored": {**QUICK, "state": "restored", "run_id": "r1"},
    **{f"junos_lag {state}": {**QUICK, "state": state, **TOKEN} for state in ("confirmed", "abandoned")},
    **{f"esxi_teaming {state}": {**API, "state": state, "vswitches": VSWITCH} for state in ("gathered", "verified")},
    "esxi_teaming merged": {**API, "vswitches": VSWITCH},
    "link_cutover foretold": {**API, "vswitches": VSWITCH, "links": [LINK]},
}


def on_nodes() -> list[str]:
    """Return every action and module that reaches a node by a connection of Ansible."""
    names = {file.stem for kind in ("action", "modules") for file in (site_files.ROOT / "plugins" / kind).glob("*.py")}
    devices = {"junos_lag", "esxi_teaming", "link_cutover"}
    return sorted(names - NEVER_WAIT - devices - INSTEAD.keys())


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """Yield a port that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def done(silent, tmp_path_factory) -> subprocess.CompletedProcess[str]:
    place = Place(tmp_path_factory.mktemp("waiting"))
    (place.folder / "short").mkdir()
    (place.folder / "short" / "sitecustomize.py").write_text(SHORT)
    cases = {name: (name, {}) for name in on_nodes()}
    cases |= {name: (name.split()[0], given) for name, given in DEVICES.items()}
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_host": "127.0.0.1"}
    trusting = "-F /dev/null -o StrictHostKeyChecking=no"
    login = {"ansible_port": silent, "ansible_user": "a", "ansible_password": "b", "ansible_ssh_common_args": trusting}
    declared = {"junos_lag_ports": PORT, "junos_lag_vlans": {"lan": {"id": 10}}}
    hosts = {name: {**local, **login, **declared} for name in cases}
    (place.folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    for name, (action, options) in cases.items():
        task = {f"netstack.datacenter.{action}": options, "check_mode": name == "link_cutover foretold"}
        (place.folder / f"{name}.json").write_text(json.dumps([task]))
    tasks = [{"ansible.builtin.include_tasks": "{{ inventory_hostname }}.json"}]
    play = {"hosts": "all", "gather_facts": False, "strategy": "free", "tasks": tasks}
    (place.folder / "play.json").write_text(json.dumps([play]))
    path = f"{place.folder / 'short'}:{site_files.ROOT / '.cache' / 'collections'}"
    return place.start("ansible-playbook", "-i", "hosts.json", "-f", "20", "play.json", PYTHONPATH=path)


@pytest.mark.parametrize("name", [*on_nodes(), *DEVICES])
def test_what_is_waited_for_is_said_with_the_hosts_name(done, name):
    assert re.search(rf"(?m)^{name}: [a-z].* \(\d+ s so far\)$", done.stdout), done.stdout


def test_what_a_library_has_to_say_of_a_device_goes_no_way_of_its_own(done):
    assert not re.search(r"Traceback|paramiko|ncclient", done.stderr), done.stderr
