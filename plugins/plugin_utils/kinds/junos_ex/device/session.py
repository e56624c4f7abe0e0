# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with a switch: each request by PyEZ, each failure under its own name, warnings kept apart from errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..config import views
from ..config.statements import Config, configuration_in, from_element
from ..config.views import Views
from ..declared.model import Style
from . import bounds, commits, connect, direct, errors
from .errors import Word
from .target import Target

if TYPE_CHECKING:
    from jnpr.junos import exception as ez
    from jnpr.junos.utils.config import Config as PyezConfig
    from lxml import etree
else:
    try:
        from jnpr.junos import exception as ez
        from jnpr.junos.utils.config import Config as PyezConfig
        from lxml import etree
    except ImportError:
        ez = PyezConfig = etree = None

_STYLES: dict[str, Style] = {"VLAN_L2NG": "els", "VLAN": "nonels"}


class Session:
    """A NETCONF session; `said` collects the warnings of the switch in their order."""

    _effect: tuple[tuple[Config, list[bytes]], Views] | None = None

    def __init__(self, target: Target) -> None:
        self.target = target
        self.said: list[Word] = []
        self._device = connect.open_device(target)
        self._config = PyezConfig(self._device)
        self._locked = False

    @property
    def addresses(self) -> tuple[str | None, str | None]:
        """Return the controller's and the switch's address."""
        return connect.addresses(self._device)

    def committed(self) -> Any:
        """Return the committed configuration as an element."""
        return self._ask("reading the configuration", lambda: self._rpc("get_configuration", {"database": "committed"}))

    def candidate(self) -> Any:
        """Return the candidate configuration as an element."""
        return self._ask("reading the candidate", lambda: self._rpc("get_configuration", {"database": "candidate"}))

    def inherited(self, database: str = "committed") -> Any:
        """Return a configuration with what ranges and groups give in its place; what a group gives is marked."""
        options = {
            "database": database,
            "inherit": "inherit",
            "groups": "groups",
            "interface-ranges": "interface-ranges",
        }
        return self._ask("reading what is inherited", lambda: self._rpc("get_configuration", options))

    def views(self, database: str = "committed") -> Views:
        """Return both views of the committed configuration or of the candidate."""
        written = self.committed() if database == "committed" else self.candidate()
        with _understood("reading the configuration"):
            return views.of_elements(written, lambda: self.inherited(database))

    def written(self) -> Config:
        """Return the committed configuration as it is written."""
        element = self.committed()
        with _understood("reading the configuration"):
            return from_element(element)

    def effect(self, written: Config, database: str) -> Views:
        """Return what takes effect, or would, in a database of which it is known what is written in it.

        A reply that says what the one before said, as that of a commit says what its candidate did, is not read again.
        """
        inherits = views.inherits(written)
        if inherits:
            element = self.inherited(database)
        else:
            element = self.committed() if database == "committed" else self.candidate()
        with _understood("reading the configuration"):
            said = written, _contents(element)
            if self._effect is None or self._effect[0] != said:
                self._effect = (
                    said,
                    views.of_effect(written, element) if inherits else views.plain(from_element(element)),
                )
            return self._effect[1]

    def style(self) -> Style | None:
        """Return the switch style as PyEZ finds it, or None where ethernet switching does not run."""
        with suppress(errors.RefusedError, errors.DeniedError, errors.ClientError):
            return _STYLES.get(self._ask("reading the switch style", lambda: self._device.facts["switch_style"]))
        return None

    def software(self) -> tuple[str | None, str | None]:
        """Return model and release; on a virtual chassis those of the first member that answers."""
        reply = self._ask("reading the model", lambda: self._rpc("get_software_information"))
        if not hasattr(reply, "iter"):
            return None, None
        found = [
            next((item.text for item in reply.iter(tag) if item.text), None)
            for tag in ("product-model", "junos-version")
        ]
        release = found[1] or next((_version(item.text) for item in reply.iter("comment") if _version(item.text)), None)
        return (found[0] or "").strip() or None, (release or "").strip() or None

    def history(self) -> list[commits.Commit]:
        """Return the commit history, newest first."""
        reply = self._ask("reading the commit history", lambda: self._rpc("get_commit_information"))
        return commits.history(reply) if hasattr(reply, "iter") else []

    def clock(self) -> int | None:
        """Return the switch's time in seconds since 1970."""
        reply = self._ask("reading the clock", lambda: self._rpc("get_system_uptime_information"))
        date = next(reply.iter("date-time"), None) if hasattr(reply, "iter") else None
        return commits.seconds_of(date) or None

    def pending(
        self, history: list[commits.Commit] | None = None
    ) -> tuple[commits.Commit | None, commits.Commit | None, int]:
        """Return the newest commit, the same again if it awaits confirmation, and the seconds that it has left."""
        newest = next(iter(self.history() if history is None else history), None)
        if newest is None or newest.minutes is None:
            return newest, None, 0
        left = newest.left(self.clock())
        return newest, (newest if left is not None else None), left or 0

    def lock(self) -> None:
        """Take the exclusive lock; that it is given also proves that the candidate is clean.

        Raises:
            errors.LockedError: somebody else holds it, or left changes in the candidate.

        """
        try:
            self._ask("locking", self._config.lock)
        except errors.RefusedError as error:
            mend = "Wait, or ask its owner. Uncommitted changes of others are never thrown away here."
            raise errors.LockedError(
                "The configuration of the switch is locked or has uncommitted changes.", mend, error.words
            ) from None
        self._locked = True

    def load(self, xml: str) -> None:
        """Merge one XML load into the candidate."""
        self._ask("loading", lambda: self._config.load(xml, format="xml", merge=True))

    def diff(self) -> str:
        """Return what the candidate changes, in the switch's words; an empty text for nothing."""
        return str(self._ask("comparing", self._compared) or "").strip("\n")

    def _compared(self) -> str | None:
        with direct.as_written(self._device):
            text: str | None = self._config.diff()
        return text

    def check(self) -> None:
        """Run a commit check. Never between a confirmed commit and its confirmation: it would confirm it."""
        self._ask("commit check", lambda: self._config.commit_check(timeout=self.target.commit_timeout))

    def commit(self, comment: str, minutes: int | None = None, synchronize: bool = False) -> None:
        """Commit; with `minutes` the switch takes it back by itself unless it is confirmed (Junos counts minutes)."""
        options: dict[str, Any] = {"comment": comment, "timeout": self.target.commit_timeout}
        if minutes is not None:
            options["confirm"] = minutes
        if synchronize:
            options["sync"] = True
        self._ask("commit", lambda: self._config.commit(**options))

    def rollback(self, number: int = 0) -> None:
        """Load an older configuration into the candidate; 0 throws the candidate's changes away."""
        self._ask("rollback", lambda: self._config.rollback(number))

    def save_rescue(self, always: bool) -> bool:
        """Save the committed configuration as the rescue configuration; only where there is none, unless always."""
        if not always and self._has_rescue():
            return False
        self._ask("saving the rescue configuration", lambda: self._config.rescue("save"))
        return True

    def _has_rescue(self) -> bool:
        """Tell whether there is one; PyEZ's own way of asking takes a broken session for none."""
        try:
            reply = self._ask(
                "reading the rescue configuration", lambda: self._rpc("get_rescue_information", format="text")
            )
        except errors.RefusedError:
            return False
        return hasattr(reply, "itertext") and any(text.strip() for text in reply.itertext())

    def read(self, name: str, **arguments: Any) -> Any:
        """Return the reply of an operational request."""
        return self._ask(name.replace("_", " "), lambda: self._rpc(name, **arguments))

    def unlock(self) -> None:
        """Give the lock back; a session that broke has lost it anyway."""
        if self._locked:
            self._locked = False
            with suppress(errors.SwitchError):
                self._ask("unlocking", self._config.unlock)

    def drop(self) -> None:
        """Cut the connection without a word, so that a session that does not answer gives its lock back."""
        self._locked = False
        with suppress(Exception):
            self._device.connected = False
            self._device._conn._session.close()

    def close(self) -> None:
        """End the session; nothing is raised, because whatever matters was said before."""
        with suppress(Exception):
            self._device.close()

    def _rpc(self, name: str, *options: Any, **arguments: Any) -> Any:
        return getattr(self._device.rpc, name)(*options, **arguments)

    def _ask(self, doing: str, call: Callable[[], Any]) -> Any:
        """Call PyEZ and put each of its exceptions under its own name."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", RuntimeWarning
                )  # PyEZ: "An unknown exception occurred - please report."
                return call()
        except ez.RpcTimeoutError:
            what = f"No reply in time ({doing}): it is not known whether it took effect."
            raise errors.TimedOutError(what, "Raise the time-out if the switch is slow.") from None
        except ez.ConnectError as error:
            why = f", for {said}" if (said := bounds.reason(error)) else ""
            what = f"The session broke ({doing}{why}): it is not known whether it took effect."
            raise errors.LostError(what) from None
        except ez.RpcError as error:
            self._judge(doing, error)
            return None
        except (OSError, EOFError) as error:
            raise errors.LostError(f"The session broke ({doing}): {error}") from None
        except Exception as error:
            # A change must be taken back whatever fails, not only for the failures that PyEZ has names for.
            what = f"The client failed ({doing}): {type(error).__name__}: {error}."
            raise errors.ClientError(f"{what} It is not known whether it took effect.") from error

    def _judge(self, doing: str, error: Any) -> None:
        """Take a reply of nothing but warnings for success (PyEZ raises it like an error), raise anything else."""
        words = words_of(error)
        if words and all(word.severity == "warning" for word in words):
            self.said += [word for word in dict.fromkeys(words) if word not in self.said]
            return
        serious = tuple(word for word in words if word.severity != "warning")
        # PyEZ compares the text exactly, and devices send it between line breaks.
        denied = any(" ".join(word.message.split()).lower() == "permission denied" for word in serious)
        if denied or isinstance(error, ez.PermissionError):
            mend = "Give the user's login class the permissions configure, view and what the message names."
            mend += " Or set rescue to never." if "rescue" in doing else ""
            raise errors.DeniedError(f"The switch does not permit this ({doing}).", mend, serious) from None
        raise errors.RefusedError(f"The switch refuses this ({doing}).", "", serious) from None


@contextmanager
def _understood(doing: str) -> Iterator[None]:
    """Say of a reply that it is none of its kind. The session goes on: the switch has done nothing.

    Raises:
        errors.SwitchError: it cannot be read.

    """
    try:
        yield
    except ValueError as error:
        raise errors.SwitchError(f"The reply of the switch cannot be read ({doing}): {error}.") from None


def words_of(error: Any) -> list[Word]:
    """Return the rpc-errors of a PyEZ exception."""
    found = error.errs if isinstance(error.errs, list) else [error.rpc_error] if error.rpc_error else []
    words = [
        Word(
            *(str(item.get(key) or "").strip() for key in ("severity", "message", "source", "edit_path", "bad_element"))
        )
        for item in found
        if item
    ]
    if not words and str(error.message or ""):
        words = [Word("error", str(error.message))]
    return words


def _contents(reply: Any) -> list[bytes]:
    """Return what a configuration says, without what stands in its first tag: a time, and who changes it."""
    return [etree.tostring(child, with_tail=False) for child in configuration_in(reply)]


def _version(text: str | None) -> str | None:
    """Return the release of a `JUNOS Base OS boot [12.3R12.4]` comment, as old releases give it."""
    return text[text.index("[") + 1 : text.index("]")] if text and "[" in text and "]" in text else None
