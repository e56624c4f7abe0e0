# SPDX-License-Identifier: GPL-3.0-or-later
"""How many bundles, and how many members in one, a model has. Data with its source; only what is certain is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TABLE_5 = "Juniper EX3300 manual, (c) 2015, Table 5"
_9_2 = "Juniper, Junos 9.2, Understanding Aggregated Ethernet Interfaces on a Virtual Chassis"


@dataclass(frozen=True)
class Limit:
    """Highest number of members of a bundle and of bundles of a switch, and who says so."""

    members: int
    lags: int
    source: str
    certain: bool = True


_MODELS: tuple[tuple[str, Limit], ...] = (
    (r"ex2200", Limit(8, 32, _TABLE_5)),
    (r"ex3200", Limit(8, 32, _TABLE_5)),
    (r"ex3300", Limit(8, 111, _TABLE_5)),
    (r"ex42\d\d", Limit(8, 111, _TABLE_5)),
    (r"ex4300", Limit(16, 112, _TABLE_5)),
    (r"ex45[05]0", Limit(8, 111, _TABLE_5)),
    (r"ex62\d\d", Limit(8, 111, _TABLE_5)),
    (r"ex82\d\d", Limit(12, 255, _TABLE_5)),
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
