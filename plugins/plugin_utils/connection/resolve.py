# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection variables of one host, resolved by ansible-core itself from the options of its connection plugin ssh.

So the order is Ansible's own, the first that is set counts:

1. variables of the host: `ansible_host`, `ansible_user`, ..., templated and out of the vault
2. keywords of the task, block or play: `remote_user` (whose default is `-u`), `port`; and `-k` as if it were one
3. the command line: `--private-key`, `--ssh-common-args`, `--ssh-extra-args`
4. the environment: `ANSIBLE_REMOTE_USER`, `ANSIBLE_REMOTE_PORT`, `ANSIBLE_PRIVATE_KEY_FILE`, ...
5. ansible.cfg: `remote_user`, `remote_port`, `private_key_file`, `host_key_checking`, `ssh_common_args`, ...
6. the default of the protocol

Two rules are ours. An empty value is one that nobody has set, so that `"{{ secret | default('') }}"` does not hide
`-k`. And where ansible-core's own ssh prefers `ansible_ssh_X` to `ansible_X`, NETCONF and an API prefer `ansible_X`,
and an API has no `ansible_ssh_port`: that is where the same host answers OpenSSH.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ansible import constants
from ansible.plugins.loader import connection_loader

from ..declared.arguments import plain
from . import ssh_arguments, words
from .model import API, SSH, Connection

_PLUGIN = "ssh"
_FIELDS = {
    "host": "host",
    "port": "port",
    "user": "remote_user",
    "password": "password",
    "key_file": "private_key_file",
    "host_key_checking": "host_key_checking",
}
_ARGUMENTS = ("ssh_args", "ssh_common_args", "ssh_extra_args")
"""In the order in which ansible-core hands them to ssh."""
_UNREAD = ("private_key", "pkcs11_provider")
"""What only ansible-core's own ssh can use; ignored, it would be another key that is offered."""
_MEND = "Give ansible_private_key_file, or put the key into the agent."

Variable = Callable[[str], Any]
"""Returns a variable of the host, templated; None where there is none."""


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """Return the variables of each option that concerns us, which ansible-core knows once the plugin is loaded."""
    connection_loader.get(_PLUGIN, class_only=True)
    known = constants.config.get_configuration_definitions("connection", _PLUGIN)
    ours = [option for option in (*_FIELDS.values(), *_ARGUMENTS, *_UNREAD) if option in known]
    return {option: tuple(entry["name"] for entry in known[option].get("vars") or ()) for option in ours}


def resolve(name: str, variable: Variable, keywords: Mapping[str, Any], protocol: str) -> Connection:
    """Return how the host is reached by this protocol.

    Raises:
        ValueError: SSH arguments cannot be read, something is set that this client cannot use, or host or user are
            none that a program could be given.
        AnsibleError: a value is not of its type.

    """
    variables = {**_given(variable, protocol), "inventory_hostname": name}
    found = {option: _value(option, variables, keywords) for option in _names()}
    _refuse_unread(found, protocol)
    values = {field: plain(found[option][0]) for field, option in _FIELDS.items()}
    values["host"] = _bare(str(values["host"]))
    sources = {field: found[option][1] for field, option in _FIELDS.items()}
    words.refuse_host(values["host"], sources["host"])
    if protocol != API:  # a login of an API is data, and no argument of anything
        words.refuse_user(values["user"], sources["user"])
    texts = [(str(found[option][0] or ""), found[option][1]) for option in _ARGUMENTS]
    proxies = [(ssh_arguments.proxy(ssh_arguments.read(text)), source) for text, source in texts]
    via, sources["via"] = next((each for each in proxies if each[0]), ("", "default"))
    return Connection(
        name=name, ssh_arguments=" ".join(text for text, _source in texts if text), via=via, sources=sources, **values
    )


def _bare(host: str) -> str:
    """Return a host without the brackets of an IPv6 address."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _given(variable: Variable, protocol: str) -> dict[str, Any]:
    """Return the variables that are set and concern this protocol."""
    left_out = {"inventory_hostname", *(["ansible_ssh_port"] if protocol == API else [])}
    names = [each for names in _names().values() for each in names if each not in left_out and "[" not in each]
    found = {each: value for each in names if (value := plain(variable(each))) not in (None, "")}
    if protocol == SSH:
        return found
    return {each: value for each, value in found.items() if _general(each) not in found}


def _general(name: str) -> str:
    """Return `ansible_port` of `ansible_ssh_port`, and so on; nothing of a name that is general itself."""
    if not name.startswith("ansible_ssh_"):
        return ""
    return "ansible_password" if name == "ansible_ssh_pass" else name.replace("_ssh_", "_")


def _value(option: str, variables: Mapping[str, Any], keywords: Mapping[str, Any]) -> tuple[Any, str]:
    value, source = constants.config.get_config_value_and_origin(
        option, plugin_type="connection", plugin_name=_PLUGIN, keys=keywords, variables=variables
    )
    return value, str(source)


def _refuse_unread(found: Mapping[str, tuple[Any, str]], protocol: str) -> None:
    for option in _UNREAD:
        value, source = found.get(option, (None, ""))
        if value and protocol != API:
            raise ValueError(f"{option} is set ({source}), and only Ansible's own ssh can use it. {_MEND}")
