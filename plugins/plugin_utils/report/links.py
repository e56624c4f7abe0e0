# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of the report: both ends of each, and what its switches proved of it, found wrong, or could not see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

SEEN = {
    "lacp": "its LACP flags are all that is seen of it",
    "static": "a static bundle shows nothing of it but that its ports have a link",
    "none": "a plain port shows nothing of it but that it has a link",
}
NOT_IN_SERVICE = "it is not in service yet"


def judged(links: list[dict[str, Any]], verified: list[str], failures: list[str]) -> list[dict[str, Any]]:
    """Return the links of one host (entries of ``stack_links``), each with the texts that concern it.

    A text concerns a link when it names its bundle or one of its ports, or when it names no link at all. With neither a
    proof nor a failure (a run in check mode, say) nothing of the link was verified, and it says so.
    """
    looked = bool(verified or failures)
    return [
        {
            **link,
            "verified": _concerning(link, links, verified),
            "failures": _concerning(link, links, failures),
            "unverified": [*_unlinked(link, verified if looked else None), *_far(link)],
        }
        for link in links
    ]


def _concerning(link: dict[str, Any], links: list[dict[str, Any]], texts: Iterable[Any]) -> list[str]:
    own, of_any = _naming([link]), _naming(links)
    return [text for text in map(str, texts) if own.search(text) or not of_any.search(text)]


def _naming(links: list[dict[str, Any]]) -> re.Pattern[str]:
    """Return what matches the names of the links' bundles and ports, but not ae10 for ae1."""
    names = [name for link in links for name in [link.get("lag"), *link["ports"]] if name]
    return re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, names))})(?![\d/])")


def _unlinked(link: dict[str, Any], verified: list[str] | None) -> list[str]:
    """Tell that nobody looked, or which plain ports were seen without a link, which nothing can be concluded from."""
    if verified is None:
        return [NOT_IN_SERVICE]
    if link["bundle"] != "none":
        return []
    down = [port for port in link["ports"] if not any(text.startswith(f"{port}: ") for text in verified)]
    return [f"no link is seen on the plain port {port}" for port in down]


def _far(link: dict[str, Any]) -> list[str]:
    if link["provisioned"]:
        return []
    end = f"the far end {link['peer']} ({link['peer_kind']}) is not configured by this version"
    return [f"{end}; {SEEN[link['bundle']]}"]


def joined(parts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the links by name, each once, with what both of its ends say."""
    found: dict[str, dict[str, Any]] = {}
    for host, part in parts.items():
        for link in part["links"]:
            entry = found.setdefault(link["link"], {**link, "host": host, "seen": []})
            for kind in ("failures", "verified", "unverified"):
                entry["seen"] += [(kind, host, text) for text in link[kind]]
    return dict(sorted(found.items()))


def tags(link: dict[str, Any]) -> str:
    """Return what the link carries, in words."""
    vlans = link["vlans"]
    texts = [f"untagged {vlans['untagged']}"] if vlans.get("untagged") else []
    texts += [f"tagged {', '.join(vlans['tagged'])}"] if vlans.get("tagged") else []
    return "; ".join([*texts, f"MTU {link['mtu']}"])
