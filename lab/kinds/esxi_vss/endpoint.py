# SPDX-License-Identifier: GPL-3.0-or-later
"""An address that answers the vSphere API: a host or a vCenter, with its sessions; and the lab that holds them all."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from device.clock import Clock

from . import inventory
from .faults import Faults
from .host import Host
from .thing import Thing
from .vmomi import vim

# What each role may, from nothing to everything (vCenter's own roles No access, View, Read-only, Administrator).
ROLES: dict[str, tuple[str, ...]] = {
    "none": (),
    "viewer": ("System.Anonymous", "System.View"),
    "reader": ("System.Anonymous", "System.View", "System.Read"),
    "administrator": ("*",),
}
# A session that nobody uses ends after so many seconds (README.md: a guess).
IDLE = 1800.0


@dataclass
class Session:
    """One login, and what belongs to it: pages still to be fetched, views, filters and tasks."""

    token: str
    user: str
    began: float
    last: float
    things: dict[str, Thing] = field(default_factory=dict)
    pages: dict[str, list[Any]] = field(default_factory=dict)
    filters: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    updates: int = 0
    calls: int = 0


@dataclass
class Endpoint:
    """One address. `users` is {name: (password, role)}; the role `reader` may change nothing.

    `rollback`: a change through this vCenter that cuts its host off is taken back. `starting`: its management services
    are, and the proxy before them answers. `lockdown`: who has no exception is let in by nobody but the vCenter.
    `renew` gives it another certificate (certificates.FORMS).
    """

    name: str
    kind: str
    hosts: list[Host]
    users: dict[str, tuple[str, str]]
    rollback: bool = True
    starting: bool = False
    lockdown: bool = False
    renew: Callable[[str], str] = str
    things: dict[str, Thing] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    center_faults: Faults = field(default_factory=Faults)
    address: str = "127.0.0.1"
    port: int = 0
    ssh_port: int = 0
    lines: set[asyncio.StreamWriter] = field(default_factory=set)

    def __post_init__(self) -> None:
        made = inventory.esxi(self.hosts[0]) if self.kind == "esxi" else inventory.vcenter(self.name, self.hosts)
        self.things = made

    @property
    def faults(self) -> Faults:
        """Give what is set to go wrong here; a host's faults strike over the API and over SSH."""
        return self.hosts[0].faults if self.kind == "esxi" else self.center_faults

    def login(self, user: str, password: str, now: float) -> Session:
        """Begin a session.

        Raises:
            InvalidLogin: the name or the password is wrong.
        """
        if self.users.get(user, ("", ""))[0] != password or not password:
            raise vim.fault.InvalidLogin(msg="Cannot complete login due to an incorrect user name or password.")
        if self.lockdown:
            text = "Permission to perform this operation was denied."
            root = vim.Folder("ha-folder-root")
            raise vim.fault.NoPermission(msg=text, object=root, privilegeId="System.View")
        session = Session(secrets.token_hex(20), user, now, now)
        self.sessions[session.token] = session
        return session

    def session(self, token: str, now: float) -> Session | None:
        """Give the session of a cookie, unless it has ended; counts the call."""
        session = self.sessions.get(token)
        if session is None:
            return None
        if now - session.last > IDLE:
            del self.sessions[token]
            return None
        session.last = now
        session.calls += 1
        return session

    def may(self, session: Session | None, host: Host | None, privilege: str) -> bool:
        """Tell whether a session's user has a privilege, at a host that may have a role of its own for him."""
        if session is None:
            return True
        role = self.users[session.user][1]
        allowed = ROLES[host.rights.get(session.user, role) if host is not None else role]
        return "*" in allowed or privilege in allowed


@dataclass
class Entry:
    """One call in the log; `outcome` is `ok`, the fault's type, `dropped`, `held before` and the like."""

    number: int
    endpoint: str
    host: str
    method: str
    request: str
    outcome: str = "running"


@dataclass
class Lab:
    """All endpoints and hosts, the log of all calls, and a clock that only the control port moves.

    `cabled` is the port of the fabric outside that a host asks, if it does.
    """

    hosts: dict[str, Host] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    written: int = 0
    clock: Clock = field(default_factory=Clock)
    cabled: dict[str, int] = field(default_factory=dict)
    servers: list[Any] = field(default_factory=list)

    def enter(self, endpoint: str, host: str, method: str, request: str) -> Entry:
        """Write a call into the log."""
        self.written += 1
        entry = Entry(self.written, endpoint, host, method, request)
        self.log.append(entry)
        return entry
