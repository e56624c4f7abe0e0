# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH side of a host: commands of esxcli and vim-cmd on the same state as the API, by password or key."""

from __future__ import annotations

import asyncssh

from device.faults import DroppedError, Gone
from device.ssh import Access, Login

from . import fabric, service, shell
from .command import RefusedError
from .endpoint import Endpoint, Entry, Lab
from .shell import Output
from .vmomi import vmodl

Process = asyncssh.SSHServerProcess[str]


class _Login(Login):
    """While the host cannot be reached, logins do not even begin."""

    def __init__(self, lab: Lab, endpoint: Endpoint, access: Access) -> None:
        super().__init__(access)
        self.lab = lab
        self.endpoint = endpoint
        self.lost = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    async def begin_auth(self, username: str) -> bool:
        """Wait for the network, then ask everybody for a proof."""
        try:
            await service.until_reachable(self.lab, self.endpoint.hosts[0], lambda: self.lost)
        except DroppedError:
            self.conn.abort()
        return True


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


async def _run(lab: Lab, endpoint: Endpoint, entry: Entry, line: str, gone: Gone) -> Output:
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


async def listen(lab: Lab, endpoint: Endpoint, access: Access, key: asyncssh.SSHKey) -> None:
    """Let a host listen for SSH at its address; its port is set then."""
    acceptor = await asyncssh.create_server(
        lambda: _Login(lab, endpoint, access),
        endpoint.address,
        endpoint.ssh_port,
        server_host_keys=[key],
        process_factory=lambda process: _serve(lab, endpoint, process),
        line_editor=False,
        reuse_address=True,
    )
    endpoint.ssh_port = acceptor.get_port()
    lab.servers.append(acceptor)
