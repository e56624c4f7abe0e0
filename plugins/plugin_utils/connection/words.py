# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host and a user may hold, since they become arguments of programs and, in a ProxyCommand, of a shell."""

from __future__ import annotations

import re

_HOST = re.compile(r"(?!-)[^\s\x00-\x1f\x7f'\"`$\\;&<>|(){}]+")
_USER = re.compile(r"(?!-)[^\s\x00-\x1f\x7f'\"`;&<>|(){}]*[^\s\x00-\x1f\x7f'\"`;&<>|(){}\\]")
"""What OpenSSH 9.6 and later take of a command line (ssh.c, valid_hostname and valid_ruser; CVE-2023-51385), and no
blank in either; a user may have the `\\` of a domain and the `$` of a machine's account."""


def refuse_host(text: str, source: str) -> None:
    """Refuse a host that is no name and no address.

    Raises:
        ValueError: it has a character that neither has.

    """
    if _HOST.fullmatch(text) is None:
        raise ValueError(_said("host", text, source, "Give a name or an address."))


def refuse_user(text: str | None, source: str) -> None:
    """Refuse a user that a shell or ssh could take for something else.

    Raises:
        ValueError: it has such a character.

    """
    if text is not None and _USER.fullmatch(text) is None:
        raise ValueError(_said("user", text, source, "Give the name of the login alone."))


def _said(what: str, text: str, source: str, mend: str) -> str:
    why = "it has a blank, a quote, a control character, a character of a shell or a leading dash"
    return f"The {what} {text!r} ({source}) is refused, for {why}, and becomes an argument of a program. {mend}"
