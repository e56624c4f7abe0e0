# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of what a run did to a host; a digest ties its content to the site, the run and the host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..private_files import file_name
from .store import StateError, Store

_FORMAT = 1
_OWNER = ("site", "run", "host", "part")
_MEND = "Nothing was put back. Bring the record back that the run wrote, or declare what was there before."


@dataclass(frozen=True)
class Record:
    """One record; `part` tells several of a host apart.

    `site` is its name (netstack_site), where one store serves several.
    """

    store: Store
    run: str
    host: str
    part: str = ""
    site: str = ""

    @property
    def place(self) -> str:
        """Return where it is, for people."""
        return self.store.place(self._name)

    @property
    def _name(self) -> tuple[str, ...]:
        return file_name(self.run), f"{file_name(self.host)}{'~' if self.part else ''}{self.part}.json"

    def read(self) -> Any:
        """Return the content, None where there is no record.

        Raises:
            StateError: it is another host's, run's or site's, or not what was written.
            OSError: it cannot be read.

        """
        return self._opened(self.store.read(self._name))

    def update(self, change: Callable[[Any], Any]) -> None:
        """Replace the content by what `change` makes of it (plain data).

        Raises:
            OSError: it cannot be written.

        """
        self.store.update(self._name, lambda old: self._sealed(change(self._opened(old))))

    def _sealed(self, content: Any) -> str:
        plain = json.loads(json.dumps(content))
        owner = {name: getattr(self, name) for name in _OWNER}
        whole = {"format": _FORMAT, **owner, "digest": self._digest(plain), "content": plain}
        return json.dumps(whole, indent=1, sort_keys=True)

    def _digest(self, plain: Any) -> str:
        owner = [getattr(self, name) for name in _OWNER]
        return hashlib.sha256(json.dumps([_FORMAT, *owner, plain], sort_keys=True).encode()).hexdigest()

    def _opened(self, text: str) -> Any:
        if not text:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise StateError(f"{self.place} is no record of a run: {error}. {_MEND}") from None
        if not isinstance(found, dict) or found.get("format") != _FORMAT or "content" not in found:
            why = "an earlier release of netstack.datacenter wrote it, or somebody else"
            raise StateError(f"{self.place} is no record of a run that this release knows: {why}. {_MEND}")
        for name in _OWNER:
            if found.get(name) != getattr(self, name):
                what = f"is of {name} {found.get(name)!r}, not of {name} {getattr(self, name)!r}"
                raise StateError(f"{self.place} {what}. {_MEND}")
        if found.get("digest") != self._digest(found["content"]):
            raise StateError(f"{self.place} was edited: its digest is not that of its content. {_MEND}")
        return found["content"]
