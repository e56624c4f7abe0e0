# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declared certificate: the messages that a user reads, written once."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "UnusableError", "headline", "unreadable"]


@dataclass(frozen=True)
class Finding:
    """One reason why a certificate is refused.

    ``what`` is wrong, ``why`` it matters, and how to ``mend`` it; none of them ever holds a key or a password.
    """

    rule: str
    what: str
    why: str
    mend: str

    def text(self, certificate: str) -> str:
        """Return the message for the certificate of this name."""
        return f"{certificate}: {self.what} [{self.rule}]. {self.why} {self.mend}"


class UnusableError(Exception):
    """Raised where the material cannot be read far enough to go on checking."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(finding.what for finding in findings))
        self.findings = findings


def unreadable(path: str, detail: str) -> Finding:
    """Return the finding on a file of the controller that cannot be read; ``detail`` says why in one line."""
    return Finding(
        "FILE_UNREADABLE",
        f"{path} cannot be read on the controller: {detail}",
        "It is needed before anything is touched.",
        "Mend the path (a relative one is searched in files/), or give the vault password.",
    )


def headline(count: int, touched: str = "Nothing was touched.") -> str:
    """Return the first line of a refusal."""
    return f"The TLS certificates are refused: {count} finding{'' if count == 1 else 's'}. {touched}"
