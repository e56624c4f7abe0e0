# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of value that the declared site is made of. Nothing is guessed: a number is a number, a time has a unit."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any, TypeVar

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.third_party import BeforeValidator, Field

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+)(us|ms|s|m|h|d)")
T = TypeVar("T", IPv4Address, IPv6Address, IPv4Network, IPv6Network)


def seconds(duration: str) -> float:
    """Return the seconds that a duration such as `30s` or `500ms` stands for."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f"{duration!r} is no duration")
    return int(match[1]) * _UNITS[match[2]]


def _duration(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or not _DURATION.fullmatch(str(value)):
        raise ValueError(
            f"{value!r} is no time with a unit, and HAProxy would take a bare number for milliseconds; write for "
            "example 30s, 500ms or 1h"
        )
    return value


def _parse(kind: type[T], value: Any, example: str) -> T:
    if isinstance(value, kind):
        return value
    try:
        if not isinstance(value, str):
            raise ValueError
        return kind(value)
    except ValueError:
        raise ValueError(f"{value!r} is no {_NAMES[kind]}; write it like {example}") from None


_NAMES: dict[type, str] = {
    IPv4Address: "IPv4 address",
    IPv6Address: "IPv6 address",
    IPv4Network: "IPv4 subnet",
    IPv6Network: "IPv6 subnet",
}


def _address4(value: Any) -> IPv4Address:
    _no_prefix(value)
    return _parse(IPv4Address, value, "10.0.30.11")


def _address6(value: Any) -> IPv6Address:
    _no_prefix(value)
    return _parse(IPv6Address, value, "fd00:30::11")


def _address(value: Any) -> IPv4Address | IPv6Address:
    return _address6(value) if ":" in str(value) else _address4(value)


def _no_prefix(value: Any) -> None:
    if isinstance(value, str) and "/" in value:
        raise ValueError(
            f"{value!r} has a prefix length, and that is the VLAN's to say, once; write {value.split('/')[0]} and "
            "put the subnet at the VLAN"
        )


def _subnet4(value: Any) -> IPv4Network:
    _prefix(value, "/24")
    return _parse(IPv4Network, value, "10.0.30.0/24 (no host bits)")


def _subnet6(value: Any) -> IPv6Network:
    _prefix(value, "/64")
    return _parse(IPv6Network, value, "fd00:30::/64 (no host bits)")


def _prefix(value: Any, usual: str) -> None:
    if isinstance(value, str) and "/" not in value:
        raise ValueError(
            f"{value!r} has no prefix length, so the subnet would be one single address; write {value}{usual} or "
            "what it is"
        )


Address4 = Annotated[IPv4Address, BeforeValidator(_address4)]
Address6 = Annotated[IPv6Address, BeforeValidator(_address6)]
AnyAddress = Annotated[IPv4Address | IPv6Address, BeforeValidator(_address)]
Subnet4 = Annotated[IPv4Network, BeforeValidator(_subnet4)]
Subnet6 = Annotated[IPv6Network, BeforeValidator(_subnet6)]
Duration = Annotated[str, BeforeValidator(_duration), Field(pattern=_DURATION.pattern)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(min_length=1)]
Waivers = dict[str, str]
MAXIMUM_CONNECTIONS = 2_000_000
"""The largest maxconn that the haproxy role takes."""
Connections = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_CONNECTIONS)]
Count = Annotated[int, Field(strict=True, ge=1, le=100)]
VirtualRouterId = Annotated[int, Field(strict=True, ge=1, le=255)]
