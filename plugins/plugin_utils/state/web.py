# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of a WebDAV server (RFC 4918), such as nginx with `dav_methods PUT DELETE MKCOL` or Apache's mod_dav.

nginx ignores the conditions of a PUT (If-Match), and its entity tags have seconds. So each writer first makes a folder
beside the text, which succeeds for one of them only (RFC 4918, 9.3.1), and says in it who it is; the conditions are
sent all the same, for servers that heed them.
"""

from __future__ import annotations

import os
import re
import secrets
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, NamedTuple, Protocol
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from ..private_files import LARGEST
from .store import Change, StateError

SECONDS = 20
"""For each answer of the server."""
ABANDONED = 60.0
"""Seconds after which one who still holds a text is taken for dead: it has a reading and a writing to do."""
_PAUSE = 0.5
_DAV = "It must be a folder of a WebDAV server that takes GET, PUT, DELETE and MKCOL."


class Clock(Protocol):
    """Tells the time and waits."""

    def monotonic(self) -> float:
        """Return seconds."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Answer(NamedTuple):
    """What the server said."""

    status: int
    text: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Access:
    """How to log in, and whose certificates to trust (the controller's where there is no file)."""

    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""


class Web:
    """Texts below a URL."""

    def __init__(self, url: str, access: Access, clock: Clock = time) -> None:
        _refuse(url, access)
        self.url, self.clock = re.sub("(?<!:)/{2,}", "/", url).rstrip("/"), clock
        self._opener, self._login = _opener(access), _login(access)

    def place(self, name: tuple[str, ...]) -> str:
        """Return the URL of a text."""
        return "/".join([self.url, *map(quote, name)])

    def read(self, name: tuple[str, ...]) -> str:
        """Return a text."""
        return self._get(self.place(name)).text

    def update(self, name: tuple[str, ...], change: Change) -> None:
        """Replace a text while nobody else does."""
        url = self.place(name)
        with self._held(name):
            old = self._get(url)
            if old.status == 404:
                condition = {"If-None-Match": "*"}
            else:  # a weak tag never matches (RFC 9110, 13.1.1)
                condition = {} if old.tag.startswith("W/") or not old.tag else {"If-Match": old.tag}
            done = self._ask("PUT", url, change(old.text), condition)
        if done.status == 412:
            raise StateError(f"{url}: somebody else wrote it in between. Run it again.")
        self._demand(done, (200, 201, 204), "PUT", url)

    def check(self) -> None:
        """Make a text, read it and remove it.

        Raises:
            StateError: the server is away, or does not do what is needed.

        """
        name = (f"try~{secrets.token_hex(8)}", "try")
        self.update(name, lambda _old: "netstack.datacenter")
        if self.read(name) != "netstack.datacenter":
            raise StateError(f"{self.place(name)}: what was written is not what is read. {_DAV}")
        self._remove(f"{self.place(name[:1])}/")

    def _get(self, url: str) -> Answer:
        found = self._ask("GET", url)
        self._demand(found, (200, 404), "GET", url)
        return found if found.status == 200 else Answer(404)

    @contextmanager
    def _held(self, name: tuple[str, ...]) -> Iterator[None]:
        """Be the only one that writes a text: the folder `NAME.lock` is made by one of them alone."""
        lock, owner = f"{self.place(name)}.lock/", secrets.token_hex(16)
        self._acquire(name, lock)
        try:
            self._demand(self._ask("PUT", f"{lock}owner", owner), (200, 201, 204), "PUT", f"{lock}owner")
            yield
        finally:
            self._remove(lock)

    def _acquire(self, name: tuple[str, ...], lock: str) -> None:
        holder, since = "", self.clock.monotonic()
        missing: tuple[int, ...] = (404, 409)
        while (made := self._ask("MKCOL", lock)).status != 201:
            if made.status in missing:
                missing = ()
                self._make_folder(f"{self.place(name[:-1])}/")
                continue
            self._demand(made, (405,), "MKCOL", lock)
            now = self._get(f"{lock}owner").text
            if now != holder:
                holder, since = now, self.clock.monotonic()
            if self.clock.monotonic() - since > ABANDONED:
                if not now:
                    raise StateError(f"{lock} cannot be made: {_DAV} If it does, remove {lock}, which a dead job left.")
                self._remove(lock)
            self.clock.sleep(_PAUSE)

    def _make_folder(self, url: str) -> None:
        """Make a folder, and those above it that are missing."""
        made = self._ask("MKCOL", url)
        above = url.rstrip("/").rpartition("/")[0] + "/"
        if made.status in (404, 409) and urlsplit(above).path:
            self._make_folder(above)
            made = self._ask("MKCOL", url)
        self._demand(made, (201, 405), "MKCOL", url)

    def _remove(self, url: str) -> None:
        self._demand(self._ask("DELETE", url), (200, 204, 404), "DELETE", url)

    def _demand(self, found: Answer, good: tuple[int, ...], method: str, url: str) -> None:
        if found.status in good:
            return
        if found.status in (401, 403):
            mend = "Give netstack_state_user and netstack_state_password of somebody who may write there."
        else:
            mend = _DAV
        raise StateError(f"{url}: the server answers {method} with {found.status}. {mend}")

    def _ask(self, method: str, url: str, text: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        given = {**self._login, **(headers or {}), "User-Agent": "netstack.datacenter"}
        data = None if text is None else text.encode()
        try:
            with self._opener.open(Request(url, data, given, method=method), timeout=SECONDS) as reply:
                content = reply.read(LARGEST + 1)
                if len(content) > LARGEST:
                    raise StateError(f"{url} is larger than {LARGEST} bytes")
                return Answer(reply.status, content.decode(), reply.headers.get("ETag") or "")
        except HTTPError as error:
            with error:
                return Answer(error.code)
        except StateError:
            raise
        except (HTTPException, UnicodeDecodeError, OSError) as error:
            raise StateError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from None


class _Still(HTTPRedirectHandler):
    """Follows nothing: a login goes to nobody else."""

    def redirect_request(self, *_given: Any) -> None:
        return None


def _opener(access: Access) -> OpenerDirector:
    """Return what asks, with the proxies of the environment. Raises StateError where the CAs cannot be read."""
    file = os.path.expanduser(access.ca_file) if access.ca_file else None
    try:
        context = ssl.create_default_context(cafile=file)
    except OSError as error:  # that of ssl names no file
        raise StateError(f"netstack_state_ca_file: {file} cannot be used: {error}") from None
    return build_opener(_Still, HTTPSHandler(context=context))


def _login(access: Access) -> dict[str, str]:
    if not access.user:
        return {}
    return {"Authorization": f"Basic {b64encode(f'{access.user}:{access.password}'.encode()).decode()}"}


def _refuse(url: str, access: Access) -> None:
    """Refuse a URL that shows a password, or on which one would go in the clear.

    Raises:
        StateError: it is one.

    """
    try:
        found = urlsplit(url)
        host = found.hostname or ""
    except ValueError as error:
        raise StateError(f"netstack_state is no URL: {error}") from None
    if found.username is not None or found.password is not None:
        raise StateError(
            f"netstack_state names a user in its URL (of {host}), which every log would show. "
            "Give netstack_state_user and netstack_state_password."
        )
    if not host or found.query or found.fragment:
        raise StateError(f"netstack_state must be https://HOST/FOLDER, not {url}")
    if access.user and found.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise StateError(f"The password of {host} would go in the clear. Let netstack_state begin with https://.")
