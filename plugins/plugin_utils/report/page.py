# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page: each service's path and each link, drawn from what hosts reported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.netstack.datacenter.plugins.plugin_utils.report.links import NOT_VERIFIED, joined, tags

TEMPLATES = Path(__file__).parent


def render(parts: dict[str, dict[str, Any]], run: str = "", broken: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the page of a run for the parts of all hosts; equal parts give an equal page.

    `broken` has the files that are no parts, each with the reason.
    """
    links = joined(parts, run)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    newest = max((part["time"] for part in parts.values()), default="")
    page: str = environment.get_template("page.html.j2").render(
        parts=parts,
        broken=broken,
        links=links,
        tags=tags,
        services=services(parts),
        unjudged=unjudged(parts),
        newest=newest,
        verdict=verdict(parts, links, broken),
    )
    return page


def services(parts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Join what the hosts say of each service: its declaration, its addresses, the nodes that serve it."""
    joined: dict[str, dict[str, Any]] = {}
    for host, part in parts.items():
        held = {address for address, seen in part["vips"].items() if seen["local"]}
        for service in part["services"]:
            entry = joined.setdefault(service["name"], {**service, "vips": [], "nodes": {}, "probes": {}, "paths": {}})
            if service["vip"] not in entry["vips"]:
                entry["vips"].append(service["vip"])
            entry["nodes"][host] = sorted(held.intersection(entry["vips"]))
            paths = part["paths"] or {"clients": [], "backends": {}}
            entry["paths"][host] = [*paths["clients"], *paths["backends"].get(service["name"], [])]
        for probe in part["probes"]:
            joined[probe["name"]]["probes"][probe["url"]] = probe
    return joined


def unjudged(parts: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return why nothing can be said of some paths, each reason once with the hosts that it concerns."""
    found: dict[str, list[str]] = {}
    for host, part in parts.items():
        for reason in part["unjudged"]:
            found.setdefault(str(reason), []).append(host)
    return found


def verdict(
    parts: dict[str, dict[str, Any]],
    links: dict[str, dict[str, Any]],
    broken: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the one word on top: failed, incomplete (something was not verified in this run), or verified."""
    if any(part["failures"] for part in parts.values()):
        return "failed"
    if broken or any(
        part["unverified"] or any(link["unverified"] for link in part["links"]) for part in parts.values()
    ):
        return "incomplete"
    if any(end["state"] == NOT_VERIFIED for link in links.values() for end in link["ends"].values()):
        return "incomplete"
    return "verified"
