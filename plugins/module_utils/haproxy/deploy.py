# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The transaction: what a host needs to become as declared, and doing it or taking it back."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import (
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
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.stand_in import PEM
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import (
    GIVEN_BACK,
    Change,
    File,
    Transaction,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check

from . import peers
from .before import service_ending, taken_away
from .complaints import Names, located
from .foreign import KEEP, REFUSE, Foreign, find, own, removal, repeated, require_consent
from .host import MAIN, UNIT, Host
from .limits import descriptors, limit_drop_in, most_connections
from .lines import Line
from .mask import masked, masked_message
from .render import MARKER, STATE_BASE, Texts, is_ours, render
from .rsyslog import LOG_DROP_IN, log_drop_in
from .schema import CONFIGURATION, DESTINATION
from .semantics import faults
from .service import FAILURES, STATE_FILE, NotLoadedError, Service

__all__ = ["Deployment", "Outcome", "RejectedError", "Wishes", "shown"]

FRAGMENTS = "/etc/haproxy/conf.d"
LIMIT_DROP_IN = "/etc/systemd/system/haproxy.service.d/10-netstack.conf"


@dataclass(frozen=True)
class Wishes:
    """What the user declared."""

    configuration: Mapping[str, Any]
    secrets: Mapping[str, str]
    node: str
    names: Names = field(default_factory=dict)
    awaited_files: Sequence[str] = ()
    rsyslog: Mapping[str, Any] | None = None
    fatal_warnings: bool = True
    allow_restart: bool = False
    foreign: str = REFUSE
    issued: Sequence[peers.Issued] = ()


def shown(outcome: Outcome) -> list[dict[str, str]]:
    """Return the differences; what of a fragment differs in the main file in the same way is shown once."""
    main = next((change.current for change in outcome.changes if change.wanted.path == MAIN), None)
    known = decoded(main) if main else ""
    fragments = [change for change in outcome.changes if main and change.wanted.path.startswith(FRAGMENTS)]
    return outcome.diff([change for change in fragments if repeated(change, known)], _masked)


def _masked(text: str) -> str:
    """Return a file as a diff may show it."""
    return masked(peers.without_keys(text))


class Deployment:
    """HAProxy of this host, from declaration to service.

    Args:
        host: the programs of this host.
        transaction: where what is replaced is kept.
        predict: only tell what would be done (check mode).
    """

    def __init__(self, host: Host, transaction: Transaction, predict: bool) -> None:
        self.host = host
        self.transaction = transaction
        self.predict = predict
        self.lines: Sequence[Line] = ()
        self.names: Names = {}
        self.apart: list[str] = []  # what is told of groups of peers that this change cuts off from each other
        self.version, self.dialect = host.version()
        self.service = Service(host, self.dialect)

    def present(self, wishes: Wishes) -> Outcome:
        """Bring the declared configuration into service. Raises RejectedError; then what was there before still is."""
        if not self.host.program and not self.predict:
            raise RejectedError("haproxy is not installed on this host; the role's install tasks do that")
        found = find(self.host, self.transaction, MAIN, _fragments())
        texts = self._texts(wishes, found)
        known = own(self.transaction, MAIN, on_disk(MAIN))
        outcome = Outcome(note={} if known else first_contact(self.host))
        self.lines, self.names = texts.lines, wishes.names
        shared = peers.files(wishes.configuration["peers"], wishes.node, wishes.issued, MARKER)
        self._validate(texts, wishes, outcome, shared)
        needed = descriptors(most_connections(wishes.configuration), texts.main)
        kept = found.fragments if wishes.foreign == KEEP else {}
        files = _of_peers(shared) + self._files(texts, wishes, needed, kept)
        self.apart = peers.apart(on_disk(MAIN), wishes.configuration["peers"], shared)
        outcome.notes += self.apart
        outcome.notes += removal(found, wishes.foreign, MAIN)
        outcome.changes = self.transaction.plan(files)
        self._validate_log(outcome.changes)
        outcome.actions = self._actions(outcome, texts.main, needed, wishes.allow_restart)
        self._carry_out(outcome, texts.main, needed)
        return outcome

    def restored(self) -> Outcome:
        """Put the newest saved state (of the run, when one is given) back into service. Raises RejectedError."""
        generation = self.transaction.newest(self.transaction.run_id)
        outcome = Outcome(notes=[] if generation else ["nothing was saved that could be put back"])
        if generation is None:
            return outcome
        files = self.transaction.saved(generation)
        text = next((decoded(file) for file in files if file.path == MAIN), on_disk(MAIN))
        if text and self.host.program:
            complaint = self.host.complaint(text, fatal_warnings=False, stand_ins=_staged(files))
            if complaint:
                raise RejectedError(f"what generation {generation} holds is refused by HAProxy: {complaint}")
        outcome.changes, outcome.restores = self.transaction.plan(files), generation
        # Also where the files are back already: a rollback that was killed before it loaded them is finished here.
        outcome.actions = self._actions(outcome, text, 0, False)
        self._carry_out(outcome, text, 0)
        return outcome

    def checked(self, policy: str) -> Outcome:
        """Refuse a host with somebody else's configuration that the policy does not cover. Raises RejectedError."""
        require_consent(find(self.host, self.transaction, MAIN, _fragments()), policy, MAIN)
        return Outcome()

    def absent(self) -> Outcome:
        """Remove what the role made and put back what it had replaced; a service that ran before goes on with that."""
        outcome = Outcome(note={GIVEN_BACK: True})
        paths = [MAIN, *_fragments(), LIMIT_DROP_IN, LOG_DROP_IN, *peers.on_host()]
        mine = [path for path in paths if own(self.transaction, path, on_disk(path))]
        if not mine:
            return outcome
        mine += taken_away(self.transaction, FRAGMENTS)
        files = [original(self.transaction, _absent(path), is_ours) for path in mine]
        outcome.changes = self.transaction.plan(files)
        text = next((decoded(file) for file in files if file.path == MAIN), "")
        outcome.actions = service_ending(self.host, self.transaction, text, outcome.notes)
        if not self.predict:
            self._give_back(outcome, text)
        return outcome

    def _give_back(self, outcome: Outcome, text: str) -> None:
        """Carry an absence out. Raises RejectedError where HAProxy does not load what was there before."""
        if "reload" in outcome.actions:
            self._carry_out(outcome, text, 0)
            outcome.in_effect = False
        else:
            for action in outcome.actions:
                self.host.systemctl(action, UNIT)
            outcome.backup = self.transaction.apply(outcome.changes, note=outcome.note)
            self._after_files(outcome.changes)
        _remove_folders()

    def _texts(self, wishes: Wishes, found: Foreign) -> Texts:
        """Check the declaration and render it. Raises RejectedError with all faults at once."""
        wrong = faults(wishes.configuration, wishes.secrets, wishes.node, self.dialect)
        if wrong:
            raise RejectedError(listed(wrong))
        require_consent(found, wishes.foreign, MAIN)
        kept = found.fragments if wishes.foreign == KEEP else {}
        foreign = {Path(path).name: text for path, text in kept.items()}
        taken = [name for name in wishes.configuration["services"] if f"{name}.cfg" in foreign]
        if taken:
            raise RejectedError(listed([_collision(name) for name in taken]))
        return render(wishes.configuration, wishes.secrets, wishes.node, self.dialect, foreign)

    def _validate(self, texts: Texts, wishes: Wishes, outcome: Outcome, shared: Sequence[File]) -> None:
        if not self.host.program:
            outcome.notes.append("haproxy is not installed yet, so the configuration was rendered but not validated")
            return
        misread = self.host.misread()
        if misread:
            raise RejectedError(f"nothing was changed, for {misread}")
        stand_ins = {**dict.fromkeys(missing(wishes.awaited_files) if self.predict else [], PEM), **_staged(shared)}
        complaint = self.host.complaint(texts.main, wishes.fatal_warnings, stand_ins, texts.lines, wishes.names)
        if complaint:
            raise RejectedError(f"HAProxy {self.version} refuses the configuration, nothing was changed: {complaint}")
        outcome.validated = True

    def _validate_log(self, changes: Sequence[Change]) -> None:
        """Let rsyslogd judge the drop-in. Raises RejectedError."""
        for change in changes:
            complaint = self.host.rsyslog_complaint(decoded(change.wanted)) if change.wanted.path == LOG_DROP_IN else ""
            if complaint:
                raise RejectedError(f"rsyslogd refuses the destination of the log, nothing was changed: {complaint}")

    def _files(self, texts: Texts, wishes: Wishes, needed: int, kept: Mapping[str, str]) -> list[File]:
        """Return all files of the role, those to be removed included."""
        wanted = {f"{FRAGMENTS}/{name}.cfg": text for name, text in texts.fragments.items()}
        files = [_secret(path, text) for path, text in wanted.items()]
        files += [File(path, None, secret=True) for path in _fragments() if path not in {**wanted, **kept}]
        files.append(_secret(MAIN, texts.main))
        drop_in = limit_drop_in(needed) if needed > self.host.default_descriptors() else ""
        files += _optional(LIMIT_DROP_IN, drop_in) + _optional(LOG_DROP_IN, log_drop_in(wishes.rsyslog))
        return files

    def _actions(self, outcome: Outcome, text: str, needed: int, allow_restart: bool) -> list[str]:
        """Return what the service needs, compared with what runs: the next run finishes an interrupted one."""
        unit = self.host.unit()
        actions = [] if self.host.settled(unit) else ["enable"]
        if not self.host.runs(unit):
            return [*actions, "start"] if text else []
        limit = self.host.hard_limit(self.host.pid(unit))
        if limit is not None and needed > limit:
            return [*actions, self._more_descriptors(needed, limit, allow_restart)]
        if any(change.wanted.path == MAIN for change in outcome.changes):
            return [*actions, "reload"]  # what it replaces may be what runs, whatever digest that has
        renewed = [change.wanted.path for change in outcome.changes if change.wanted.path in text.split()]
        if renewed:
            return [*actions, outcome.due("reload", f"{', '.join(renewed)} is replaced")]
        doubt = self.service.doubt(text)
        return [*actions, outcome.due("reload", doubt)] if doubt else actions

    def _more_descriptors(self, needed: int, limit: int, allow_restart: bool) -> str:
        """Return how the running master gets a higher limit. Raises RejectedError where only a restart would do."""
        if self.host.may_raise_limits():
            return "raise limit and reload"
        if allow_restart:
            return "restart"
        raise RejectedError(
            f"maxconn needs {needed} file descriptors and the running HAProxy may open {limit}; only a restart raises "
            "that, which cuts all connections. Lower maxconn, or set haproxy_allow_restart while this node holds no VIP"
        )

    def _carry_out(self, outcome: Outcome, text: str, needed: int) -> None:
        """Do what the outcome says. Raises RejectedError after everything has been put back."""
        if self.predict:
            outcome.in_effect = not outcome.changed
            return
        before = on_disk(MAIN)
        steps = Steps(
            "HAProxy",
            settle=lambda: self._after_files(outcome.changes),
            act=lambda action: self._tell(action, before, text, needed),
            recover=lambda: self._recover(text, before),
            failures=FAILURES,
            mask=masked_message,
        )
        carry_out(self.transaction, outcome, steps)
        outcome.in_effect = bool(text)

    def _tell(self, action: str, before: str, text: str, needed: int) -> None:
        """Do an action; what HAProxy says against a line of the new configuration gets the object that made it."""
        try:
            self._act(action, before, text, needed)
        except NotLoadedError as error:
            raise NotLoadedError(located(str(error), MAIN, self.lines, self.names)) from error

    def _act(self, action: str, before: str, text: str, needed: int) -> None:
        if action in ("enable", "disable"):
            self.host.systemctl(action, UNIT)
        elif action == "start":
            self.service.start(text)
        elif action == "restart":
            self.service.restart(text)
        else:
            if action != "reload":
                self.service.raise_limit(self.host.pid(self.host.unit()), needed)
            self.service.reload(before, text)

    def _after_files(self, changes: Sequence[Change]) -> None:
        """Let systemd and rsyslog read the files that are theirs."""
        paths = {change.wanted.path for change in changes}
        if LIMIT_DROP_IN in paths:
            self.host.systemctl("daemon-reload")
        if LOG_DROP_IN in paths:
            self.host.systemctl("try-restart", "rsyslog.service")

    def _recover(self, text: str, before: str) -> None:
        """Make the old configuration serve again; mostly it never stopped, but the master must forget the failure."""
        if self.host.runs(self.host.unit()):
            self.service.reload(text, before)
        else:
            self.service.start(before)


def wishes_from(parameters: Mapping[str, Any]) -> Wishes:
    """Return the clean declaration in a module's parameters. Raises RejectedError with all faults at once."""
    keys = CONFIGURATION["options"]
    given = {key: parameters.get(key) or None for key in keys}  # an empty statistics page is none
    configuration, found = check(CONFIGURATION, given, "haproxy")
    if found:
        raise RejectedError(listed([fault.replace("haproxy.", "", 1) for fault in found]))
    secrets = {str(name): str(value) for name, value in (parameters["secrets"] or {}).items()}
    rest = {key: parameters[key] for key in ("awaited_files", "fatal_warnings", "allow_restart", "foreign")}
    rest["issued"] = [peers.Issued(**each) for each in parameters.get("issued") or ()]
    rest["rsyslog"] = _destination(parameters["rsyslog"])
    return Wishes(configuration, secrets, parameters["node"], parameters.get("declared_as") or {}, **rest)


def _destination(rsyslog: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return where the log goes, None where rsyslog is to be left alone. Raises RejectedError."""
    if not rsyslog or not (rsyslog["file"] or rsyslog["address"]):
        return None
    clean, found = check(DESTINATION, dict(rsyslog), "rsyslog")
    if "*" in (clean["address"] or ""):
        found.append("rsyslog.address: must be one host, not *")
    if found:
        raise RejectedError(listed(found))
    return {**rsyslog, **clean}


def _collision(name: str) -> str:
    path = f"{FRAGMENTS}/{name}.cfg"
    return f"{path} was not made by this role and has the name of the service {name}: move it, or rename the service"


def _absent(path: str) -> File:
    return File(path, None, secret=path not in (LIMIT_DROP_IN, LOG_DROP_IN))


def _secret(path: str, text: str) -> File:
    return File(path, text.encode(), 0o600, secret=True)


def _optional(path: str, text: str) -> list[File]:
    """Return a file of ours that is only there when it has something to say; somebody else's is left alone."""
    if text:
        return [File(path, text.encode())]
    return [File(path, None)] if is_ours(on_disk(path)) else []


def _of_peers(shared: Sequence[File]) -> list[File]:
    """Return the files of all groups of peers, those of ours that are no longer declared to be removed."""
    wanted = [file.path for file in shared]
    stale = [path for path in peers.on_host() if path not in wanted and is_ours(on_disk(path))]
    return [*shared, *map(_absent, stale)]


def _staged(files: Sequence[File]) -> dict[str, str]:
    """Return what of the files HAProxy is to read of peers, before they are in place: path -> text."""
    return {file.path: decoded(file) for file in files if file.path.startswith(f"{peers.FOLDER}/") and file.content}


def _fragments() -> list[str]:
    """Return the fragments on disk, whoever wrote them."""
    return sorted(str(path) for path in Path(FRAGMENTS).glob("*.cfg"))


def _remove_folders() -> None:
    """Remove the folders that the role made, the state file with its own; one that holds something else stays."""
    Path(STATE_FILE).unlink(missing_ok=True)
    for folder in (STATE_BASE, FRAGMENTS, peers.FOLDER, str(Path(LIMIT_DROP_IN).parent)):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
