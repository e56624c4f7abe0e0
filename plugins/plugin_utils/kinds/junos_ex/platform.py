# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Juniper EX takes: names, and limits by model. Data with its source; only what is certain is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PORT = re.compile(r"(ge|xe|et|mge|fe)-([0-9]{1,4})/([0-9]{1,4})/([0-9]{1,4})(?::([0-9]{1,4}))?")
"""A physical port: FPC or virtual chassis member, PIC, port, and the channel of one that is split (xe-0/0/48:0)."""
_BUNDLE = re.compile(r"ae([0-9]{1,4})")
AE_HIGHEST = 127
"""Highest ae index of an EX: `device value outside range 0..127` (EX 11.4, internap/fake-switches); see Limit.ae."""
VLAN_NAME = re.compile(r"(?!\d+(-\d+)?\Z|all\Z)(?=.*\S\Z)\S[^\x00-\x1f\"\[\]*?<>]{1,63}")
"""Names of 2 to 64 characters (Juniper's YANG, junos-ex 21.4R1), blanks and apostrophes among them; no id, no range of
ids and not `all`, which mean other VLANs in `vlan members`; no character of a wildcard."""
FRAME_UNTAGGED = 14
FRAME_TAGGED = 18
"""Octets that Junos counts into `mtu` beside the payload: Ethernet header without FCS, and one 802.1Q tag."""
MTU_LOWEST, MTU_HIGHEST = 256, 9216
"""`Value 0 is not within range (256..9216)` (EX, internap/fake-switches)."""


@lru_cache(maxsize=4096)
def is_port(name: str) -> bool:
    """Tell whether the name is a physical port such as ge-0/0/3 (FPC or virtual chassis member, PIC, port)."""
    return PORT.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def bundle_index(name: str) -> int | None:
    """Return N of aeN, or None when the name is no aggregated interface; how far N goes is the model's (Limit.ae)."""
    match = _BUNDLE.fullmatch(name)
    return int(match[1]) if match and str(int(match[1])) == match[1] else None


_TABLE_5 = "Juniper EX3300 manual, (c) 2015, Table 5"
_13_2 = "Juniper, Junos 13.2, Configuring an Aggregated Ethernet Interface: 480 on EX9200"
_9_2 = "Juniper, Junos 9.2, Understanding Aggregated Ethernet Interfaces on a Virtual Chassis"


@dataclass(frozen=True)
class Limit:
    """Highest number of members of a bundle and of bundles of a switch, highest ae index, and who says so."""

    members: int
    lags: int
    source: str
    certain: bool = True
    ae: int = AE_HIGHEST


_MODELS: tuple[tuple[str, Limit], ...] = (
    (r"ex2200", Limit(8, 32, _TABLE_5)),
    (r"ex3200", Limit(8, 32, _TABLE_5)),
    (r"ex3300", Limit(8, 111, _TABLE_5)),
    (r"ex42\d\d", Limit(8, 111, _TABLE_5)),
    (r"ex4300", Limit(16, 112, _TABLE_5)),
    (r"ex45[05]0", Limit(8, 111, _TABLE_5)),
    (r"ex62\d\d", Limit(8, 111, _TABLE_5)),
    # 255 bundles need indexes above 127; how many members one has on EX9200 is not confirmed, so few are refused.
    (r"ex82\d\d", Limit(12, 255, _TABLE_5, ae=254)),
    (r"ex92\d\d", Limit(64, 480, _13_2, certain=False, ae=479)),
    (r"ex(23|34|44)00", Limit(16, 128, "read as 128 bundles of up to 16 members; not confirmed", certain=False)),
)
OFTEN = Limit(8, 64, _9_2)
LOWEST = Limit(8, 32, _TABLE_5)
"""What every EX has; beyond it the model matters."""
UNKNOWN = Limit(16, 128, "the highest of any EX of one chassis", certain=False)


def limit_of(model: str | None, release: str | None = None) -> Limit:
    """Return the limit of a model such as `EX4200-48T`; a release before 10 keeps the 64 bundles of its manual."""
    for pattern, limit in _MODELS:
        if model and re.match(pattern, model.strip().lower()):
            old = release is not None and re.match(r"9\.", release.strip()) is not None
            return OFTEN if old and limit.lags > OFTEN.lags else limit
    return UNKNOWN
