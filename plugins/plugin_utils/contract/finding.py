# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declaration or with a device: the messages that a user reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One reason to refuse: where, what is wrong, why it matters and how to mend it."""

    where: str
    rule: str
    what: str
    why: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.rule}]. {self.why} {self.mend}"


class RefusalError(Exception):
    """Raised with all findings at once; `touched` says what was, as a sentence."""

    def __init__(self, findings: list[Finding], touched: str = "No connection was opened.") -> None:
        self.findings = findings
        self.touched = touched
        super().__init__(self.text())

    def text(self) -> str:
        """Return the message: a headline, then a line for each finding."""
        count = len(self.findings)
        head = f"Refused: {count} finding{'' if count == 1 else 's'}. {self.touched}"
        return "\n".join([head, *(str(finding) for finding in self.findings)])
