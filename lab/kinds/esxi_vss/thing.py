# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed objects on the server's side: their properties by name, and how a property path is followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .host import Host
from .vmomi import VmomiSupport, vmodl


@dataclass
class Thing:
    """One managed object: its reference, and what gives its properties when they are asked for.

    `host` is the host that it belongs to, if it belongs to one. A property that its type has but that is not here is
    unset where `silent` names it, and refused otherwise.
    """

    ref: Any
    props: dict[str, Callable[[], Any]] = field(default_factory=dict)
    host: Host | None = None
    silent: frozenset[str] = frozenset()

    def value(self, path: str) -> Any:
        """Follow a property path; None where it is unset.

        Raises:
            InvalidProperty: the type has no such property.
            NotSupported: it has, but it is not simulated.
        """
        name, _, rest = path.partition(".")
        if path in self.props:
            return typed(self.props[path](), self._declared(path))
        try:
            declared = self.ref._GetPropertyInfo(name)
        except AttributeError:
            raise vmodl.query.InvalidProperty(msg=f"no property {path}", name=path) from None
        if name not in self.props:
            if name in self.silent:
                return None
            kind = VmomiSupport.GetWsdlName(type(self.ref))
            raise vmodl.fault.NotSupported(msg=f"SIM TEXT: the property {kind}.{name} is not simulated")
        value = self.props[name]()
        return typed(value, declared) if not rest else follow(value, rest)

    def _declared(self, path: str) -> Any:
        """Give the description of a property that is a path of its own (`config.network`)."""
        described, kind = None, type(self.ref)
        for name in path.split("."):
            described = kind._GetPropertyInfo(name)
            kind = described.type
        return described


def follow(value: Any, path: str) -> Any:
    """Follow a path inside a data object.

    Raises:
        InvalidProperty: there is no such field.
    """
    for name in path.split("."):
        if value is None:
            return None
        try:
            declared = value._GetPropertyInfo(name)
        except AttributeError:
            raise vmodl.query.InvalidProperty(msg=f"no property {path}", name=path) from None
        value = typed(getattr(value, name), declared)
    return value


def typed(value: Any, declared: Any) -> Any:
    """Give a list the array type that it needs where the wire does not know it."""
    if isinstance(value, list) and not isinstance(value, VmomiSupport.Array):
        return declared.type(value) if issubclass(declared.type, list) else value
    return value
