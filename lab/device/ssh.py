# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log in to a device by SSH, and by which key it proves itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import asyncssh


@dataclass
class Access:
    """Who may log in: a password (empty: none), and public keys in OpenSSH's form."""

    user: str = "lab"
    password: str = "lab123"
    keys: list[asyncssh.SSHKey] = field(default_factory=list)

    def read_keys(self, path: Path) -> None:
        """Add the keys of an authorized_keys file."""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                self.keys.append(asyncssh.import_public_key(line))


class Login(asyncssh.SSHServer):
    """Decides on the logins of one connection, whose `conn` a kind's sessions can ask for."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the connection."""
        self.conn = conn

    async def begin_auth(self, username: str) -> bool:
        """Ask everybody for a proof."""
        return True

    def password_auth_supported(self) -> bool:
        """Offer passwords where one is set."""
        return bool(self.access.password)

    def validate_password(self, username: str, password: str) -> bool:
        """Compare the password."""
        return (username, password) == (self.access.user, self.access.password)

    def public_key_auth_supported(self) -> bool:
        """Offer keys where some are known."""
        return bool(self.access.keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Look the key up."""
        return username == self.access.user and any(key.public_data == known.public_data for known in self.access.keys)


def host_key(path: Path) -> asyncssh.SSHKey:
    """Give the host key of a device: read from `path`, or made and kept there."""
    if path.exists():
        return asyncssh.read_private_key(path)
    made = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(mode=0o600)
    made.write_private_key(path)
    return made


def public(key: asyncssh.SSHKey) -> str:
    """Give the public half of a host key in OpenSSH's form."""
    return " ".join(key.export_public_key().decode().split()[:2])
