# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One change of a host's bonds: planned, begun under the dead man's switch, and confirmed over a new connection."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable

from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File, Transaction

from . import plan as planning
from .backends import Backend, backends
from .kernel import Kernel, differences, not_working
from .model import Declared, dump, load
from .plan import Plan
from .reach import Session, interface_of
from .watchdog import APPLIED, RETURNED, RETURNING, Pending, Watchdog

DECLARED = "/var/lib/netstack/linux_bond/declared.json"
LOADING = 60  # seconds that the commands may take until the new files are loaded


class ConsentError(RuntimeError):
    """The change would touch the way by which the controller reaches the host, and nobody consented."""


class NotConfirmedError(RuntimeError):
    """The change cannot be confirmed; ``state`` says whether the former files are coming back, or are back."""

    def __init__(self, text: str, state: str = "") -> None:
        super().__init__(text)
        self.state = state


class Bonds:
    """The bonds of this host."""

    def __init__(self, run: Run, transaction: Transaction, watchdog: Watchdog, kernel: Kernel) -> None:
        self.transaction, self.watchdog, self.kernel = transaction, watchdog, kernel
        self.backends = backends(run)

    @property
    def known(self) -> Declared:
        """Return what the last change made."""
        path = Path(DECLARED)
        return load(path.read_bytes() if path.is_file() else None)

    def plan(self, new: Declared, replaces: list[str]) -> Plan:
        """Return what would bring the bonds about. Raises BackendError when the host's program refuses the files."""
        old = self.known
        wanted = {file.path: file for file in self.backends[new.backend].files(new)}
        if old.backend and old.backend != new.backend:
            wanted.update({file.path: file for file in self.backends[old.backend].files(Declared(old.backend))})
        wanted.update({path: File(path, None) for path in replaces if path not in wanted})
        files = [*wanted.values(), File(DECLARED, dump(new) if new.bonds else None, 0o600)]
        self.backends[new.backend].judge(files, new)
        return self._compare(old, new, self.transaction.plan(files))

    def _compare(self, old: Declared, new: Declared, changes: list[Change]) -> Plan:
        return planning.compare(old, new, changes, self.kernel, self.backends[new.backend].rebuilds_all)

    def plan_restore(self, generation: str) -> Plan:
        """Return what puts a generation back. Raises BackendError when the host's program refuses the files."""
        files = self.transaction.saved(generation)
        kept = next((file for file in files if file.path == DECLARED), None)
        old = self.known
        new = load(kept.content) if kept is not None else old
        new = replace(new, backend=new.backend or old.backend or "networkd")
        self.backends[new.backend].judge(files, new)
        return replace(self._compare(old, new, self.transaction.plan(files)), restores=generation)

    def refuse_without_consent(self, plan: Plan, session: Session, named: str) -> None:
        """Raise ConsentError when the plan touches the interface of the management, named or found."""
        way = named or interface_of(session.address, self.kernel.shown())
        below = self.kernel.below(way) if way else set()
        hit = sorted(below & plan.touched)
        if plan.needed and hit:
            raise ConsentError(
                f"the controller reaches this host over {way}, and the change touches {', '.join(hit)}; it returns by "
                "itself where the host cannot be reached afterwards, so consent by `linux_bond_consent: [management]`"
            )

    def begin(self, plan: Plan, session: Session, seconds: int) -> tuple[str, str]:
        """Set the dead man's switch, put the files in place and have them loaded; return the token and generation."""
        self.watchdog.refuse_second()
        pending = Pending(secrets.token_hex(8), session.text, seconds)
        used = self._used(plan)
        self.watchdog.arm(pending, plan.changes, planning.back(plan, used[::-1]), planning.forward(plan, used))
        try:
            generation = self.transaction.apply(plan.changes, plan.restores)
            self.watchdog.load(str(self.transaction.folder / generation) if generation else "")
        except BaseException:
            self.watchdog.fire()
            raise
        return pending.token, generation

    def _used(self, plan: Plan) -> list[Backend]:
        """Return the backends whose files change, the new one last; most often it is one."""
        names = dict.fromkeys([plan.old.backend or plan.new.backend, plan.new.backend])
        return [self.backends[name] for name in names]

    def prove(self, token: str, session: Session, seconds: float, partner: bool) -> str:
        """Prove that the new configuration works; return the command that lets it stay. Raises NotConfirmedError."""
        self._meant(token, session)
        if not self.watchdog.wait([APPLIED, RETURNING, RETURNED], LOADING):
            self._refuse("the new files were not loaded in time")
        self._not_returned()
        if "failed" in self.watchdog.state:
            self._refuse(f"loading the new files failed: {self.watchdog.log}")
        faults = self.await_working(self.known, seconds, partner, self._going_back)
        if faults:
            self._refuse("\n".join(faults))
        self._not_returned()
        return self.watchdog.prove()

    def _going_back(self) -> bool:
        """Tell whether the timer was faster; from then on the kernel says nothing about the change any more."""
        return self.watchdog.state.startswith((RETURNING, RETURNED))

    def _meant(self, token: str, session: Session) -> None:
        pending = self.watchdog.pending
        if pending is None or pending.token != token:
            raise NotConfirmedError(f"no change {token} is pending here")
        if session.text and session.text == pending.session:
            raise NotConfirmedError("this is the connection by which the change was begun; it proves nothing")
        self._not_returned()

    def _not_returned(self) -> None:
        state = self.watchdog.state
        if state.startswith(RETURNED):
            failed = f", but not without errors: {self.watchdog.log}" if "failed" in state else ""
            raise NotConfirmedError(f"the former files are back and loaded{failed}", RETURNED)
        if state.startswith(RETURNING):
            raise NotConfirmedError("the former files are being put back", RETURNING)

    def _refuse(self, text: str) -> None:
        """Have the former files put back, unless they are coming already, and say why."""
        if not self._going_back():
            self.watchdog.fire()
        raise NotConfirmedError(text, RETURNING)

    def await_working(
        self, declared: Declared, seconds: float, partner: bool, over: Callable[[], bool] = lambda: False
    ) -> list[str]:
        """Return what is still wrong after so many seconds, or was when it is ``over``; empty as soon as nothing is."""
        end = time.monotonic() + seconds
        former: list[str] = []
        while True:
            faults = self.faults(declared, partner)
            if over():
                return former
            if not faults or time.monotonic() >= end:
                return faults
            former = faults
            time.sleep(0.5)

    def faults(self, declared: Declared, partner: bool) -> list[str]:
        """Return what the kernel has otherwise than declared, and what does not work."""
        return differences(declared, self.kernel).texts or not_working(declared, self.kernel, partner)
