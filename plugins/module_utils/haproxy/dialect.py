# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the HAProxy releases 2.4 to 3.2 understand, as far as it differs between them.

Measured with ``haproxy -c`` of 2.4.30, 2.6.12, 2.8.30, 3.0.11 and 3.2.25.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["NEWEST", "OLDEST", "Dialect", "parse_version"]


class Dialect(NamedTuple):
    """A release line, for example (2, 6)."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def system_authorities(self) -> str:
        """Return the ``ca-file`` argument that means the system's own authorities."""
        return "@system-ca" if self >= Dialect(2, 6) else "/etc/ssl/certs/ca-certificates.crt"

    def refuses_option(self, option: str) -> str | None:
        """Return why this release cannot take ``option <option>``, or None where it can."""
        word = option.split()[1] if option.startswith("no ") and len(option.split()) > 1 else option.split(" ")[0]
        if word not in _OPTIONS:
            return None
        since, until = _OPTIONS[word]
        if self < since:
            return f"option {word} needs HAProxy {since} or newer, this host has {self}"
        if until is not None and self >= until:
            return f"option {word} is gone since HAProxy {until}, this host has {self}"
        return None

    def ends_idle_connections_late(self) -> bool:
        """Tell whether each release of this line has ``option idle-close-on-response`` (in 2.4 and 2.5 a later one)."""
        return self >= Dialect(2, 6)

    def reload_answers(self) -> bool:
        """Tell whether the master's command ``reload`` waits for the result and answers it (2.7 and newer)."""
        return self >= Dialect(2, 7)


OLDEST = Dialect(2, 4)
NEWEST = Dialect(3, 2)

#: option: (first release that has it, first release without it)
_OPTIONS: dict[str, tuple[Dialect, Dialect | None]] = {
    "forwarded": (Dialect(2, 8), None),
    "forceclose": (OLDEST, Dialect(2, 5)),
    "h1-case-adjust-bogus-client": (OLDEST, None),
    "accept-unsafe-violations-in-http-request": (Dialect(3, 0), None),
    "accept-unsafe-violations-in-http-response": (Dialect(3, 0), None),
    "accept-invalid-http-request": (OLDEST, Dialect(3, 3)),
    "accept-invalid-http-response": (OLDEST, Dialect(3, 3)),
}


def parse_version(text: str) -> Dialect | None:
    """Return the release line named in ``haproxy -v`` or in a package's version; None where there is none."""
    found = re.search(r"(?:HAProxy version |HA-Proxy version |^|:)([0-9]+)\.([0-9]+)[.\-~+]", text.strip())
    return Dialect(int(found.group(1)), int(found.group(2))) if found else None
