# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets the declared objects of a load balancer name, and which of them nobody has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority, third_party
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import UnusableError

SHARED = "netstack_secrets"
"""The dictionary that the roles take where their own is not set."""


@dataclass(frozen=True)
class Need:
    """A secret that is named, the object that names it, and the variable of the role that looks it up.

    ``is_ca`` asks for a CA that may sign, not for any text.
    """

    name: str
    owner: str
    variable: str
    is_ca: bool = False


def needs(derived: Mapping[str, Any], pair: str) -> Iterator[Need]:
    """Yield the secrets that the derived variables of a node of the pair name."""
    for name, certificate in (derived.get("tls_certificate_certificates") or {}).items():
        for key in ("secret", "password_secret"):
            if certificate.get(key):
                yield Need(str(certificate[key]), f"certificates.{name}.{key}", "tls_certificate_secrets")
    stats = derived.get("haproxy_stats") or {}
    if stats.get("password_secret"):
        yield Need(str(stats["password_secret"]), f"lb_pairs.{pair}.stats.password_secret", "haproxy_secrets")
    for peers in (derived.get("haproxy_peers") or {}).values():
        if peers.get("ca_secret"):
            yield Need(str(peers["ca_secret"]), f"lb_pairs.{pair}.peers.ca_secret", "haproxy_secrets", True)
    for instance in (derived.get("vip_instances") or {}).values():
        if instance.get("authentication_secret"):
            name = str(instance["authentication_secret"])
            yield Need(name, f"lb_pairs.{pair}.authentication_secret", "vip_secrets")


def findings(wanted: Mapping[str, Iterable[Need]], secrets: Callable[[str, str], tuple[str, Any]]) -> list[str]:
    """Return what is missing, each once with the hosts that miss it.

    Args:
        wanted: the needs by host
        secrets: returns the name of the variable that counts for a role's variable at a host, and its value; or the
            text of what keeps it from being known

    """
    hosts: dict[tuple[str, str], dict[str, None]] = {}
    for host, of_host in wanted.items():
        for need in of_host:
            told = _missing(need, *secrets(host, need.variable))
            if told is not None:
                hosts.setdefault(told, {})[host] = None
    return [f"{before} of {', '.join(named)}{after}" for (before, after), named in hosts.items()]


def _missing(need: Need, variable: str, known: Any) -> tuple[str, str] | None:
    """Return the message in two pieces, between which the hosts are named; None where the secret is there."""
    if isinstance(known, str):
        return variable, f" cannot be read: {known}; the secrets that the site names are looked up in it"
    value = known.get(need.name) if isinstance(known, Mapping) else None
    if value not in (None, ""):
        return _no_ca(need, variable, str(value)) if need.is_ca else None
    how = "is empty in" if isinstance(known, Mapping) and need.name in known else "is not in"
    mend = f"; add it there, vaulted (group_vars/load_balancers), or correct {need.owner.rsplit('.', 1)[-1]}"
    return f"{need.owner}: the secret {need.name!r} {how} {variable}", mend


def _no_ca(need: Need, variable: str, text: str) -> tuple[str, str] | None:
    """Return why a secret is no CA that may sign; without the library the role tells that it is missing."""
    if third_party.MISSING:
        return None
    try:
        authority.read(text, need.name, datetime.now(timezone.utc))
    except UnusableError as error:
        found = error.findings[0]
        return f"{need.owner}: {found.what}, looked up in {variable}", f". {found.why} {found.mend}"
    return None
