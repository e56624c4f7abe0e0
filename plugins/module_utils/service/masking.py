# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in a diff for what it does not show, and how a change of that is told. Pure."""

from __future__ import annotations

import re
from typing import AbstractSet

__all__ = ["HEADERS", "HIDDEN", "QUERY", "USER", "part_shown", "with_changes", "words"]

HIDDEN = "********"
#: The user and password before the host of an address.
USER = re.compile(r"(?<=://)[^/@\s]+(?=@)")
#: The parameters of an address.
QUERY = re.compile(r"\?(?=[^\s?]*=)[^\s\"']*")
_RANDOM = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}")


def words(text: str) -> AbstractSet[str]:
    """Return the words of a text, each once."""
    return frozenset(text.split())


#: Headers of HTTP whose values are no credentials.
HEADERS = words(
    """
    accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials
    access-control-allow-headers access-control-allow-methods access-control-allow-origin
    access-control-expose-headers access-control-max-age age allow alt-svc cache-control connection
    content-disposition content-encoding content-language content-length content-location content-security-policy
    content-type date etag expect expires forwarded front-end-https host if-modified-since last-modified location
    max-forwards origin permissions-policy pragma range referrer-policy retry-after server strict-transport-security
    te transfer-encoding upgrade user-agent vary via x-client-ip x-content-type-options x-forwarded-by
    x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-proto x-forwarded-protocol
    x-forwarded-scheme x-forwarded-server x-forwarded-ssl x-frame-options x-haproxy-current-date x-http-version
    x-powered-by x-real-ip x-robots-tag x-ssl x-url-scheme x-xss-protection
    """
)


def part_shown(word: str) -> str:
    """Return a word without the secrets that a path or an address may carry."""
    word = QUERY.sub(f"?{HIDDEN}", USER.sub(HIDDEN, word))
    return _RANDOM.sub(HIDDEN, word) if "/" in word else word


def with_changes(before: str, after: str, shown_before: str, shown_after: str) -> str:
    """Return the new text as it is shown, with a word at each line of which only what is hidden has changed.

    Both sides of such a line are equal in a diff, which would not have it.
    """
    old = set(before.splitlines())
    known = {shown for shown in shown_before.splitlines() if HIDDEN in shown}
    pairs = zip(shown_after.splitlines(), after.splitlines())
    lines = [f"{shown} (changed)" if shown in known and line not in old else shown for shown, line in pairs]
    return "".join(f"{line}\n" for line in lines)
