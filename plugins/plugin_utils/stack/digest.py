# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The digest by which a derived variable is recognised again inside a task."""

from __future__ import annotations

import hashlib
import json


def digest(value: object) -> str:
    """Return 16 hexadecimal digits that change with any change of the plain value.

    Raises TypeError for what JSON cannot carry: a derived value is plain data, so anything else is somebody else's.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
