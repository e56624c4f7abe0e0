# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of the report: each end of them is verified, failed or not verified, by what was seen in this run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SEEN = {
    "lacp": "its LACP flags are all that is seen of it",
    "static": "a static bundle shows nothing of it but that its ports have a link",
    "none": "a plain port shows nothing of it but that it has a link",
}
NOBODY_LOOKED = "nobody looked at it in this run"
VERIFIED, FAILED, NOT_VERIFIED = "verified", "failed", "not verified"
_BY_ROLE = {"linux": "; its end is changed and verified by the role linux_bond, which no playbook runs"}
STATES = (FAILED, VERIFIED, NOT_VERIFIED)
"""Of an end. Where two hosts speak for one, such as a vCenter and its host, the state counts that stands first."""


def judged(
    links: list[dict[str, Any]], seen: list[Mapping[str, Any]], failures: list[str], host: str
) -> list[dict[str, Any]]:
    """Return the links (entries of ``stack_links``), each with what was seen of this end of it.

    Args:
        links: of the host, or of the hosts of a vCenter
        seen: what a verification looked at (``seen`` of its result), which says itself what it is about
        failures: texts, which concern every link where nothing was seen: there was no look at all
        host: the inventory host that looked

    """
    return [_judged(link, seen, [] if seen else [str(text) for text in failures], host) for link in links]


def _judged(link: dict[str, Any], seen: Iterable[Mapping[str, Any]], failures: list[str], host: str) -> dict[str, Any]:
    names = {link.get("lag"), *link["ports"]}
    own = [each for each in seen if each.get("host") in (None, "", link.get("host"))]
    own = [each for each in own if not each["objects"] or names & set(each["objects"])]
    verified = [str(each["text"]) for each in own if each["good"]]
    wrong = [*failures, *(str(each["text"]) for each in own if not each["good"])]
    unverified = _unlinked(link, own) if own or wrong else [NOBODY_LOOKED]
    state = FAILED if wrong else NOT_VERIFIED if unverified else VERIFIED
    end = {"host": link.get("host") or host, "state": state, "by": host if own or wrong else "", "why": unverified}
    seen_of = {"verified": verified, "failures": wrong, "unverified": [*unverified, *_far(link)], "end": end}
    return {"address_pairs": [], **link, **seen_of}


def _unlinked(link: Mapping[str, Any], own: list[Mapping[str, Any]]) -> list[str]:
    """Return which plain ports were seen without a link, which nothing can be concluded from."""
    if link["bundle"] != "none" or link.get("lag"):
        return []
    up = {name for each in own if each["good"] for name in each["objects"]}
    return [f"no link is seen on the plain port {port}" for port in link["ports"] if port not in up]


def _far(link: Mapping[str, Any]) -> list[str]:
    if link["provisioned"]:
        return []
    end = f"the far end {link['peer']} ({link['peer_kind']}) is not configured by this version"
    return [f"{end}; {SEEN[link['bundle']]}"]


def joined(parts: dict[str, dict[str, Any]], run: str) -> dict[str, dict[str, Any]]:
    """Return the links by name, each once, with what both of its ends say, and the state of each end in this run."""
    found: dict[str, dict[str, Any]] = {}
    for host, part in parts.items():
        for link in part["links"]:
            entry = found.setdefault(link["link"], {**link, "host": link["end"]["host"], "seen": [], "ends": {}})
            for kind in ("failures", "verified", "unverified"):
                entry["seen"] += [(kind, host, text) for text in link[kind]]
            _add(entry["ends"], _in_run(link["end"], part, run))
    for entry in found.values():
        for name in (entry["host"], entry["peer"]):
            if name not in entry["ends"]:
                entry["ends"][name] = _unseen(entry, name)
    return dict(sorted(found.items()))


def _in_run(end: dict[str, Any], part: Mapping[str, Any], run: str) -> dict[str, Any]:
    """Return an end as this run knows it: what another run saw is no verification of this one."""
    if part["run"] == run:
        return end
    why = f"{NOBODY_LOOKED}; run {part['run']} of {part['time']}: {end['state']}"
    return {**end, "state": NOT_VERIFIED, "by": "", "why": [why]}


def _add(ends: dict[str, dict[str, Any]], end: dict[str, Any]) -> None:
    held = ends.get(end["host"])
    if held is None or STATES.index(end["state"]) < STATES.index(held["state"]):
        ends[end["host"]] = {key: end[key] for key in ("state", "by", "why")}


def _unseen(link: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the state of an end of which no part of the report tells."""
    why = _far(link) or [f"{NOBODY_LOOKED}{_BY_ROLE.get(link['peer_kind'], '')}"]
    return {"state": NOT_VERIFIED, "by": "", "why": why if name == link["peer"] else [NOBODY_LOOKED]}


def tags(link: dict[str, Any]) -> str:
    """Return what the link carries, in words."""
    vlans = link["vlans"]
    texts = [f"untagged {vlans['untagged']}"] if vlans.get("untagged") else []
    texts += [f"tagged {', '.join(vlans['tagged'])}"] if vlans.get("tagged") else []
    return "; ".join([*texts, f"MTU {link['mtu']}"])
