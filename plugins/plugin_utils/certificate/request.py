# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user declares for one certificate, checked: which options a source takes and which it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ansible_collections.netstack.datacenter.plugins.module_utils.mapping import unknown
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.names import ascii_name, parse_address

__all__ = ["SOURCES", "Request", "parse_request"]

_COMMON = {"source", "names", "minimum_days"}
SOURCES: dict[str, set[str]] = {
    "pem": _COMMON | {"file", "certificate_file", "key_file", "chain_file", "ca_file", "password_secret"},
    "pkcs12": _COMMON | {"file", "chain_file", "ca_file", "password_secret"},
    "secret": _COMMON | {"secret", "chain_file", "ca_file", "password_secret"},
    "remote": _COMMON | {"path", "ca_file"},
    "self_signed": _COMMON | {"key_type", "valid_days"},
}
_NEEDED: dict[str, tuple[str, ...]] = {
    "pem": (),
    "pkcs12": ("file",),
    "secret": ("secret",),
    "remote": ("path",),
    "self_signed": ("names",),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_KEY_TYPES = ("ec", "rsa")


@dataclass(frozen=True)
class Request:
    """One declared certificate. ``minimum_days`` and ``valid_days`` are days, as named."""

    name: str
    source: str
    file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    chain_file: str = ""
    ca_file: str = ""
    path: str = ""
    password_secret: str = ""
    secret: str = ""
    names: tuple[str, ...] = field(default=())
    minimum_days: int = 14
    key_type: str = "ec"
    valid_days: int = 365


def parse_request(name: str, declared: object) -> Request:
    """Return the declared certificate ``name``.

    Raises UnusableError with every finding at once.
    """
    if not _NAME.fullmatch(name):
        raise UnusableError(
            _finding(
                "BAD_NAME",
                f"{name!r} cannot be the name of a file",
                "Letters, digits, '.', '_' and '-' are allowed, a letter or digit first.",
            )
        )
    if not isinstance(declared, Mapping):
        raise UnusableError(_finding("BAD_TYPE", "is not a dictionary", "Write its options below its name."))
    findings = [*_unknown(declared), *_types(declared)]
    if findings:
        raise UnusableError(*findings)
    request = _build(name, declared)
    findings = [*_options(request, declared), *_names(request), *_days(request)]
    if findings:
        raise UnusableError(*findings)
    return request


def _finding(rule: str, what: str, mend: str, why: str = "Nothing can be checked before this is clear.") -> Finding:
    return Finding(rule, what, why, mend)


def _unknown(declared: Mapping[str, object]) -> list[Finding]:
    known = [item.name for item in fields(Request) if item.name != "name"]
    return [_unknown_option(key, close, known) for key, close in unknown(declared, known)]


def _unknown_option(key: str, close: str, known: list[str]) -> Finding:
    mend = f"Did you mean {close}?" if close else f"Known are: {', '.join(sorted(known))}."
    return _finding("UNKNOWN_OPTION", f"the option {key!r} is not known", mend, "A misspelt option would be ignored.")


def _types(declared: Mapping[str, object]) -> list[Finding]:
    found = []
    known = {item.name for item in fields(Request)}
    for key, value in declared.items():
        wanted = _wanted_type(key, value) if key in known else ""
        if wanted:
            found.append(_finding("BAD_TYPE", f"{key} is not {wanted}", f"Write {key} as {wanted}."))
    if declared.get("source") not in SOURCES and not found:
        text = "has no source" if "source" not in declared else f"the source {declared['source']!r} is not known"
        found.append(_finding("BAD_SOURCE", text, f"Choose one of {', '.join(SOURCES)}."))
    return found


def _wanted_type(key: str, value: object) -> str:
    """Return what ``value`` ought to be in words, or "" where it is right."""
    if key == "names":
        good = isinstance(value, (list, tuple)) and all(isinstance(name, str) and name for name in value)
        return "" if good else "a list of names"
    if key in ("minimum_days", "valid_days"):
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number of days"
    return "" if isinstance(value, str) else "a text"


def _build(name: str, declared: Mapping[str, object]) -> Request:
    values: dict[str, object] = {str(key): value for key, value in declared.items()}
    names = values.get("names")
    values["names"] = tuple(str(item) for item in names) if isinstance(names, (list, tuple)) else ()
    return Request(name=name, **values)  # type: ignore[arg-type]  # checked by _types


def _options(request: Request, declared: Mapping[str, object]) -> list[Finding]:
    allowed = SOURCES[request.source]
    found = [_not_taken(request, key) for key in declared if key not in allowed]
    missing = [key for key in _NEEDED[request.source] if not getattr(request, key)]
    found += [_finding("MISSING_OPTION", f"source {request.source} needs {key}", f"Add {key}.") for key in missing]
    if request.source == "pem":
        found += _pem_files(request)
    if request.path and not request.path.startswith("/"):
        found.append(_finding("BAD_PATH", f"path {request.path!r} is not absolute", "Give the whole path."))
    if request.key_type not in _KEY_TYPES:
        found.append(_finding("BAD_KEY_TYPE", f"key_type {request.key_type!r} is not known", "Use ec or rsa."))
    return found


def _not_taken(request: Request, key: str) -> Finding:
    users = [source for source, options in SOURCES.items() if key in options]
    why = f"The option belongs to source {' or '.join(users)} and would be ignored."
    return _finding("OPTION_OF_OTHER_SOURCE", f"source {request.source} takes no {key}", f"Remove {key}.", why)


def _pem_files(request: Request) -> list[Finding]:
    pair = (bool(request.certificate_file), bool(request.key_file))
    if (request.file and not any(pair)) or (not request.file and all(pair)):
        return []
    mend = "Give file (all in one), or certificate_file and key_file."
    return [_finding("MISSING_OPTION", "source pem needs either file or certificate_file with key_file", mend)]


def _names(request: Request) -> list[Finding]:
    found = []
    for name in request.names:
        try:
            if parse_address(name) is None:
                ascii_name(name)
        except (ValueError, UnicodeError):
            found.append(_finding("BAD_HOST_NAME", f"{name!r} is neither a host name nor an IP address", "Mend names."))
    return found


def _days(request: Request) -> list[Finding]:
    found = []
    if request.minimum_days < 0:
        found.append(_finding("BAD_DAYS", "minimum_days is negative", "Use 0 to accept every certificate in force."))
    if request.source == "self_signed" and request.valid_days <= request.minimum_days:
        why = "It would be made anew on every run."
        mend = f"Use more than {request.minimum_days} (minimum_days)."
        found.append(_finding("BAD_DAYS", f"valid_days {request.valid_days} is too few", mend, why))
    return found
