# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run can do without the devices that do not answer, as far as that is certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set


def without(away: Set[str], pending: Set[str], related: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the hosts that have to stay out of a run together with those that do not answer.

    A host whose plan holds a change stays out when it shares a link, a pair or a vCenter with one that stays out: its
    change may need the other. One with nothing to do changes nothing, so it is no reason for its own neighbours.
    """
    out = set(away)
    while more := {host for host in pending - out if not out.isdisjoint(related.get(host, ()))}:
        out |= more
    return out


def advice(limit: str, away: Set[str], pending: Set[str], related: Mapping[str, Iterable[str]]) -> str:
    """Return how to go on without the devices that do not answer; `limit` is that of this run."""
    out = without(away, pending, related)
    if not pending - away:
        return "Nothing else of this run is to be changed."
    left = sorted(pending - out)
    if not left:
        return (
            "Nothing of this run can be changed without them: it shares a link, a pair or a vCenter with one of them."
        )
    between = "," if "," in limit else ":"
    pattern = between.join([limit or "all", *(f"!{host}" for host in sorted(out))])
    return f"Without them and what shares links with them, --limit '{pattern}' goes on; it changes {', '.join(left)}."


def alone(
    away: Set[str], pending: Set[str], related: Mapping[str, Iterable[str]], pairs: Mapping[str, Iterable[str]]
) -> str:
    """Return how a load balancer goes on whose peer does not answer; nothing where there is none.

    It may be changed although nobody takes its VIPs, but only where the user says so. `pairs` has the peers of each.
    """
    apart = {host: set(others) - set(pairs.get(host, ())) for host, others in related.items()}
    left = pending - without(away, pending, apart)
    nodes = sorted(node for node in left if not away.isdisjoint(pairs.get(node, ())))
    if not nodes:
        return ""
    who = ", ".join(nodes)
    return (
        f" By consent {who} goes on: --limit '{','.join(nodes)}' -e stack_change_holder=true changes {who} "
        "in place, though no peer takes its VIPs over now. A reload cuts no client; a restart, which this allows where "
        "one is needed, does."
    )


def login_advice(refused: Sequence[str]) -> str:
    """Return what to do about devices that answer and refuse the login; nothing where there are none.

    Nobody is told how to go on without them: that is for a device that is away, and these only want another password.
    """
    if not refused:
        return ""
    who = ", ".join(refused)
    one = len(refused) == 1
    verbs = ("answers, and refuses", "it is") if one else ("answer, and refuse", "they are")
    return (
        f"{who} {verbs[0]} the login, so {verbs[1]} not away: mend ansible_user, ansible_password or the key, "
        "and run again."
    )
