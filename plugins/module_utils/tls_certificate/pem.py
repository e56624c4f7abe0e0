# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where PEM blocks begin and end, in time that grows with the text: whoever owns a file must not hold a run up."""

from __future__ import annotations

import re

__all__ = ["LARGEST", "spans"]

LARGEST = 1024 * 1024  # octets; certificates and keys are a few kB, the system's bundle of CAs 0.2 MB
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)(?=-----)")
_END = re.compile(r"-----END ([A-Z0-9 ]+)(?=-----)")
_DASHES = 5


def spans(text: str) -> list[tuple[str, str]]:
    """Return label and content of each block: from a BEGIN line to the next END line of its label (RFC 7468).

    Every line is looked at once. A regular expression for a whole block looks through the rest of the text for the
    end of each block that has none, and 288 kB took it a minute.
    """
    ends: dict[str, list[tuple[int, int]]] = {}
    for match in _END.finditer(text):
        ends.setdefault(match[1], []).append((match.start(), match.end() + _DASHES))
    for places in ends.values():
        places.reverse()
    found, done = [], 0
    for match in _BEGIN.finditer(text):
        start = match.end() + _DASHES
        places = ends.get(match[1], [])
        while places and places[-1][0] < start:
            places.pop()
        if match.start() >= done and places:
            found.append((match[1], text[start : places[-1][0]]))
            done = places[-1][1]
    return found
