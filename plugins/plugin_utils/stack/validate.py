# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plain data into the objects of the model; each object for itself, so that one mistake does not hide the next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import elsewhere
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import reading
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Path
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.third_party import BaseModel, ValidationError

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FILE_WITH_DOTS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAMES: dict[str, tuple[re.Pattern[str], str]] = {
    "vlans": (_FILE_WITH_DOTS, "letters, digits, '.', '_' and '-'"),
    "devices": (_HOST, "letters, digits, '.', '_' and '-', as a host name of the inventory"),
    "links": (_FILE_WITH_DOTS, "letters, digits, '.', '_' and '-'"),
    "lb_pairs": (_GROUP, "letters, digits and '_', for it becomes part of a group's name in Ansible"),
    "certificates": (_FILE_WITH_DOTS, "letters, digits, '.', '_' and '-', for it becomes a file's name"),
    "services": (_FILE, "letters, digits, '_' and '-', for it becomes a file's and a proxy's name"),
    "profiles": (_FILE, "letters, digits, '_' and '-'"),
    "link_profiles": (_FILE, "letters, digits, '_' and '-'"),
}
_OTHER_NAMES = {
    "app": "profile",
    "auth_pass": "authentication_secret",
    "backend_port": "port",
    "cert": "certificate",
    "algorithm": "balance",
    "check": "health_check",
    "client_ca": "client_certificates",
    "cookie": "cookie_name",
    "crl": "crl_file",
    "force_trunk": "trunk",
    "ip": "address",
    "lacp_rate": "periodic",
    "mgmt_vlan": "management_vlan",
    "min_links": "minimum_links",
    "native": "untagged",
    "nic": "interface",
    "on_esxi": "on",
    "password": "password_secret",
    "stick": "stickiness",
    "timeout": "timeouts",
    "vrid": "virtual_router_id",
}
"""What other tools call our keys, where the spelling is too far away to be found."""


@reading("NAME")
def bad_name(section: str, name: str) -> str:
    """The name of an object has characters that cannot be used.

    Breaks: host names, group names and file names are made of it.
    Why: what Ansible, HAProxy and a file system take alike.
    Mend: rename it.
    """
    return f"{name!r} cannot be a name here; use {_NAMES[section][1]}"


@reading("UNKNOWN_KEY")
def unknown_key(key: str, known: Iterable[str], elsewhere_is: str | None = None) -> str:
    """An object has a key that it does not know.

    Breaks: a misspelt key that is ignored is a setting that is silently not there.
    Why: unknown keys are errors on every level.
    Mend: correct or remove the key.
    """
    names = sorted(known)
    close = difflib.get_close_matches(key, names, 1)
    other = _OTHER_NAMES.get(key)
    if other in names:
        close = [str(other)]
    mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}" if names else "remove it"
    mend = elsewhere_is or mend
    return f"the key {key!r} is not known here and would be ignored; {mend}"


@reading("MISSING_KEY")
def missing_key(key: str) -> str:
    """An object lacks a key that it cannot do without.

    Breaks: nothing sensible can be derived.
    Why: there is no default that could be right.
    Mend: add the key.
    """
    return f"the key {key!r} is missing, and no default could be right; add it"


@reading("BAD_VALUE")
def bad_value(value: object, wanted: str) -> str:
    """A value is not of the kind that is needed, or outside its bounds.

    Breaks: the program that it is meant for would refuse it, or take it for something else.
    Why: numbers are numbers, times have units, choices are among the known ones.
    Mend: as the message says.
    """
    return f"{value!r} does not do here, {wanted}"


def named_badly(section: str, name: str) -> bool:
    """Tell whether an object of this section cannot have this name."""
    return _NAMES[section][0].fullmatch(name) is None


def build(
    model: type[BaseModel], raw: Mapping[str, Any], path: Path
) -> tuple[BaseModel | None, list[tuple[str, Path, str]]]:
    """Return the object, or the faults (rule, path, text) that keep it from being one."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, [_fault(model, dict(item), path) for item in _causes(error)]


def _causes(error: ValidationError) -> list[Mapping[str, Any]]:
    """Return the errors without those that only say that a list is too short because of a wrong item in it."""
    found = error.errors(include_url=False)
    inside = {item["loc"][:length] for item in found for length in range(len(item["loc"]))}
    return [item for item in found if not (item["type"] == "too_short" and item["loc"] in inside)]


def _fault(model: type[BaseModel], error: dict[str, Any], path: Path) -> tuple[str, Path, str]:
    location: Path = tuple(error["loc"])
    kind = str(error["type"])
    last = str(location[-1]) if location else ""
    if kind == "extra_forbidden":
        part = part_at(model, location[:-1])
        known = [] if part is None else list(part.model_fields)
        hint = None if part is None else elsewhere.of_key(part.__name__, last)
        return "UNKNOWN_KEY", (*path, *location), unknown_key(last, known, hint)
    if kind == "missing":
        return "MISSING_KEY", (*path, *location[:-1]), missing_key(last)
    if kind == "value_error":
        return "BAD_VALUE", (*path, *location), str(error["ctx"]["error"])
    named = next((str(step) for step in reversed(location) if not isinstance(step, int)), "")
    instead = elsewhere.of_value(named, error["input"])
    wanted = _wanted(kind, error) + (f"; {instead}" if instead else "")
    return "BAD_VALUE", (*path, *location), bad_value(_shown(error["input"]), wanted)


class _Shown(str):
    """A value in a message; long ones are cut."""

    def __repr__(self) -> str:
        return str(self)


def _shown(value: object) -> _Shown:
    text = repr(value)
    return _Shown(text if len(text) <= 60 else text[:57] + "...")


_WANTED = {
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "bool_type": "it must be true or false",
    "string_type": "it must be text; quote it if it looks like a number",
    "dict_type": "it must be a mapping (`key: value`)",
    "model_type": "it must be a mapping (`key: value`)",
    "tuple_type": "it must be a list",
    "string_too_short": "it must not be empty",
}


def _wanted(kind: str, error: dict[str, Any]) -> str:
    context = error.get("ctx", {})
    if kind == "literal_error":
        return _choice(str(error["input"]), str(context["expected"]))
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"it must be {bound} or {'more' if 'ge' in context else 'less'}"
    if kind == "string_pattern_mismatch":
        return f"it must match {context['pattern']}"
    if kind == "too_short":
        return f"it needs at least {context['min_length']}"
    return _WANTED.get(kind, str(error["msg"]).lower())


def _choice(value: str, expected: str) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    close = difflib.get_close_matches(value, choices, 1)
    return f"it must be {expected.replace(chr(39), '')}" + (f"; did you mean {close[0]}?" if close else "")


def part_at(model: type[BaseModel], location: Path) -> type[BaseModel] | None:
    """Return the part of `model` at `location`."""
    current: type[BaseModel] | None = model
    by_name = False
    for step in location:
        if by_name or isinstance(step, int):
            by_name = False
        elif current is not None and step in current.model_fields:
            annotation = current.model_fields[step].annotation
            by_name = get_origin(annotation) is dict
            current = _model_in(annotation)
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
