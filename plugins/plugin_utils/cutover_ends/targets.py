# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the two ends are, from the connection's usual variables, whoever's they are."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from ..junos.target import Target as SwitchTarget
from ..junos.target import with_arguments
from ..vsphere.target import Target as HostTarget

Variables = Callable[..., Any]
"""Returns the first of the named variables that is set, templated, or None."""


def switch_target(name: str, variable: Variables, times: Mapping[str, int]) -> SwitchTarget:
    """Return where a switch is; `times` has connect, rpc and commit in seconds."""
    port = variable("ansible_port", "ansible_ssh_port")
    target = SwitchTarget(
        host=str(variable("ansible_host", "ansible_ssh_host") or name),
        port=int(port) if port else None,
        user=_text(variable("ansible_user", "ansible_ssh_user")),
        password=_text(variable("ansible_password", "ansible_ssh_password", "ansible_ssh_pass")),
        key_file=_text(variable("ansible_private_key_file", "ansible_ssh_private_key_file")),
        host_key_checking=_checking(variable),
        connect_timeout=times["connect"],
        rpc_timeout=times["rpc"],
        commit_timeout=times["commit"],
    )
    for each in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        target = with_arguments(target, str(variable(each) or ""))
    return target


def host_target(name: str, variable: Variables, options: Mapping[str, Any], times: Mapping[str, int]) -> HostTarget:
    """Return where an ESXi host is; `times` has connect, call and back in seconds."""
    port = variable("ansible_ssh_port") if options["transport"] == "ssh" else None
    port = port or variable("ansible_port")
    words = [str(variable(each) or "") for each in ("ansible_ssh_common_args", "ansible_ssh_extra_args")]
    return HostTarget(
        host=str(variable("ansible_host", "ansible_ssh_host") or name),
        port=int(port) if port else None,
        user=_text(variable("ansible_user", "ansible_ssh_user")),
        password=_text(variable("ansible_password", "ansible_ssh_password", "ansible_ssh_pass")),
        key_file=_text(variable("ansible_private_key_file", "ansible_ssh_private_key_file")),
        ssh_arguments=tuple(word for text in words for word in shlex.split(text)),
        ca_file=options["ca_file"],
        validate_certs=options["validate_certs"],
        host_key_checking=_checking(variable),
        connect_timeout=times["connect"],
        call_timeout=times["call"],
        back_timeout=times["back"],
    )


def _checking(variable: Variables) -> bool:
    found = variable("ansible_host_key_checking", "ansible_ssh_host_key_checking")
    return str(True if found is None else found).lower() not in ("false", "no", "0", "off")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
