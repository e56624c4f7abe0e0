# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether bundles work, judged by the protocol's own state: LACP flags of both ends, member links, the ae itself.

A static bundle has no protocol that could tell; there only links and membership are judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen

from ..config.names import physical
from .plan import ExpectedBundle

ENDS = {"Actor": "this switch (actor)", "Partner": "the far end (partner)"}
GOOD = {
    "lacp-synchronization": ("Yes", "synchronization"),
    "lacp-collecting": ("Yes", "collecting"),
    "lacp-distributing": ("Yes", "distributing"),
    "lacp-expired": ("No", "expired"),
    "lacp-defaulted": ("No", "defaulted"),
}
"""Flag of a `lag-lacp-state` row, the value that a working member has, and its name."""


@dataclass
class Links:
    """State of the interfaces: administrative and operational, and the bundle that each port really is in."""

    up: dict[str, tuple[str, str]] = field(default_factory=dict)
    bundle: dict[str, str] = field(default_factory=dict)


def links(reply: Any) -> Links:
    """Read a `get-interface-information terse` reply."""
    found = Links()
    for item in _iter(reply, "physical-interface"):
        texts = _texts(item)
        name = texts.get("name", "")
        found.up[name] = (texts.get("admin-status", ""), texts.get("oper-status", ""))
        for family in item.iter("{*}address-family"):
            texts = _texts(family)
            if texts.get("address-family-name") == "aenet":
                found.bundle[name] = physical(texts.get("ae-bundle-name", ""))
    return found


def lacp(reply: Any) -> dict[str, dict[str, dict[str, str]]]:
    """Read a `get-lacp-interface-information` reply: port, then Actor or Partner or Protocol, then flag."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for item in _iter(reply, "lag-lacp-state"):
        row = _texts(item)
        found.setdefault(row.get("name", ""), {})[row.get("lacp-role", "")] = row
    for item in _iter(reply, "lag-lacp-protocol"):
        row = _texts(item)
        found.setdefault(row.get("name", ""), {})["Protocol"] = row
    return found


def judge(expected: Iterable[ExpectedBundle], state: Links, flags: dict[str, dict[str, dict[str, str]]]) -> list[Seen]:
    """Return what is wrong, each naming bundle, port, end and flag; empty when every bundle works."""
    return [
        Seen(text, (bundle.name,), good=False)
        for bundle in expected
        for text in (*_judge_members(bundle, state, flags), *_judge_bundle(bundle, state))
    ]


def _judge_bundle(bundle: ExpectedBundle, state: Links) -> list[str]:
    if bundle.name not in state.up:
        return [f"{bundle.name}: the switch has no such interface (chassis device-count too low?)."]
    found = []
    if state.up[bundle.name][1] != "up":
        found.append(f"{bundle.name}: the bundle is {' and '.join(_down(state.up[bundle.name]))}.")
    up = [
        port
        for port in bundle.members
        if state.up.get(port, ("", ""))[1] == "up" and state.bundle.get(port) == bundle.name
    ]
    if len(up) < bundle.minimum_links:
        found.append(f"{bundle.name}: {len(up)} of at least {bundle.minimum_links} member links are up.")
    return found


def _judge_members(bundle: ExpectedBundle, state: Links, flags: dict[str, dict[str, dict[str, str]]]) -> list[str]:
    found: list[str] = []
    for port in bundle.members:
        if port in bundle.disabled:
            continue
        head = f"{bundle.name}: {port}: "
        if port not in state.up:
            found.append(f"{head}the switch has no such port.")
        elif state.up[port][1] != "up":
            found.append(f"{head}the link is {' and '.join(_down(state.up[port]))}.")
        elif state.bundle.get(port) != bundle.name:
            found.append(f"{head}it is not in the bundle (it is in {state.bundle.get(port, 'none')}).")
        elif bundle.lacp:
            found += [head + text for text in judge_flags(flags.get(port, {}))]
    extra = [port for port, name in state.bundle.items() if name == bundle.name and port not in bundle.members]
    return found + [f"{bundle.name}: {port}: it is in the bundle and should not be." for port in extra]


def judge_flags(rows: dict[str, dict[str, str]]) -> list[str]:
    """Return what the LACP flags of one member say, the far end's silence first, because the rest follows from it."""
    actor, partner = rows.get("Actor"), rows.get("Partner")
    if actor is None or partner is None:
        return ["the switch runs no LACP on it."]
    if partner.get("lacp-defaulted") == "Yes" or actor.get("lacp-defaulted") == "Yes":
        return [_silent(actor, rows.get("Protocol", {}))]
    found: list[str] = []
    for role, row in (("Partner", partner), ("Actor", actor)):
        wrong = [f"{name} {row.get(flag) or 'missing'}" for flag, (good, name) in GOOD.items() if row.get(flag) != good]
        if wrong:
            found.append(f"{ENDS[role]} has {', '.join(wrong)}{_hint(role, row)}.")
    mux = rows.get("Protocol", {}).get("lacp-mux-state")
    if not found and mux is not None and mux.lower() != "collecting distributing":
        found.append(f"{ENDS['Actor']} has mux state {mux}.")
    return found


def _silent(actor: dict[str, str], protocol: dict[str, str]) -> str:
    """Say that no LACP frame came: the far end is static, or passive against a passive switch, or somewhere else."""
    receive = f", receive state {protocol['lacp-receive-state']}" if protocol.get("lacp-receive-state") else ""
    text = f"{ENDS['Partner']} sends no LACP frames (defaulted Yes{receive}): "
    if actor.get("lacp-activity") == "Passive":
        return text + "this switch is passive, so the far end must be active; two passive ends never begin."
    return text + "it is static, does not speak LACP, or the cable goes to another port."


def _hint(role: str, row: dict[str, str]) -> str:
    if role == "Partner" and row.get("lacp-synchronization") != "Yes":
        return " (it does not take this link into the bundle: another bundle or device than that of the other members?)"
    if row.get("lacp-expired") == "Yes":
        return " (its frames stopped coming)"
    return ""


def _down(status: tuple[str, str]) -> list[str]:
    admin, oper = status
    return (["disabled"] if admin == "down" else []) + [oper or "unknown"]


def neighbours(reply: Any) -> dict[str, str]:
    """Read a `get-lldp-neighbors-information` reply: what hangs on each port, in the words of the far end."""
    found: dict[str, str] = {}
    for item in _iter(reply, "lldp-neighbor-information"):
        texts = _texts(item)
        port = texts.get("lldp-local-port-id") or texts.get("lldp-local-interface", "")
        system = texts.get("lldp-remote-system-name") or texts.get("lldp-remote-chassis-id")
        where = texts.get("lldp-remote-port-description") or texts.get("lldp-remote-port-id")
        found[physical(port)] = " ".join(part for part in (system, where) if part)
    return found


def _iter(reply: Any, tag: str) -> Iterable[Any]:
    return reply.iter(f"{{*}}{tag}") if hasattr(reply, "iter") else ()


def _texts(item: Any) -> dict[str, str]:
    """Return the texts of an element's children by their names, in any namespace, without needless white space.

    Where a name is repeated it is the first.
    """
    return {
        child.tag.rpartition("}")[2]: " ".join((child.text or "").split())
        for child in reversed(item)
        if isinstance(child.tag, str)
    }
