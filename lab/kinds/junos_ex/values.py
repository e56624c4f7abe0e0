# SPDX-License-Identifier: GPL-3.0-or-later
"""Values and names: what a leaf or an entry's name may be, and the device's words when it may not."""

from __future__ import annotations

import re
from collections.abc import Callable

from .errors import SIM, error
from .schema import Schema

PORT_TYPES = ("fe", "ge", "mge", "xe", "et")
NUMBERED = ("ae", "reth")
RETHS = 128
OTHERS = (
    "irb",
    "vlan",
    "lo",
    "me",
    "vme",
    "em",
    "fxp",
    "gr",
    "ip",
    "lsq",
    "bme",
    "jsrv",
    "vcp",
    "pime",
    "pimd",
    "mtun",
    "tap",
    "dsc",
)
PORT = re.compile(r"([a-z]+)-(\d+)/(\d+)/(\d+)(?::(\d+))?")
NAMED = re.compile(r"([a-z]+)(\d*)")
LEADING = re.compile(r"([a-z]+)(\d*)(.*)")


def check_value(schema: Schema, value: str, path: str) -> str:
    """Give the value as the device keeps it.

    Raises:
        JunosError: the value is not of the leaf's type.
    """
    word, _, rest = schema.type.partition(" ")
    if word == "uint":
        low, _, high = rest.partition("..")
        _check_number(value, int(low), int(high), path, schema.name)
    elif word == "enum" and value not in rest.split("|"):
        raise error("syntax error", bad=value, path=path)
    elif word == "ae":
        check_interface(value, path, schema.aes)
    elif word == "vlan-id":
        _check_vlan_id(value, path)
    elif not value:
        raise error("syntax error", bad=schema.name, path=path)
    return value


def _check_number(value: str, low: int, high: int, path: str, name: str) -> None:
    """Refuse what is no number or out of range (words: fake-switches, from an EX 11.4)."""
    if not re.fullmatch(r"\d+", value):
        raise error(f"Invalid numeric value: '{value}'", bad=value, path=path)
    if not low <= int(value) <= high:
        raise error(f"Value {value} is not within range ({low}..{high})", bad=value, path=path)


def _check_vlan_id(value: str, path: str) -> None:
    """Refuse VLAN tags outside 1..4094; ELS also takes `none` and `all`."""
    if value not in ("none", "all"):
        _check_number(value, 1, 4094, path, "vlan-id")


def check_interface(name: str, path: str, aes: int) -> None:
    """Refuse names that are no interface, of a switch with `aes` names for bundles (words: facts, section 5).

    Raises:
        JunosError: unknown type, number out of range, something behind the name.
    """
    if PORT.fullmatch(name) or "*" in name or "[" in name:
        kind = name.split("-")[0]
        if kind not in PORT_TYPES and "*" not in name and "[" not in name:
            raise error(f"invalid interface type in '{name}'", bad=name, path=path)
        return
    match = NAMED.fullmatch(name)
    if match and match[1] in NUMBERED and match[2]:
        highest = aes - 1 if match[1] == "ae" else RETHS - 1
        if int(match[2]) > highest:
            words = f"device value outside range 0..{highest} for '{match[2]}' in '{name}'"
            raise error(words, bad=name, path=path)
        return
    if match and match[1] in OTHERS:
        return
    _refuse_interface(name, path)


def _refuse_interface(name: str, path: str) -> None:
    """Say what is wrong with `name`."""
    match = LEADING.fullmatch(name)
    known = (*PORT_TYPES, *NUMBERED, *OTHERS)
    if match and match[1] in known and match[2] and match[3] and not match[3][0].isalpha():
        raise error(f"invalid trailing input '{match[3]}' in '{name}'", bad=name, path=path)
    raise error(f"invalid interface type in '{name}'", bad=name, path=path)


def _check_unit(name: str, path: str, _: int) -> None:
    """Refuse logical units outside 0..16385 (range: Juniper's YANG)."""
    _check_number(name, 0, 16385, path, "unit")


def _check_vlan_name(name: str, path: str, _: int) -> None:
    """Refuse VLAN names that are not 2..64 characters (range: Juniper's YANG 21.4)."""
    if not 2 <= len(name) <= 64:
        raise error(f"{SIM}VLAN name '{name}' must have 2 to 64 characters", bad=name, path=path)


KEYS: dict[str, Callable[[str, str, int], None]] = {
    "interface": check_interface,
    "unit": _check_unit,
    "vlan-name": _check_vlan_name,
}


def check_key(schema: Schema, key: str, path: str) -> None:
    """Refuse the name of a list entry.

    Raises:
        JunosError: the name is empty or not of the list's kind.
    """
    if not key:
        raise error("syntax error", bad=schema.name, path=path)
    if schema.key and not (schema.wild and key[0] == "<" and key[-1] == ">"):
        KEYS[schema.key](key, path, schema.aes)
