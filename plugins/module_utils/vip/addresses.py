# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One change of plain addresses as a transaction: judged, saved, put in place, loaded, read back, or put back."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from .choose import Backend
from .neighbours import Kernel, Target, announce, find_holders
from .plain import Plain, addresses_in

SETTLE = 10.0  # seconds until the kernel must have the addresses; duplicate address detection takes one or two


@dataclass(frozen=True)
class AddressPlan:
    """Files to change; addresses that the kernel lacks, those that it must have in the end and those it must lose.

    What it must have includes all that the interfaces have already, so that losing the host's own address is a failure.
    ``restores`` names the generation that is put back, where one is; ``due`` says that the files have yet to be loaded.
    ``former`` are the files that were loaded until now, as far as they differ.
    """

    changes: list[Change]
    missing: list[Plain]
    wanted: set[str]
    unwanted: set[str]
    former: list[File]
    restores: str = ""
    due: bool = False

    @property
    def verbs(self) -> list[str]:
        """Return what is to be done beside writing files."""
        return ["load"] if self.changes or self.missing or self.unwanted or self.due else []


class Addresses:
    """The plain addresses of this host."""

    def __init__(self, run: Run, backend: Backend, transaction: Transaction) -> None:
        self.run, self.backend, self.transaction = run, backend, transaction

    def plan(self, plains: list[Plain]) -> AddressPlan:
        """Return what would bring the addresses about. Raises BackendError, also when another host has one of them."""
        files = self.backend.files(plains)
        self.backend.judge(files)
        return self._compare(self.transaction.plan(files), plains)

    def _compare(self, changes: list[Change], plains: list[Plain]) -> AddressPlan:
        wanted = {str(plain.address.ip) for plain in plains}
        here = Kernel(self.run)
        missing = [p for p in plains if str(p.address.ip) not in here.addresses(p.interface)]
        former = _former(changes)
        gone = _addresses(former) - wanted
        self._free(missing, here)
        lost = gone & here.addresses()
        kept = {a for i in {plain.interface for plain in plains} for a in here.lasting(i)} - lost
        return AddressPlan(changes, missing, wanted | kept, lost, former)

    def _free(self, plains: list[Plain], here: Kernel) -> None:
        """Raise BackendError when another host answers for an address that this one is to get.

        An interface without any IPv6 address cannot ask; there the kernel's own detection of duplicates has to do.
        """
        targets = [Target(str(plain.address.ip), plain.interface) for plain in plains if _askable(plain, here)]
        for holder in find_holders(self.run, targets):
            if holder.others:
                raise BackendError(f"{holder.target.address} is in use: {', '.join(holder.others)} answers for it")

    def apply(self, plan: AddressPlan) -> str:
        """Carry the plan out and read it back; return the backup's generation.

        Raises BackendError after the former files have been put back and loaded.
        """
        generation = self.transaction.apply(plan.changes, plan.restores)
        try:
            self.backend.load(plan.former)
            self._await(plan.wanted, plan.unwanted)
        except BackendError as error:
            if not generation:
                raise
            self.transaction.take_back(generation)
            self.backend.load([change.wanted for change in plan.changes])
            raise BackendError(f"{error}. The former files are back") from error
        for plain in plan.missing:
            announce(Target(str(plain.address.ip), plain.interface))
        return generation

    def _await(self, wanted: set[str], unwanted: set[str]) -> None:
        end = time.monotonic() + SETTLE
        while True:
            here = Kernel(self.run).addresses()
            lacking, left = wanted - here, unwanted & here
            if not lacking and not left:
                return
            if time.monotonic() >= end:
                raise BackendError(
                    f"after {SETTLE:g} s the kernel lacks {_names(lacking)} and still has {_names(left)}"
                )
            time.sleep(0.1)

    def plan_restore(self, generation: str) -> AddressPlan:
        """Return what puts a generation back, on disk and in the kernel: a restore that was killed is finished.

        Raises BackendError when netplan refuses it.
        """
        files = self.transaction.saved(generation)
        self.backend.judge(files)
        changes = self.transaction.plan(files)
        wanted = _addresses(files)
        if changes:
            former = _former(changes)
            return AddressPlan(changes, [], wanted, _addresses(former) - wanted, former, generation)
        here, attempt = Kernel(self.run).addresses(), self.transaction.restored_by(generation)
        former = self.transaction.saved(attempt) if attempt else []
        gone = (_addresses(former) - wanted) & here
        return AddressPlan([], [], wanted, gone, former, generation, due=not wanted <= here)


def _former(changes: list[Change]) -> list[File]:
    return [change.current for change in changes if change.current is not None]


def _addresses(files: list[File]) -> set[str]:
    return set().union(*(addresses_in((file.content or b"").decode("utf-8", "replace")) for file in files))


def _askable(plain: Plain, here: Kernel) -> bool:
    return plain.address.version == 4 or bool(here.source_for(plain.interface, str(plain.address.ip)))


def _names(addresses: set[str]) -> str:
    return ", ".join(sorted(addresses)) or "none"
