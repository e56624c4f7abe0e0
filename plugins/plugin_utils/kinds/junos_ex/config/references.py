# SPDX-License-Identifier: GPL-3.0-or-later
"""Where else a configuration names a port, and what becomes of it when the port joins a bundle.

Found by searching the whole configuration for the port, or a unit of it, as a key or a value; so nothing is forgotten
that is not in the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .names import physical
from .statements import Config, Path, entry, path

Fate = Literal["clean", "unit", "keep"]
"""What becomes of a reference: it goes; it goes where it names a unit (units of a member go); it stays."""


@dataclass(frozen=True)
class Kind:
    """One kind of statement that names ports."""

    prefix: tuple[str, ...]
    fate: Fate
    foreign: bool
    label: str


KINDS: tuple[Kind, ...] = (
    *(Kind(("protocols", name), "clean", False, f"protocols {name}") for name in ("rstp", "mstp", "stp", "vstp")),
    # LLDP runs on the member links themselves.
    *(Kind(("protocols", name), "unit", False, f"protocols {name}") for name in ("lldp", "lldp-med")),
    Kind(("protocols", "igmp-snooping"), "clean", False, "protocols igmp-snooping"),
    Kind(("protocols", "layer2-control"), "clean", False, "protocols layer2-control"),
    Kind(("vlans",), "clean", False, "vlans"),
    Kind(("ethernet-switching-options",), "clean", False, "ethernet-switching-options"),
    Kind(("switch-options",), "clean", False, "switch-options"),
    Kind(("protocols", "dot1x"), "clean", True, "dot1x"),
    Kind(("class-of-service",), "clean", True, "class-of-service"),
    # PoE belongs to the physical port and goes on working on a member link.
    Kind(("poe",), "keep", True, "poe"),
    Kind(("groups",), "keep", True, "groups"),
    Kind(("protocols",), "clean", True, "protocols"),
)
_OTHER = Kind((), "unit", True, "other")
L2_FAMILY = "ethernet-switching"


@dataclass(frozen=True, order=True)
class Foreign:
    """Configuration of another kind that a touched port carries."""

    port: str
    kind: str
    statement: Path
    goes: bool


def named(config: Config, port: str) -> Iterator[tuple[Path, Kind]]:
    """Yield each statement outside the port's own stanza that names it, cut behind the name, with its kind."""
    seen: set[Path] = set()
    for item in config.statements.mentions.get(port, ()):
        for size, step in enumerate(item, start=1):
            if _is(step.key, port) or _is(step.value, port):
                if item[:size] not in seen:
                    seen.add(item[:size])
                    yield item[:size], _kind(item)
                break


def goes(kind: Kind, statement: Path) -> bool:
    """Tell whether the statement goes when its port becomes a member link."""
    name = statement[-1].key or statement[-1].value or ""
    return kind.fate == "clean" or (kind.fate == "unit" and "." in name)


def foreign(config: Config, port: str, joining: bool) -> list[Foreign]:
    """Return configuration of other kinds on a port; `goes` tells what a port that joins a bundle loses."""
    found = [
        Foreign(port, kind.label, statement, joining and goes(kind, statement))
        for statement, kind in named(config, port)
        if kind.foreign
    ]
    return sorted({*found, *_routed(config, port, joining)})


def _routed(config: Config, port: str, joining: bool) -> Iterator[Foreign]:
    """Yield the families other than layer 2: the port is a routed interface of somebody."""
    for item in config.statements.near(path("interfaces", entry("interface", port))):
        if len(item) > 4 and item[2].tag == "unit" and item[3].tag == "family" and item[4].tag != L2_FAMILY:
            yield Foreign(port, "routed", item[:5], joining)


def _is(text: str | None, port: str) -> bool:
    return text is not None and physical(text) == port


def _kind(item: Path) -> Kind:
    tags = tuple(step.tag for step in item)
    return next((kind for kind in KINDS if tags[: len(kind.prefix)] == kind.prefix), _OTHER)
