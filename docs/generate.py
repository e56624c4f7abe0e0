# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/rules.md and docs/stack.schema.json from the code; `script/goldens` writes them."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import load
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import RULES, Rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.schema import schema

DOCS = Path(__file__).parent
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


def rules_page() -> str:
    """Return docs/rules.md."""
    assert load.load, "the loader enters the rules of the reader into the catalogue"  # keeps the import
    parts = [HEAD]
    for title, rules in _by_topic().items():
        parts += [f"## {title}\n", *(_entry(rule) for rule in rules)]
    return "\n".join(parts)


def _by_topic() -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {title: [] for title in (*TOPICS.values(), IN_RUN, READING)}
    for rule in RULES.values():
        found[{"reading": READING, "run": IN_RUN}.get(rule.stage) or TOPICS[rule.topic]].append(rule)
    found[READING].sort(key=lambda rule: rule.id)  # they are entered as their modules are imported, in no certain order
    return found


def _entry(rule: Rule) -> str:
    waivable = ", waivable" if rule.waivable else ""
    lines = [f"- Breaks: {rule.breaks}", f"- Why: {rule.why}", f"- Mend: {rule.mend}"]
    return f"### {rule.id}\n\n{rule.summary} *{rule.severity.capitalize()}{waivable}.*\n\n" + "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """Return every generated file with its content."""
    return {
        DOCS / "rules.md": rules_page(),
        DOCS / "stack.schema.json": json.dumps(schema(), indent=2, sort_keys=True) + "\n",
    }
