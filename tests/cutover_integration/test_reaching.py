# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each way to give Ansible a connection reaches the device by junos_lag, esxi_teaming and link_cutover.

What a row takes out of the inventory is what it gives in another way, and the devices know no other login, so that a
way that is not honoured fails. All rows that are run in one way share a run of ansible-playbook.
"""

from __future__ import annotations

from contextlib import ExitStack

import asyncssh
import pytest

from . import labs
from .reaching import ACTIONS, HOST, PASSWORD, SCOPED, STYLE, USER, Lab, Row, Run, jump_host, play, relayed, vaulted

SECRET = "of the vault"
NO_USER = {"ansible_user": None}
NO_PASSWORD = {"ansible_password": None}
NO_PORT = {"ansible_port": None}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    for package in ("asyncssh", "lxml", "jnpr.junos", "pyVmomi"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from kinds.esxi_vss.client import Simulator as Hosts
    from kinds.junos_ex.client import Simulator as Switches

    folder = tmp_path_factory.mktemp("reaching")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(folder / "key"))
    key.write_public_key(str(folder / "key.pub"))
    login = {"user": USER, "password": PASSWORD, "authorized_keys": folder / "key.pub"}
    with Switches({STYLE: labs.STYLES[STYLE]}, **login) as switches, Hosts({HOST: 2}, **login) as hosts:
        hosts.control("reset", host=HOST, state=labs.DELIVERED)
        switches.control("far_end", switch=STYLE, ports={port: {} for port in labs.PORTS})
        made = Lab(switches, hosts, folder)
        (folder / "key").chmod(0o600)
        (folder / "password").write_text(PASSWORD)
        (folder / "secret").write_text(SECRET)
        ports = switches.port(STYLE), hosts.port(HOST)
        with ExitStack() as stack:
            made.six, made.host_six = (stack.enter_context(relayed(port)) for port in ports)
            made.scoped, made.host_scoped = (stack.enter_context(relayed(port, SCOPED)) for port in ports)
            made.jump = stack.enter_context(jump_host(made))
            made.write_files()
            yield made


def runs(lab: Lab) -> dict[str, Run]:
    """Return how ansible-playbook is called, by the name that the rows have."""
    vault = ["--vault-password-file", str(lab.folder / "secret")]
    password = ["--connection-password-file", str(lab.folder / "password")]
    port, key = lab.switches.port(STYLE), lab.key
    arguments = {"ANSIBLE_SSH_COMMON_ARGS": lab.arguments}
    login = {"ANSIBLE_REMOTE_USER": USER, "ANSIBLE_PRIVATE_KEY_FILE": key, "ANSIBLE_REMOTE_PORT": str(port)}
    settings = f"remote_user = {USER}\nprivate_key_file = {key}\nremote_port = {port}\nhost_key_checking = False\n"
    return {
        "plain": Run(vault),
        "options": Run(["-u", USER, *password]),
        "key_options": Run(["--private-key", key, "--ssh-common-args", lab.arguments]),
        "environment": Run(environment={**login, **arguments}),
        "config": Run(config=settings),
        "other_port": Run(config=f"remote_port = {lab.hosts.port(HOST)}\n"),
    }


def ipv6(lab: Lab, host: str) -> dict[str, object]:
    """Return the variables of the host behind its relay, whose certificate does not name that address."""
    return {"ansible_host": host, "ansible_port": lab.host_six, "certs": False}


def scoped(lab: Lab, host: str) -> dict[str, dict[str, object]]:
    """Return the variables of both behind relays at an address that names its interface."""
    switch = {"ansible_host": host, "ansible_port": lab.scoped}
    return {"switch": switch, "host": {**ipv6(lab, host), "ansible_port": lab.host_scoped}}


def both(**variables: object) -> dict[str, dict[str, object]]:
    """Return what is other at the switch and at the host alike."""
    return {"switch": dict(variables), "host": dict(variables)}


BARE = {"ansible_ssh_common_args": "-F /dev/null"}


def rows(lab: Lab) -> list[Row]:
    """Return the table, a line for each way."""
    return [*by_variables(lab), *by_paths(lab), *by_options(lab)]


def by_variables(lab: Lab) -> list[Row]:
    """Return what variables and keywords say of user, password and port."""
    switch, host, ssh = lab.switches.port(STYLE), lab.hosts.port(HOST), lab.hosts.ssh_port(HOST)
    other = {"ansible_ssh_user": USER, "ansible_ssh_host": "127.0.0.1"}
    return [
        Row("variables", each=True),
        Row("ssh_names", **both(**NO_USER, **NO_PASSWORD, ansible_host=None, **other, ansible_ssh_pass=PASSWORD)),
        Row(
            "ssh_ports",
            transport="ssh",
            switch={**NO_PORT, "ansible_ssh_port": switch},
            host={"ansible_port": 1, "ansible_ssh_port": ssh},
        ),
        Row("templates", **both(ansible_user="{{ names.mine }}", names={"mine": USER})),
        Row("templates_of_each_host", switch={"ansible_user": "{{ who }}", "who": USER}, host={"who": "nobody"}),
        Row("vault", **both(ansible_password=vaulted(PASSWORD, SECRET))),
        Row(
            "vaulted_port",
            switch={"ansible_port": vaulted(str(switch), SECRET)},
            host={"ansible_port": vaulted(str(host), SECRET)},
        ),
        Row(
            "vaulted_port_in_template_over_ssh",
            transport="ssh",
            switch={"ansible_port": "{{ deep | int }}", "deep": vaulted(str(switch), SECRET)},
            host={"ansible_port": "{{ deep }}", "deep": vaulted(str(ssh), SECRET)},
        ),
        Row("vault_in_template", **both(ansible_password="{{ deep }}", deep=vaulted(PASSWORD, SECRET))),
        Row("remote_user_of_the_play", **both(**NO_USER), play={"remote_user": USER}),
        Row("remote_user_of_the_task", **both(**NO_USER), task={"remote_user": USER}, play={"remote_user": "nobody"}),
        Row("a_variable_before_a_keyword", **both(), play={"remote_user": "nobody"}),
        Row("port_of_the_play", host=NO_PORT, play={"port": host}),
        Row("port_of_the_play_at_a_switch", switch=NO_PORT, play={"port": switch}, actions=("junos_lag",)),
    ]


def by_paths(lab: Lab) -> list[Row]:
    """Return delegation, IPv6, keys and jump hosts."""
    key = {"ansible_private_key_file": lab.key}
    jump = f"-F {lab.folder}/ssh_config -o UserKnownHostsFile={lab.known_hosts}"
    through = {"ansible_ssh_common_args": f"{jump} -J {USER}@127.0.0.1:{lab.jump.port}"}
    option = {"ansible_ssh_common_args": f"{jump} -o ProxyJump={USER}@127.0.0.1:{lab.jump.port}"}
    return [
        Row("delegated", delegated=True),
        Row("delegated_with_a_template", delegated=True, **both(ansible_password="{{ mine }}", mine=PASSWORD)),
        Row("delegated_with_a_keyword", delegated=True, **both(**NO_USER), task={"remote_user": USER}),
        Row("delegated_over_ssh", delegated=True, transport="ssh", **both(**NO_PASSWORD, **key)),
        Row("ipv6", switch={"ansible_host": "::1", "ansible_port": lab.six}, host=ipv6(lab, "::1")),
        Row("ipv6_in_brackets", switch={"ansible_host": "[::1]", "ansible_port": lab.six}, host=ipv6(lab, "[::1]")),
        Row("ipv6_with_a_scope", **scoped(lab, SCOPED)),
        Row("ipv6_with_a_scope_in_brackets", **scoped(lab, f"[{SCOPED}]")),
        Row("key_file", transport="ssh", each=True, **both(**NO_PASSWORD, **key)),
        Row("jump", transport="ssh", **both(**NO_PASSWORD, **key, **through)),
        Row("proxy_jump", transport="ssh", **both(**NO_PASSWORD, **key, **option)),
        Row("jump_of_an_api", host={"ansible_ssh_common_args": "-J bastion"}),
        Row(
            "no_host_keys",
            transport="ssh",
            **both(ansible_host_key_checking=False, **BARE),
        ),
        Row("no_password_at_the_switch", switch=NO_PASSWORD, actions=(), play={"ignore_unreachable": True}),
    ]


def by_options(lab: Lab) -> list[Row]:
    """Return options of the command, the environment and ansible.cfg."""
    host = lab.hosts.port(HOST)
    known = {"ansible_ssh_common_args": None}
    return [
        Row("user_option", run="options", each=True, **both(**NO_USER)),
        Row("password_option", run="options", **both(**NO_PASSWORD)),
        Row("password_option_at_the_switch", run="options", switch=NO_PASSWORD),
        Row("empty_password", run="options", **both(ansible_password="{{ nothing | default('') }}")),
        Row("omitted_password", run="options", **both(ansible_password="{{ nothing | default(omit) }}")),
        Row("delegated_by_options", run="options", delegated=True, **both(**NO_USER, **NO_PASSWORD)),
        Row("key_option", run="key_options", transport="ssh", **both(**NO_PASSWORD)),
        Row("arguments_option", run="key_options", transport="ssh", **both(**NO_PASSWORD, **known)),
        Row("environment_user", run="environment", **both(**NO_USER)),
        Row("environment_key", run="environment", transport="ssh", **both(**NO_PASSWORD)),
        Row("environment_port", run="environment", switch=NO_PORT),
        Row("port_of_the_host", run="environment", **both(**NO_PORT), play={"port": host}, actions=ACTIONS[1:]),
        Row("ssh_port_of_an_api", run="other_port", host={**NO_PORT, "ansible_ssh_port": 1}, actions=ACTIONS[1:]),
        Row("environment_arguments", run="environment", transport="ssh", **both(**known)),
        Row("config_user", run="config", **both(**NO_USER)),
        Row("config_key", run="config", transport="ssh", **both(**NO_PASSWORD)),
        Row("config_port", run="config", switch=NO_PORT),
        Row("config_host_keys", run="config", transport="ssh", **both(**BARE)),
    ]


REST = pytest.mark.all_only("link_cutover reaches a switch and a host by the same class as the other two actions")
NAMES = [
    pytest.param(row.name, action, id=f"{row.name}-{action}", marks=() if action in row.run_always else REST)
    for row in rows(Lab.nowhere())
    for action in row.actions
]


class Results:
    """The result of each action in each row; each way to run is run once, when it is asked for."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.rows, self.runs = lab, {row.name: row for row in rows(lab)}, runs(lab)
        self.said: dict[str, str] = {}
        self.found: dict[tuple[str, str], dict] = {}

    def of(self, row: str, action: str) -> dict:
        name = self.rows[row].run
        if name not in self.said:
            found, self.said[name] = play(
                self.lab, name, self.runs[name], [each for each in self.rows.values() if each.run == name]
            )
            self.found |= found
        return self.found[row, action]


@pytest.fixture(scope="module")
def results(lab) -> Results:
    return Results(lab)


@pytest.mark.parametrize(("row", "action"), NAMES)
def test_the_device_is_reached(results, row, action):
    result = results.of(row, action)
    assert not result.get("failed") and not result.get("unreachable"), result
    assert result["gathered"] if action != "link_cutover" else result["changed"], result


def test_the_password_of_the_host_goes_to_no_switch(results):
    """ansible-core hands the action the host's password in the place of `-k`."""
    result = results.of("no_password_at_the_switch", "link_cutover")
    assert result["failed"]
    assert "sw-no_password_at_the_switch: " in result["msg"]
    assert f"refuses the login of {USER}" in result["msg"]


def test_both_ends_are_reached_over_the_jump_host(results, lab):
    results.of("jump", "link_cutover")
    assert set(lab.jump.asked) == {("127.0.0.1", lab.switches.port(STYLE)), ("127.0.0.1", lab.hosts.ssh_port(HOST))}


def test_an_api_says_that_it_does_not_use_the_jump_of_its_host(results):
    results.of("jump_of_an_api", "link_cutover")
    said = results.said["plain"]
    assert "esx-jump_of_an_api: the SSH arguments (var: ansible_ssh_common_args) name the jump bastion, which" in said
