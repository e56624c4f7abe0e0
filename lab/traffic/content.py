# SPDX-License-Identifier: GPL-3.0-or-later
"""The known content of a download: the backend sends it, the load client checks it byte by byte."""

from __future__ import annotations

LINE = 16  # bytes in one numbered line


def pattern(offset: int, length: int) -> bytes:
    """Return `length` bytes of the download pattern from `offset`: lines of 16 bytes, each its own number in hex.

    A byte that is missing, repeated or out of place shows, because every line says where it belongs.
    """
    first, last = offset // LINE, (offset + length + LINE - 1) // LINE
    block = b"".join(b"%015x\n" % number for number in range(first, last))
    start = offset - first * LINE
    return block[start : start + length]
