# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a switch's declaration: beside those of every device, texts of one line and VLANs."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared import fields

from ..config.names import number_of
from ..config.vlans import EVERY, span_of


class Reader(fields.Reader):
    """Reads one mapping of a switch's declaration."""

    def line(self, key: str) -> str | None:
        """Return a text of one line, as a description is."""
        value = self.text(key)
        if value is not None and any(ord(character) < 32 for character in value):
            self.refuse(
                "BAD_VALUE",
                f"{key} has a line break or another control character",
                "Junos keeps one line.",
                "Take it out.",
            )
            return None
        return value

    def vlan(self, key: str) -> str | None:
        """Return a VLAN's name or id as text; an empty text is NO_VLAN."""
        value = self.data.get(key)
        if value is None or (isinstance(value, str) and not value):
            return value
        name = self._vlan(key, value)
        if name is not None and (name == EVERY or span_of(name)):
            why = "What has no tag is in one VLAN."
            self.refuse("UNTAGGED_MANY", f"{key} {name} is more than one VLAN", why, "Give a VLAN's name or id.")
            return None
        return name

    def vlans(self, key: str) -> tuple[str, ...] | None:
        """Return a list of VLAN names, ids, ranges of ids or `all` as texts, without repetitions."""
        values = self.items(key)
        if values is None:
            return None
        found = (self._vlan(key, value) for value in values)
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def _vlan(self, key: str, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).strip():
            self.wrong_type(key, "a VLAN's name or id")
            return None
        name = str(value).strip()
        number = number_of(name)
        low, high = span_of(name) or ((1, 1) if number is None else (number, number))
        if not 1 <= low <= high <= 4094:
            self.refuse(
                "VLAN_ID",
                f"{key} {name} is not within 1..4094",
                "802.1Q reserves 0 and 4095.",
                "Give a VLAN's name or id.",
            )
            return None
        return name
