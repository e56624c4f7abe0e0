# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Profiles: defaults that a service or a link takes over; the shipped ones are YAML files beside this module.

Those of services stand under `profiles`, those of links under `link_profiles`; only the former are shipped too.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import reading
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Path, Place, Positions
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import PROFILE_SECTIONS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.reader import Document

_FOLDER = FilePath(__file__).parent / "shipped"
_DISCRIMINATORS = ("type", "at")
"""Where an object says another `type` (health check) or `at` (TLS), what its profile says beside it no longer fits."""


class ProfileError(ValueError):
    """A profile that cannot be used; `rule` says why, the text is the message."""

    def __init__(self, rule: str, text: str) -> None:
        """Keep the rule beside the message."""
        super().__init__(text)
        self.rule = rule


@reading("PROFILE_UNKNOWN")
def profile_unknown(name: str, known: list[str]) -> str:
    """A service or a link names a profile that is neither declared nor shipped.

    Breaks: the object would lack its defaults.
    Why: profiles stand under `profiles:` (services) and `link_profiles:` (links) of the site, or in the collection
    (exchange2010, exchange2016, https_offload, iis).
    Mend: correct the name, or declare the profile.
    """
    close = difflib.get_close_matches(name, known, 1)
    mend = f"known are {', '.join(known)}" if known else "none is declared"
    mend = f"did you mean {close[0]}?" if close else mend
    return f"the profile {name!r} is neither declared nor shipped, so its defaults would be missing; {mend}"


@reading("PROFILE_CIRCLE")
def profile_circle(names: list[str]) -> str:
    """Profiles are built upon each other in a circle.

    Breaks: there is no end to the search for defaults.
    Why: a profile may name one profile that it is built upon.
    Mend: remove `profile` from one of them.
    """
    return f"the profiles {' -> '.join(names)} are built upon each other in a circle; remove `profile` from one of them"


@reading("PROFILE_SHADOWS")
def profile_shadows(name: str) -> str:
    """A declared profile has the name of a shipped one.

    Breaks: a reader could not tell which of the two a service takes.
    Why: shipped profiles keep their meaning in every site.
    Mend: give it another name; it may be built upon the shipped one by `profile: NAME`.
    """
    return (
        f"{name} is a profile of the collection, and two of one name cannot be told apart; give yours another name, "
        f"it may say `profile: {name}`"
    )


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """Return the profiles of the collection by name."""
    return {
        file.stem: Document(file, file.name, Positions(Place(file.name, 0))).data
        for file in sorted(_FOLDER.glob("*.yml"))
    }


class Inheritance:
    """Fills in what profiles say, and remembers which values were not written at the object itself."""

    def __init__(self, section: str, declared: Mapping[str, Any], positions: Positions) -> None:
        """Use the site's own profiles for objects of `section`, and the shipped ones."""
        self._source = PROFILE_SECTIONS[section]
        self._shipped = shipped() if section == "services" else {}
        self._declared = declared
        self._positions = positions
        self.inherited: set[Path] = set()

    def complete(self, raw: dict[str, Any], target: Path) -> dict[str, Any]:
        """Return the object at `target` with the values of its profiles beneath its own.

        Raises ProfileError.
        """
        for name in self._chain(raw.get("profile")):
            own = name not in self._shipped
            content = self._declared[name] if own else self._shipped[name]
            if isinstance(content, dict):
                base = {key: value for key, value in content.items() if key != "profile"}
                raw = self._under(raw, base, target, (self._source, name) if own else None)
        return raw

    def _chain(self, name: object) -> list[str]:
        """Return the profile and what it is built upon, nearest first. Raises ProfileError."""
        found: list[str] = []
        while isinstance(name, str):
            if name in found:
                raise ProfileError("PROFILE_CIRCLE", profile_circle([*found, name]))
            if name not in self._declared and name not in self._shipped:
                raise ProfileError("PROFILE_UNKNOWN", profile_unknown(name, sorted([*self._declared, *self._shipped])))
            found.append(name)
            content = self._declared.get(name, {}) if name not in self._shipped else {}
            name = content.get("profile") if isinstance(content, dict) else None
        return found

    def _under(self, raw: dict[str, Any], base: dict[str, Any], target: Path, source: Path | None) -> dict[str, Any]:
        if any(key in raw and key in base and raw[key] != base[key] for key in _DISCRIMINATORS):
            return raw
        merged = dict(raw)
        for key, value in base.items():
            below = (*source, key) if source else None
            if key not in raw:
                merged[key] = value
                self._inherit(value, (*target, key), below)
            elif isinstance(raw[key], dict) and isinstance(value, dict):
                merged[key] = self._under(raw[key], value, (*target, key), below)
        return merged

    def _inherit(self, value: Any, target: Path, source: Path | None) -> None:
        if source is None:
            return
        self._positions.copy(source, target)
        self.inherited.add(target)
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, child in children:
            self._inherit(child, (*target, key), (*source, key))
