# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH side of a host: commands of esxcli and vim-cmd on the same state as the API, by password or key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from . import fabric, service, shell
from .command import RefusedError
from .endpoint import Endpoint, Entry, Lab
from .service import DroppedError
from .shell import Output
from .vmomi import vmodl

Process = asyncssh.SSHServerProcess[str]


@dataclass
class Access:
    """Who may log in: a password, and public keys in OpenSSH's form."""

    user: str
    password: str
    keys: list[asyncssh.SSHKey] = field(default_factory=list)

    def read_keys(self, path: Path) -> None:
        """Add the keys of an authorized_keys file."""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                self.keys.append(asyncssh.import_public_key(line))


class _Login(asyncssh.SSHServer):
    """Decides on logins; while the host cannot be reached, they do not even begin."""

    def __init__(self, lab: Lab, endpoint: Endpoint, access: Access) -> None:
        self.lab = lab
        self.endpoint = endpoint
        self.access = access
        self.lost = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.conn = conn

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    async def begin_auth(self, username: str) -> bool:
        """Ask everybody for a proof."""
        try:
            await service.until_reachable(self.lab, self.endpoint.hosts[0], lambda: self.lost)
        except DroppedError:
            self.conn.abort()
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


async def _serve(lab: Lab, endpoint: Endpoint, process: Process) -> None:
    """Run one command; without one there is no shell."""
    if process.command is None:
        process.stderr.write("SIM TEXT: an interactive shell is not simulated\n")
        process.exit(1)
        return
    line = process.command
    entry = lab.enter(endpoint.name, endpoint.hosts[0].name, shell.program(line), line)
    try:
        output = await _run(lab, endpoint, entry, line, process.channel.is_closing)
    except DroppedError:
        entry.outcome = "dropped" if entry.outcome == "running" else entry.outcome
        process.channel.get_connection().abort()
        return
    process.stdout.write(output.text)
    process.stderr.write(output.error)
    process.exit(output.status)


async def _run(lab: Lab, endpoint: Endpoint, entry: Entry, line: str, gone: service.Gone) -> Output:
    """Run a line, with the faults and losses of its host."""
    host = endpoint.hosts[0]
    before = host.net
    try:
        await service.arrive(lab, endpoint, gone, entry)
        output = shell.run(host, line)
    except RefusedError as failure:
        output = Output(f"{failure}\n", status=1)
    except vmodl.MethodFault as failure:
        output = Output(f"Error: {failure.msg}\n", status=1)
    if host.net is not before:
        await fabric.changed(lab, host)
    await service.leave(lab, endpoint, gone, entry)
    entry.outcome = "ok" if output.status == 0 else f"status {output.status}"
    return output


def host_key(path: Path) -> asyncssh.SSHKey:
    """Give the host key of a host: read from `path`, or made and kept there."""
    if path.exists():
        return asyncssh.read_private_key(path)
    made = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(mode=0o600)
    made.write_private_key(path)
    return made


async def listen(lab: Lab, endpoint: Endpoint, access: Access, key: asyncssh.SSHKey) -> str:
    """Let a host listen for SSH at its address; its port is set then. Gives its public key."""

    async def serve(process: Process) -> None:
        await _serve(lab, endpoint, process)

    acceptor = await asyncssh.create_server(
        lambda: _Login(lab, endpoint, access),
        endpoint.address,
        endpoint.ssh_port,
        server_host_keys=[key],
        process_factory=serve,
        line_editor=False,
        reuse_address=True,
    )
    endpoint.ssh_port = acceptor.get_port()
    lab.servers.append(acceptor)
    return " ".join(key.export_public_key().decode().split()[:2])
