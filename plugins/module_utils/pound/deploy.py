# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The transaction: what a host needs so that its Pound becomes as declared, and doing it or taking it back."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import (
    FOUND,
    Outcome,
    RejectedError,
    Steps,
    carry_out,
    decoded,
    first_contact,
    listed,
    missing,
    on_disk,
    original,
    own,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import (
    GIVEN_BACK,
    File,
    Transaction,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check

from . import host as system
from .host import MAIN, UNIT, Host
from .package import unusable
from .render import MARKER, bound_in, certificates_of, is_ours, render
from .schema import CONFIGURATION
from .semantics import faults
from .service import FAILURES, Service

__all__ = ["SYSCTL", "Deployment", "Wishes", "wishes_from"]

SYSCTL = "/etc/sysctl.d/60-netstack-pound.conf"
_ALLOW = "allow foreign addresses"


@dataclass(frozen=True)
class Wishes:
    """What the user declared."""

    configuration: Mapping[str, Any]
    awaited_files: Sequence[str] = ()
    renewed_files: Sequence[str] = ()
    allow_restart: bool = False

    @property
    def families(self) -> list[int]:
        """The families of the addresses that this host need not have."""
        listeners = self.configuration["listeners"].values()
        return sorted({_family(listener["address"]) for listener in listeners if listener["transparent"]})


class Deployment:
    """Pound of this host, from declaration to service.

    Args:
        host: the programs of this host.
        transaction: where what is replaced is kept.
        predict: only tell what would be done (check mode).
        package_file: the package that will be installed where Pound is not yet.
    """

    def __init__(self, host: Host, transaction: Transaction, predict: bool, package_file: str = "") -> None:
        self.host = host
        self.transaction = transaction
        self.predict = predict
        self.service = Service(host)
        self.release = host.release(package_file)

    def checked(self) -> Outcome:
        """Refuse a host that has no Pound that can be used, nor a way to one. Raises RejectedError."""
        why = unusable(self.release, self.host.has_lists())
        if why:
            raise RejectedError(f"{why} Nothing was changed.")
        return Outcome()

    def present(self, wishes: Wishes) -> Outcome:
        """Bring the declared configuration into service. Raises RejectedError; then what was there before still is."""
        self.checked()
        if not self.host.program and not self.predict:
            raise RejectedError("Pound is not installed on this host; the role's install tasks do that")
        outcome = Outcome(note={} if self._own(MAIN) else first_contact(self.host))
        text = self._text(wishes)
        self._validate(text, wishes, outcome)
        outcome.changes = self.transaction.plan([File(MAIN, text.encode()), *_sysctl(wishes.families)])
        outcome.actions = self._allow(wishes.families) + self._actions(outcome, text)
        self._guard(text, wishes.allow_restart, outcome)
        self._carry_out(outcome, text)
        return outcome

    def restored(self, allow_restart: bool = False) -> Outcome:
        """Put the newest saved state (of the run, when one is given) back into service. Raises RejectedError."""
        generation = self.transaction.newest(self.transaction.run_id)
        outcome = Outcome(notes=[] if generation else ["nothing was saved that could be put back"])
        if generation is None:
            return outcome
        files = self.transaction.saved(generation)
        text = next((decoded(file) for file in files if file.path == MAIN), on_disk(MAIN))
        serves = bool(text) and not self.host.is_sample(text)
        if serves and self.host.program:
            self._judge(text, f"what generation {generation} holds is refused by Pound")
        outcome.changes, outcome.restores = self.transaction.plan(files), generation
        # Also where the files are back already: a rollback that was killed before its restart is finished here.
        outcome.actions = self._actions(outcome, text) if serves else self._ending()
        self._guard(text, allow_restart, outcome)
        self._carry_out(outcome, text if serves else "")
        return outcome

    def absent(self, allow_restart: bool = False) -> Outcome:
        """Remove what the role made and put back what it had replaced; a Pound that ran before goes on with that."""
        outcome = Outcome(note={GIVEN_BACK: True})
        mine = [path for path in (MAIN, SYSCTL) if self._own(path)]
        if mine:
            files = [original(self.transaction, File(path, None), is_ours) for path in mine]
            text = self._served_before(next((decoded(file) for file in files if file.path == MAIN), ""), outcome)
            outcome.changes = self.transaction.plan(files)
            outcome.actions = ["restart"] if text else self._ending()
            self._guard(text, allow_restart, outcome)
            self._carry_out(outcome, text)
            outcome.in_effect = False
        return outcome

    def _own(self, path: str) -> bool:
        """Tell whether a file is the role's, whatever a hand has made of it."""
        return own(self.transaction, path, on_disk(path), is_ours)

    def _served_before(self, text: str, outcome: Outcome) -> str:
        """Return the former configuration where Pound ran when the role came, runs now, and takes it; else ""."""
        ran = (self.transaction.noted(FOUND) or {}).get("active") and self.host.runs(self.host.unit())
        if not ran or not text or self.host.is_sample(text):
            return ""
        complaint = self.host.complaint(text)
        if complaint:
            outcome.notes.append(f"Pound stops, for it refuses the {MAIN} that was there before: {complaint}")
        return "" if complaint else text

    def _text(self, wishes: Wishes) -> str:
        """Check the declaration and render it. Raises RejectedError with all faults at once."""
        found = faults(wishes.configuration)
        if found:
            raise RejectedError(listed(found))
        renewed = wishes.renewed_files if self.predict else ()
        return render(wishes.configuration, system.fingerprints(certificates_of(wishes.configuration), renewed))

    def _validate(self, text: str, wishes: Wishes, outcome: Outcome) -> None:
        if not self.host.program:
            outcome.notes.append("Pound is not installed yet, so the configuration was rendered but not validated")
            return
        stand_ins = missing(wishes.awaited_files) if self.predict else []
        self._judge(text, f"Pound {self.release.version} refuses the configuration, nothing was changed", stand_ins)
        outcome.validated = True

    def _judge(self, text: str, reason: str, stand_ins: Sequence[str] = ()) -> None:
        complaint = self.host.complaint(text, stand_ins)
        if complaint:
            raise RejectedError(f"{reason}: {complaint}")

    def _allow(self, families: Sequence[int]) -> list[str]:
        """Return what the kernel must be told so that Pound may bind a VIP that the other node holds.

        Pound has nothing like HAProxy's ``transparent``. Raises RejectedError where the kernel may not be told.
        """
        closed = [family for family in families if not system.foreign_allowed(family)]
        for family in closed:
            if not system.may_allow_foreign(family):
                raise RejectedError(
                    f"Pound can bind a VIP on the node that does not hold it only with net.ipv{family}."
                    "ip_nonlocal_bind=1, and the kernel's settings are read-only here (a container?); set it where "
                    "this host is started. Nothing was changed."
                )
        return [f"{_ALLOW} (IPv{family})" for family in closed]

    def _actions(self, outcome: Outcome, text: str) -> list[str]:
        """Return what the service needs, compared with what runs: the next run finishes an interrupted one."""
        unit = self.host.unit()
        actions = [] if unit.get("UnitFileState") == "enabled" else ["enable"]  # its package does not enable it
        if not self.host.runs(unit):
            return [*actions, "start"]
        doubt = self.service.doubt(text)
        if not doubt or any(change.wanted.path == MAIN for change in outcome.changes):
            return [*actions, "restart"] if doubt else actions
        return [*actions, outcome.due("restart", doubt)]

    def _ending(self) -> list[str]:
        """Return what takes the service out of use."""
        unit = self.host.unit()
        actions = ["stop"] if unit.get("ActiveState") not in ("inactive", "failed", None) else []
        return [*actions, "disable"] if unit.get("UnitFileState") == "enabled" else actions

    def _guard(self, text: str, allow_restart: bool, outcome: Outcome) -> None:
        """Refuse to cut clients by a restart, or an end, at an address that this host holds. Raises RejectedError."""
        held = self._held(f"{on_disk(MAIN)}\n{text}")
        if not {"restart", "stop"} & set(outcome.actions) or allow_restart or not held:
            return
        why = (
            f"Pound cannot reload, and a restart would cut its clients: this node holds {', '.join(held)}. Move the "
            "address to the other node first (netstack.datacenter.vip_move, as netstack.datacenter.site does), or set "
            "pound_allow_restart"
        )
        if not self.predict:
            raise RejectedError(f"{why}. Nothing was changed.")
        outcome.notes.append(f"{why}; a run refuses it as long as that is so")

    def _held(self, text: str) -> list[str]:
        """Return the addresses at which others reach this Pound now."""
        own = self.host.addresses()
        wanted = {address for address, _port in bound_in(text)}
        return sorted(own if "" in wanted else own & wanted)

    def _carry_out(self, outcome: Outcome, text: str) -> None:
        """Do what the outcome says. Raises RejectedError after everything has been put back."""
        if self.predict:
            outcome.in_effect = not outcome.changed
            return
        before = on_disk(MAIN)
        steps = Steps(
            "Pound",
            settle=lambda: None,
            act=lambda action: self._act(action, text),
            recover=lambda: self._recover(before, outcome.actions),
            failures=FAILURES,
        )
        carry_out(self.transaction, outcome, steps)
        outcome.in_effect = bool(text)

    def _act(self, action: str, text: str) -> None:
        if action.startswith(_ALLOW):
            system.allow_foreign(int(action[-2]))
        elif action in ("start", "restart"):
            self.service.start(text)
        else:
            self.host.systemctl(action, UNIT)

    def _recover(self, before: str, actions: Sequence[str]) -> None:
        """Make the old configuration serve again where a restart or an end had been tried."""
        if "restart" in actions or "stop" in actions:
            self.service.start(before)


def wishes_from(parameters: Mapping[str, Any]) -> Wishes:
    """Return the clean declaration in a module's parameters. Raises RejectedError with all faults at once."""
    given = {key: parameters.get(key) or None for key in CONFIGURATION["options"]}
    configuration, found = check(CONFIGURATION, given, "pound")
    if found:
        raise RejectedError(listed([fault.replace("pound.", "", 1) for fault in found]))
    rest = {key: parameters[key] for key in ("awaited_files", "renewed_files", "allow_restart")}
    return Wishes(configuration, **rest)


def _family(address: str) -> int:
    try:
        return ipaddress.ip_address(address).version
    except ValueError:  # a name or *
        return 4


def _sysctl(families: Sequence[int]) -> list[File]:
    """Return the file that keeps the kernel's permission over a boot; somebody else's is left alone."""
    lines = [f"net.ipv{family}.ip_nonlocal_bind = 1\n" for family in families]
    if lines:
        return [File(SYSCTL, "".join([f"{MARKER}\n", *lines]).encode())]
    return [File(SYSCTL, None)] if is_ours(on_disk(SYSCTL)) else []
