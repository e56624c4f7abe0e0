# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a device is and how to log in, whatever its kind. Knows neither Ansible nor a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NETCONF, API, SSH = "netconf", "api", "ssh"
"""What is spoken with a device: NETCONF over SSH, an API over HTTPS, or OpenSSH's own client."""


@dataclass(frozen=True)
class Connection:
    """The connection of one host; None is what nobody has set, so that the default of the protocol holds.

    `via` is the jump or the ProxyCommand that the SSH arguments name, `sources` says of each field where it was set
    (`var: ansible_user`, `keyword: remote_user`, `cli: private_key_file`, `env: ANSIBLE_REMOTE_PORT`, the path of an
    ansible.cfg, `default`).
    """

    name: str
    host: str
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None
    host_key_checking: bool = True
    ssh_arguments: str = ""
    via: str = ""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def set_for_host(self) -> frozenset[str]:
        """Return the fields that a variable sets; the others come from the task, the command line or ansible.cfg."""
        return frozenset(name for name, source in self.sources.items() if source.startswith("var: "))
