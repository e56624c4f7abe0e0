# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pair's firewall of this host as a transaction: judged, saved, put in place, loaded, read back, or put back.

What is to do is found by comparing files and the kernel's rules with what is wanted, so that a run that was killed, or
a hand that emptied the rules, is mended by the next run.
"""

from __future__ import annotations

import re
import tempfile

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import (
    Outcome,
    RejectedError,
    Steps,
    carry_out,
    decoded,
    on_disk,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError, Run, Systemd
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File, Transaction

from .firewall import DROP_IN, DROP_IN_TEXT, FILE, LISTING, NAME, UNIT, UNIT_FILE, UNIT_TEXT

_DIGEST = re.compile(r'comment "netstack [0-9a-f]{16}"')


class FirewallHost:
    """nftables and systemd of this host, as far as the pair's table goes; ``predict`` only tells (check mode)."""

    def __init__(self, run: Run, nft: str | None, transaction: Transaction, predict: bool) -> None:
        self.run, self.nft, self.transaction, self.predict = run, nft, transaction, predict
        self.systemd = Systemd(run, UNIT)

    def present(self, rules: str) -> Outcome:
        """Bring the rules into force. Raises RejectedError; then what was in force before still is."""
        texts = {FILE: rules, UNIT_FILE: UNIT_TEXT, DROP_IN: DROP_IN_TEXT}
        return self._in_force([File(path, text.encode()) for path, text in texts.items()], rules)

    def absent(self, restores: str = "") -> Outcome:
        """Take the table and its files away. The rules of others stay as they are."""
        outcome = Outcome(restores=restores)
        outcome.changes = self.transaction.plan([File(path, None) for path in (FILE, UNIT_FILE, DROP_IN)])
        outcome.actions = ["disable"] if self.systemd.unit().get("UnitFileState") == "enabled" else []
        outcome.actions += ["unload"] if self._listing() else []
        if outcome.changed and not self.predict:
            for action in outcome.actions:  # while systemd knows the unit; a run that is killed here begins anew
                self._act(action, "")
            outcome.backup = self.transaction.apply(outcome.changes, restores)
            self._settle()
        return outcome

    def restored(self) -> Outcome:
        """Put the newest saved state (of the run, when one is given) back into force. Raises RejectedError."""
        generation = self.transaction.newest(self.transaction.run_id)
        if generation is None:
            return Outcome()
        files = self.transaction.saved(generation)
        rules = next((decoded(file) for file in files if file.path == FILE), on_disk(FILE))
        return self._in_force(files, rules, generation) if rules else self.absent(generation)

    def _in_force(self, files: list[File], rules: str, restores: str = "") -> Outcome:
        self._judge(rules)
        outcome = Outcome(restores=restores)
        outcome.changes = self.transaction.plan(files)
        unit = self.systemd.unit()
        outcome.actions = [] if unit.get("UnitFileState") == "enabled" else ["enable"]
        if outcome.changes or not self.systemd.runs(unit) or not self._loaded(rules):
            outcome.actions.append("load")
        if outcome.changed and not self.predict:
            steps = Steps(
                "nftables", self._settle, lambda action: self._act(action, rules), self._recover, (CommandError,)
            )
            carry_out(self.transaction, outcome, steps)
        return outcome

    def _judge(self, rules: str) -> None:
        """Have nft judge the rules. Raises RejectedError with its words, or where it is missing."""
        if not self.nft:
            if self.predict:
                return
            raise RejectedError("nft is not on this host: install the package nftables, as the role does.")
        with tempfile.NamedTemporaryFile("w", prefix="netstack-vip-", suffix=".nft") as staged:
            staged.write(rules)
            staged.flush()
            status, output, errors = self.run([self.nft, "--check", "--file", staged.name])
        if status != 0:
            raise RejectedError(f"nft refuses the rules, nothing was changed: {(errors or output).strip()}")

    def _listing(self) -> str:
        """Return what the kernel has of the table, "" where it is not there."""
        status, output, _errors = self.run([self.nft, "list", "table", *NAME.split()]) if self.nft else (1, "", "")
        return output if status == 0 else ""

    def _loaded(self, rules: str) -> bool:
        """Tell whether the kernel has these rules, as they were when they were loaded."""
        digest, listing = _DIGEST.search(rules), self._listing()
        return digest is not None and digest.group() in listing and listing == on_disk(LISTING)

    def _settle(self) -> None:
        """Let systemd read its files; systemd 252 does not see by itself that the folder of a drop-in has come."""
        self.systemd.systemctl("daemon-reload")

    def _act(self, action: str, rules: str) -> None:
        if action == "unload":
            self._unload()
        elif action == "load":
            self.systemd.systemctl("reload-or-restart", UNIT)
            if not self._loaded(rules):
                raise CommandError("the kernel does not have the rules that nft was given")
        else:
            self.systemd.systemctl(action, UNIT)

    def _unload(self) -> None:
        if self.systemd.runs(self.systemd.unit()):
            self.systemd.systemctl("stop", UNIT)  # deletes the table
        if self._listing():
            status, output, errors = self.run([self.nft or "nft", "delete", "table", *NAME.split()])
            if status != 0:
                raise CommandError(f"nft delete table {NAME}: {(errors or output).strip()}")

    def _recover(self) -> None:
        """Bring back into force what the files say now."""
        if on_disk(FILE):
            self.systemd.systemctl("reload-or-restart", UNIT)
        else:
            self._unload()
