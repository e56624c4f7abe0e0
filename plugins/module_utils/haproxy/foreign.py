# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration that this role did not write: found, named and, by default, left where it is.

Foreign are files of conf.d that the role never wrote, and a main file at first contact unless it is the package's own.
A file that the role wrote last is its own whatever a hand has made of it: that is drift, which the next run puts right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service import deployment
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import (
    RejectedError,
    decoded,
    on_disk,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.packaged import as_packaged
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, Transaction

from .host import Host
from .render import MARKER, is_ours

__all__ = ["KEEP", "REFUSE", "REMOVE", "Foreign", "find", "own", "refusal", "removal", "repeated", "require_consent"]

REFUSE, KEEP, REMOVE = "refuse", "keep", "remove"
_SECTION = re.compile(r"^(frontend|listen|backend)\s+([^\s#]+)", re.MULTILINE)
_SHOWN = 12  # sections of one file that a message names


@dataclass(frozen=True)
class Foreign:
    """What somebody else wrote: the fragments (path -> text), and the main file, "" where it is not foreign."""

    fragments: dict[str, str]
    main: str


def own(transaction: Transaction, path: str, text: str) -> bool:
    """Tell whether a file is the role's, whatever a hand has made of it."""
    return deployment.own(transaction, path, text, is_ours)


def find(host: Host, transaction: Transaction, main: str, paths: Iterable[str]) -> Foreign:
    """Return what is not the role's among the main file and the fragments at ``paths``. Reads only."""
    texts = {path: on_disk(path) for path in paths}
    fragments = {path: text for path, text in texts.items() if not own(transaction, path, text)}
    text = on_disk(main)
    mine = not text.strip() or own(transaction, main, text) or as_packaged(host.run, "haproxy", main, text)
    return Foreign(fragments, "" if mine else text)


def require_consent(found: Foreign, policy: str, main: str) -> None:
    """Stop where somebody else's configuration would be dropped without consent. Raises RejectedError."""
    said = refusal(found, policy, main)
    if said:
        raise RejectedError(said)


def refusal(found: Foreign, policy: str, main: str) -> str:
    """Return why a run stops, with the names of the files and of their sections; "" where it may go on."""
    refused = dict(found.fragments) if policy == REFUSE else {}
    if found.main and policy != REMOVE:
        refused[main] = found.main
    if not refused:
        return ""
    count = f"{len(refused)} file{'s' if len(refused) > 1 else ''} of this host"
    lines = [f"{count} that this role did not write would be changed or dropped. Nothing was changed:"]
    lines += [f"- {path} ({_sections(text)})" for path, text in sorted(refused.items())]
    return "\n".join([*lines, *_ways(found, policy, main)])


def repeated(change: Change, main: str) -> bool:
    """Tell whether all that a fragment held was in the main file too; not so of a foreign or an edited one."""
    return change.current is None or decoded(change.current).replace(f"{MARKER}\n", "", 1).strip("\n") in main


def removal(found: Foreign, policy: str, main: str) -> list[str]:
    """Return what the user is told of the files that go by consent."""
    gone = {**found.fragments, **({main: found.main} if found.main else {})} if policy == REMOVE else {}
    return [f"{path} ({_sections(text)}) goes; the restore point keeps it" for path, text in sorted(gone.items())]


def _ways(found: Foreign, policy: str, main: str) -> Sequence[str]:
    """Return how the user goes on."""
    lines = []
    if found.main:
        folder = Path(main).parent / "conf.d"
        lines.append(
            f"Declare what is still wanted of {main}, or move those sections to {folder}/NAME.cfg and say "
            "haproxy_foreign: keep; haproxy_foreign: remove replaces the file."
        )
    if found.fragments and policy == REFUSE:
        lines.append(
            "haproxy_foreign: keep renders fragments after the declared services; haproxy_foreign: remove takes "
            "them away."
        )
    return [*lines, "What is replaced or taken away is kept as a restore point, which rollback.yml puts back."]


def _sections(text: str) -> str:
    """Return the names of a configuration's proxies, as many as a message can bear."""
    names = [f"{kind} {name}" for kind, name in _SECTION.findall(text)]
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return ", ".join(names[:_SHOWN] + more) or "no frontend, listen or backend"
