# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/rules.md, docs/kinds.md and docs/stack.schema.json from the code; `script/goldens` writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Impossible, Kind
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import kinds
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import load, rules
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import RULES, Rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.schema import schema

DOCS = Path(__file__).parent
# The order and the titles of the page; a topic that is not here has those of its first line, after these.
TOPICS = {
    "vlans": "VLANs",
    "devices": "Devices",
    "junos_ex": "Juniper EX",
    "links": "Links",
    "link_ports": "Ports and LAGs of links",
    "link_bundles": "Bundles",
    "link_vlans": "VLANs of links",
    "esxi_vss": "Links of ESXi hosts",
    "linux": "Links of Linux hosts",
    "ontap": "Links of filers with ONTAP 9",
    "hashing": "Hashes of bundles",
    "paths": "Paths",
    "pairs": "Load-balancer pairs",
    "peers": "Peers of a pair",
    "vips": "Virtual addresses",
    "services": "Services",
    "offload": "TLS at Pound",
    "backends": "Backends",
    "health": "Health checks",
    "sticking": "Stick tables of several services",
    "protocols": "Protocols of clients and servers",
    "certificates": "Certificates",
    "raw": "Free text",
}
READING = "Reading the files"
IN_RUN = "At the devices"
HEAD = """# Rules of the declared site

Generated from the docstrings in `plugins/plugin_utils/stack` and `plugins/plugin_utils/kinds`; do not edit.

Every rule but those under "At the devices" is checked before any device is contacted, and all findings are shown at
once. An **error** refuses the site. A **warning** is shown by `netstack.datacenter.stack_preflight` and refuses
nothing. A **note** is no fault and stands in the report. A *waivable* rule is switched off for one object by
`waive: {RULE: reason}` in that object; the reason is required, and stands in every report.
"""

KINDS_HEAD = """# Kinds of devices

Generated from `plugins/plugin_utils/kinds`; do not edit. [How a kind is added](dev/kind.md).
"""
ENDS = {"always": "always", "asked": "where the host has `provision_links`", "never": "no"}
BUNDLES = ("lacp", "static", "none")


def rules_page() -> str:
    """Return docs/rules.md."""
    assert load.load, "the loader enters the rules of the reader into the catalogue"  # keeps the import
    parts = [HEAD]
    for title, entries in _by_topic().items():
        parts += [f"## {title}\n", *map(_entry, entries)]
    return "\n".join(parts)


def _by_topic() -> dict[str, list[Rule]]:
    names = {module.__name__.removesuffix(".rules").rsplit(".", 1)[-1]: module.__doc__ or "" for module in rules.TOPICS}
    titles = {topic: _title(docstring) for topic, docstring in names.items()} | TOPICS
    ordered = dict.fromkeys((*TOPICS.values(), *titles.values(), IN_RUN, READING))
    found: dict[str, list[Rule]] = {title: [] for title in ordered}
    for rule in RULES.values():
        found[{"reading": READING, "run": IN_RUN}.get(rule.stage) or titles[rule.topic]].append(rule)
    found[READING].sort(key=lambda rule: rule.id)  # they are entered as their modules are imported, in no certain order
    return found


def _title(docstring: str) -> str:
    first = docstring.strip().split("\n")[0].removeprefix("Rules on ").removesuffix(".")
    return first[:1].upper() + first[1:]


def _entry(rule: Rule) -> str:
    waivable = ", waivable" if rule.waivable else ""
    lines = [f"- Breaks: {rule.breaks}", f"- Why: {rule.why}", f"- Mend: {rule.mend}"]
    return f"### {rule.id}\n\n{rule.summary} *{rule.severity.capitalize()}{waivable}.*\n\n" + "\n".join(lines) + "\n"


def kinds_page() -> str:
    """Return docs/kinds.md: what each kind can be, what each bundle means at its end, what it calls LAGs and ports."""
    tables = (
        _table("What they can be", ("", "switch of a link", "gateway", "ends configured", "by role", "order"), _uses),
        _table("What a bundle means at each end", ("`lacp`", "`static`", "`none`"), _bundles),
        _table("What LAGs and ports are called", ("LAG", "such as", "needed with", "port", "such as"), _names),
    )
    return "\n".join((KINDS_HEAD, *tables))


def _table(title: str, heads: tuple[str, ...], cells: Callable[[Kind], Iterable[str]]) -> str:
    lines = [("kind", *heads), ("---",) * (len(heads) + 1), *((f"`{each.name}`", *cells(each)) for each in kinds())]
    return f"## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _uses(kind: Kind) -> Iterator[str]:
    yield from (kind.title, "yes" if kind.switch else "", "yes" if kind.routes else "", ENDS[kind.provisions])
    yield from (f"`{kind.role}`", str(kind.order)) if kind.role else ("", "")


def _bundles(kind: Kind) -> Iterator[str]:
    for half in (kind.pairing[bundle] for bundle in BUNDLES):
        if isinstance(half, Impossible):
            yield f"impossible: {half.why}; {half.mend}"
        else:
            yield ", ".join(f"{name} `{value}`" for name, value in half.items())


def _names(kind: Kind) -> Iterator[str]:
    names = kind.names
    yield from (_pattern(names.lag), names.lag_example, ", ".join(names.needs_lag))
    yield from (_pattern(names.port), names.port_example)


def _pattern(pattern: re.Pattern[str]) -> str:
    return f"`{pattern.pattern}`".replace("|", "\\|")


def pages() -> dict[Path, str]:
    """Return every generated file with its content."""
    return {
        DOCS / "kinds.md": kinds_page(),
        DOCS / "rules.md": rules_page(),
        DOCS / "stack.schema.json": json.dumps(schema(), indent=2, sort_keys=True) + "\n",
    }
