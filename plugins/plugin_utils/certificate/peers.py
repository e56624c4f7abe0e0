# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller adds to a node's declaration of HAProxy, and what it keeps: the CAs of its peers stay here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority, third_party
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.needed_secrets import only

__all__ = ["for_node"]


def for_node(arguments: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a module's arguments as they may reach the node. Raises UnusableError with every finding at once.

    What has a wrong type is left as it is, for the module tells of it.
    """
    secrets = arguments.get("secrets") or {}
    given = {**arguments, "issued": []}
    if not isinstance(secrets, Mapping):
        return given
    stats = arguments.get("stats")
    given["secrets"] = only(secrets, [stats.get("password_secret")] if isinstance(stats, Mapping) else [])
    if arguments.get("state", "present") == "present":
        given["issued"] = _issued(arguments, secrets, now)
    return given


def _issued(arguments: Mapping[str, Any], secrets: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    node = str(arguments.get("node", ""))
    named = _named(arguments.get("peers"), node)
    if named and third_party.MISSING:
        mend = "Or leave ca_secret away, and let only the other node reach the peers' port."
        raise UnusableError(Finding("NO_CRYPTOGRAPHY", third_party.MISSING, "It signs for the peers.", mend))
    return [_one(name, secret, node, secrets, now) for name, secret in named.items()]


def _named(groups: Any, node: str) -> dict[str, str]:
    """Return the groups that have a CA and this node -> the name of the secret; the module refuses any other node."""
    found = {str(name): peers for name, peers in (groups.items() if isinstance(groups, Mapping) else ())}
    return {
        name: str(peers["ca_secret"])
        for name, peers in found.items()
        if isinstance(peers, Mapping)
        and peers.get("ca_secret")
        and node.isascii()
        and node in (peers.get("hosts") or ())
    }


def _one(name: str, secret: str, node: str, secrets: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    if not secrets.get(secret):
        known = ", ".join(sorted(map(str, secrets))) or "none"
        what = f"peers.{name}.ca_secret: no secret has the name that stands there; there are {known}"
        mend = "Make the CA with the playbook netstack.datacenter.peers_ca and put it into netstack_secrets."
        raise UnusableError(Finding("NO_SECRET", what, "It signs the certificates of the nodes.", mend))
    signer = authority.read(str(secrets[secret]), f"peers.{name}.ca_secret", now)
    leaf = authority.issue(signer, node, now)
    return {"name": name, "authority": signer.text, "leaf": leaf.text, "until": int(leaf.until.timestamp())}
