# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a switch is and how to get in, from what is given, from OpenSSH's configuration and from its arguments."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection import ssh_arguments
from ansible_collections.netstack.datacenter.plugins.plugin_utils.connection.model import Connection
from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract import target as contract

NETCONF_PORT = 830
SSH_PORT = 22
SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"


@dataclass(frozen=True)
class Target(contract.Target):
    """How to reach one switch. Times in seconds.

    `known` are the lines of the `known_hosts` files that name it; None until they have been looked up.
    """

    ssh_config: str | None = None
    known_hosts: tuple[str, ...] = ()
    known: tuple[str, ...] | None = field(default=None, repr=False)
    proxy_command: str | None = None
    proxy_jump: str | None = None
    look_for_keys: bool = True
    connect_timeout: int = 30
    rpc_timeout: int = 60
    commit_timeout: int = 300

    @property
    def where(self) -> str:
        """Return host and port for messages."""
        return f"{self.host} port {self.port or NETCONF_PORT}"


def target_of(connection: Connection, times: Mapping[str, int]) -> Target:
    """Return where a switch is; `times` has connect, rpc and commit in seconds, each with a default.

    Raises:
        ValueError: the SSH arguments cannot be read.

    """
    target = Target(
        **contract.login(connection),
        connect_timeout=times.get("connect", 30),
        rpc_timeout=times.get("rpc", 60),
        commit_timeout=times.get("commit", 300),
    )
    return with_arguments(target, connection.ssh_arguments)


def with_arguments(target: Target, arguments: str) -> Target:
    """Return the target with what the SSH arguments say and this client understands; the first of an option counts.

    Raises:
        ValueError: the arguments cannot be read.

    """
    options = ssh_arguments.read(arguments)
    first = dict(reversed(options))
    jumps = next((name for name, _value in options if name in ("proxyjump", "proxycommand")), "")
    checked = first.get("stricthostkeychecking", "yes").lower() not in ("no", "off", "false")
    return replace(
        target,
        proxy_jump=first["proxyjump"] if jumps == "proxyjump" else target.proxy_jump,
        proxy_command=first["proxycommand"] if jumps == "proxycommand" else target.proxy_command,
        known_hosts=tuple(first.get("userknownhostsfile", "").split()) or target.known_hosts,
        host_key_checking=target.host_key_checking and checked,
        key_file=target.key_file or first.get("identityfile"),
        ssh_config=first.get("config", target.ssh_config),
        user=target.user or first.get("user"),
        port=target.port or (int(first["port"]) if "port" in first else None),
    )


def jump(hosts: str, ssh_config: str | None = None) -> str:
    """Return the ProxyCommand that does what `ProxyJump` does; as OpenSSH it hands its own configuration file on.

    Both have the same tokens, which are filled in once the command is split.
    """
    *first, last = [host.strip() for host in hosts.split(",")]
    name, port = _host_and_port(last.removeprefix("ssh://"))
    options = ["-F", ssh_config.replace("%", "%%")] if ssh_config else []
    options += ["-J", ",".join(first)] if first else []
    options += ["-p", port] if port else []
    return " ".join(["ssh", "-W", "[%h]:%p", *map(shlex.quote, [*options, "--", name])])


def _host_and_port(text: str) -> tuple[str, str]:
    """Return USER@HOST and the port of USER@HOST:PORT, where an IPv6 address with a port is in brackets."""
    user, at, host = text.rpartition("@")
    bracketed = re.fullmatch(r"\[(.+)\](?::(\d+))?", host)
    if bracketed:
        return f"{user}{at}{bracketed[1]}", bracketed[2] or ""
    if host.count(":") == 1:
        name, _colon, port = host.partition(":")
        return f"{user}{at}{name}", port
    return text, ""


def resolved(target: Target, config: Any) -> Target:
    """Return the target completed by a lookup of OpenSSH's configuration; what is given explicitly wins."""
    keys = config.get("identityfile") or []
    strict = str(config.get("stricthostkeychecking", "yes")).lower() not in ("no", "off", "false")
    return replace(
        target,
        host=config.get("hostname", target.host),
        port=target.port or int(config.get("port", NETCONF_PORT)),
        user=target.user or config.get("user"),
        key_file=target.key_file or next((os.path.expanduser(key) for key in keys if _is_file(key)), None),
        known_hosts=target.known_hosts or tuple(str(config.get("userknownhostsfile", "~/.ssh/known_hosts")).split()),
        proxy_command=_proxy(target, config),
        host_key_checking=target.host_key_checking and strict,
    )


def _proxy(target: Target, config: Any) -> str | None:
    """Return the ProxyCommand: the given one or the given jump, else the configuration's; `none` switches it off."""
    command, hosts = target.proxy_command, target.proxy_jump
    if command is None and hosts is None:
        command, hosts = config.get("proxycommand"), config.get("proxyjump")
    if command is None and hosts not in (None, "none"):
        return jump(str(hosts), target.ssh_config)
    return None if command == "none" else command


def _is_file(name: str) -> bool:
    return os.path.isfile(os.path.expanduser(name))


def known_lines(files: Iterable[str], target: Target, hashed: Any) -> list[str]:
    """Return the lines of known_hosts files that name the host of a target.

    Only these are handed on: a client that parses a thousand keys per session spends its time there. `hashed(name,
    salt)` computes the hashed form of a name. Lines with a marker (@revoked, @cert-authority) are not understood by the
    client and are left out; so is a key that a @revoked line names.

    With host key checking off a key is the switch's only where the line means its port: behind another one, as that of
    a tunnel, another machine answers than the one of that name.
    """
    port = target.port or NETCONF_PORT
    names = [f"[{target.host}]:{port}"]
    if target.host_key_checking or port in (SSH_PORT, NETCONF_PORT):
        names.append(target.host)
    found: list[str] = []
    revoked: set[tuple[str, ...]] = set()
    for file in files:
        try:
            with open(os.path.expanduser(file), encoding="utf-8", errors="replace") as stream:
                lines = stream.read().splitlines()
        except OSError:
            continue
        found += [line.strip() for line in lines if _names(line, names, hashed)]
        revoked |= {tuple(line.split()[2:4]) for line in lines if line.startswith("@revoked")}
    return [line for line in found if tuple(line.split()[1:3]) not in revoked]


def _names(line: str, names: list[str], hashed: Any) -> bool:
    head, *rest = line.split(maxsplit=2)[:3] or [""]
    if len(rest) < 2 or head.startswith(("#", "@")):
        return False
    if head.startswith("|1|"):
        # What is no salt and no hash names nobody: paramiko asserts, and base64 has errors of its own.
        with suppress(AssertionError, ValueError):
            return any(hashed(name, head) == head for name in names)
        return False
    heads = head.split(",")
    return any(name in heads for name in names)
