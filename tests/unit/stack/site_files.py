# SPDX-License-Identifier: GPL-3.0-or-later
"""The small sites that are right but for one thing, and what a user reads about each."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def sites(kind: str) -> list[Path]:
    """Return the small sites of one kind: `wrong` ones are refused, `warned` ones are not."""
    return sorted((HERE / kind).glob("*.yml"))


def messages(site: Path, loaded: Loaded) -> str:
    """Return what a user reads about the site, one line for each finding."""
    found = loaded.errors if site.parent.name == "wrong" else loaded.findings
    return "".join(f"{finding}\n" for finding in found)
