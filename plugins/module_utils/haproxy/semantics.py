# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Contradictions in a configuration that HAProxy accepts silently or explains badly; each becomes one message."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from .dialect import OLDEST, Dialect
from .sections import address_port, is_socket

__all__ = ["faults"]

#: The keys of a health check that only some types read.
_CHECK_KEYS: dict[str, tuple[str, ...]] = {
    "method": ("http",),
    "uri": ("http",),
    "expect_status": ("http",),
    "host": ("http", "smtp", "tls"),
    "user": ("mysql", "pgsql"),
}
#: The types of check that send the name of the server that they want.
_NAMED_CHECKS = ("http", "tls")
#: Ports on which servers speak HTTPS: by IANA, and those of Kubernetes' API and of administration by custom.
_PORTS_OF_HTTPS = (443, 6443, 8443, 9443)


class Section(NamedTuple):
    """One proxy section and where it stands."""

    kind: str
    name: str
    path: str
    mode: str
    body: Mapping[str, Any]


def faults(
    configuration: Mapping[str, Any], secrets: Mapping[str, str], node: str, dialect: Dialect | None
) -> list[str]:
    """Return all contradictions of a clean configuration. Without a dialect what depends on the release is left out."""
    sections = list(_sections(configuration))
    found = (
        [] if dialect is None or dialect >= OLDEST else [f"HAProxy {dialect} is too old: {OLDEST} or newer is needed"]
    )
    found += _duplicates(sections)
    found += _shared_binds(configuration, sections)
    for section in sections:
        found += _section(section, configuration)
        found += _options(section.path, section.body["options"], dialect)
    found += _options("defaults", configuration["defaults"]["options"], dialect)
    return found + _peers(configuration, node) + _stats(configuration["stats"], secrets)


def _sections(configuration: Mapping[str, Any]) -> Iterator[Section]:
    default = configuration["defaults"]["mode"]
    for service, parts in configuration["services"].items():
        for kind in ("frontend", "listen", "backend"):
            for name, body in parts[f"{kind}s"].items():
                yield Section(kind, name, f"services.{service}.{kind}s.{name}", body["mode"] or default, body)


def _duplicates(sections: list[Section]) -> list[str]:
    """A frontend and a backend may share a name; a listen is both at once, so it shares with neither."""
    seen: dict[tuple[str, str], str] = {}
    found = []
    for section in sections:
        if section.name.startswith("netstack-"):
            found.append(f"{section.path}: names that begin with netstack- are kept for the role's own listeners")
        roles = {"frontend": ["front"], "backend": ["back"], "listen": ["front", "back"]}[section.kind]
        taken = [seen[role, section.name] for role in roles if (role, section.name) in seen]
        if taken:
            found.append(f"{section.path}: the name is already taken by {taken[0]}")
        seen.update({(role, section.name): section.path for role in roles})
    return found


def _shared_binds(configuration: Mapping[str, Any], sections: list[Section]) -> list[str]:
    """Two listeners on one address: HAProxy binds both and the kernel deals connections out at random."""
    seen: dict[str, str] = {}
    found = []
    for addresses, path in _listeners(configuration, sections):
        taken = next((address for address in addresses if address in seen), None)
        if taken:
            found.append(f"{path}: {taken} is already bound by {seen[taken]}")
        seen = {**dict.fromkeys(addresses, path), **seen}
    return found


def _listeners(configuration: Mapping[str, Any], sections: list[Section]) -> Iterator[tuple[list[str], str]]:
    """Yield what each listener binds, a range as each of its ports, and where it is declared."""
    health = configuration["health"]
    for address in health["addresses"]:
        yield _bound(address, health["port"]), "health"
    for own in ("stats", "metrics"):
        if configuration[own]:
            yield _bound(configuration[own]["address"], configuration[own]["port"]), own
    for section in sections:
        for index, bind in enumerate(section.body.get("binds", [])):
            yield _bound(bind["address"], bind["port"]), f"{section.path}.binds[{index}]"


def _bound(address: str, port: int | str | None) -> list[str]:
    if port is None:
        return [address] if is_socket(address) else []
    first, _dash, last = str(port).partition("-")
    return [address_port(address, each) for each in range(int(first), int(last or first) + 1)]


def _section(section: Section, configuration: Mapping[str, Any]) -> list[str]:
    found = _tcp(section) if section.mode == "tcp" else []
    if section.kind != "backend":
        found += _front(section, configuration["global"]["maxconn"])
    if section.kind != "frontend":
        found += _servers(section) + _stick(section, configuration) + _check(section)
    return found


def _tcp(section: Section) -> list[str]:
    """What speaks about HTTP has no effect, or is refused, in a section that forwards bytes."""
    keys = ("forward_for", "forwarded_proto", "cookie", "redirects", "http_request", "http_response")
    return [
        f"{section.path}.{key}: needs mode http, this section has mode tcp" for key in keys if section.body.get(key)
    ]


def _front(section: Section, maxconn: int | None) -> list[str]:
    found = []
    own = section.body["maxconn"]
    if own and maxconn and own > maxconn:
        found.append(f"{section.path}.maxconn: {own} can never be reached, global maxconn is {maxconn}")
    found += [fault for index, bind in enumerate(section.body["binds"]) for fault in _bind(section, index, bind)]
    binds = enumerate(section.body["binds"])
    blind = [f"binds[{index}]" for index, bind in binds if bind["accept_proxy"] and not bind["tls"]]
    if blind and section.body["forwarded_proto"]:
        found.append(
            f"{section.path}.forwarded_proto: with accept_proxy and without tls ({', '.join(blind)}) HAProxy cannot "
            "tell whether the client spoke TLS and would always say http; set the header by http_request"
        )
    return found


def _bind(section: Section, index: int, bind: Mapping[str, Any]) -> list[str]:
    """An address needs a port, and a socket has none."""
    path, socket = f"{section.path}.binds[{index}]", is_socket(bind["address"])
    if socket and bind["port"] is not None:
        return [f"{path}.port: {bind['address']} is a socket, which has no port; remove it"]
    return [] if socket or bind["port"] is not None else [f"{path}.port: is missing"]


def _servers(section: Section) -> list[str]:
    found, names = [], set()
    check = section.body["health_check"] or {}
    for index, server in enumerate(section.body["servers"]):
        path = f"{section.path}.servers[{index}]"
        if server["name"] in names:
            found.append(f"{path}.name: {server['name']} occurs twice")
        names.add(server["name"])
        if server["cookie"] and not section.body["cookie"]:
            found.append(f"{path}.cookie: the section has no cookie, so this value is never set")
        socket = is_socket(server["address"])
        if socket and server["port"]:
            found.append(f"{path}.port: {server['address']} is a socket, which has no port; remove it")
        if server["check"] and not (socket or server["port"] or server["check_port"] or check.get("port")):
            found.append(f"{path}: has no port, so its check needs check_port (or health_check.port)")
        if server["check_port"] and not server["check"]:
            found.append(f"{path}.check_port: has no effect with check false")
        found += _server_tls(f"{path}.tls", server)
    return found


def _server_tls(path: str, server: Mapping[str, Any]) -> list[str]:
    """A certificate that is verified against no name is any certificate of the authority, also a stolen one."""
    tls = server["tls"]
    if not tls:
        return []
    if tls["verify"] == "none":
        return [f"{path}.{key}: has no effect with verify none" for key in ("ca_file", "verify_host") if tls[key]]
    by_hand = set((server["raw"] or "").split()) & {"sni", "verifyhost"}
    if tls["sni"] or tls["verify_host"] or by_hand:
        return []
    return [
        f"{path}: verify required checks no name, so any certificate of the authority would do; give verify_host or sni"
    ]


def _stick(section: Section, configuration: Mapping[str, Any]) -> list[str]:
    stick = section.body["stick"]
    if not stick:
        return []
    found = []
    if stick["peers"] and stick["peers"] not in configuration["peers"]:
        found.append(f"{section.path}.stick.peers: there is no peers section {stick['peers']}")
    if stick["table"] and not stick["on"]:
        found.append(f"{section.path}.stick: a table of another section needs on, for example src")
    if not stick["table"] and not stick["on"] and section.body["servers"]:
        found.append(
            f"{section.path}.stick.on: is missing, so no client would stick; give it, for example src (only a section "
            "without servers may hold a table for others)"
        )
    foreign = [key for key in ("type", "size", "expire", "peers") if stick["table"] and stick[key]]
    holder = stick["table"]
    return found + [
        f"{section.path}.stick.{key}: belongs to the section that holds the table, {holder}" for key in foreign
    ]


def _check(section: Section) -> list[str]:
    check, path = section.body["health_check"], f"{section.path}.health_check"
    if not check:
        return []
    found = [
        f"{path}.{key}: belongs to a check of type {_either(types)}, this one has type {check['type']}"
        for key, types in _CHECK_KEYS.items()
        if check[key] and check["type"] not in types
    ]
    if check["type"] == "tls" and check["tls"] is False:
        found.append(f"{path}.tls: a check of type tls cannot go without TLS")
    if check["type"] == "pgsql" and not check["user"]:
        found.append(f"{path}.user: a pgsql check logs in and needs the user's name")
    return found + _check_authority(section, check, path) + _check_of_tls_port(section, check, path)


def _check_authority(section: Section, check: Mapping[str, Any], path: str) -> list[str]:
    """The authority of a check is for servers whose TLS is passed through; others have one of their own."""
    if not check["ca_file"]:
        return []
    if not check["tls"] and check["type"] != "tls":
        return [f"{path}.ca_file: has no effect without tls: true"]
    if any(server["tls"] for server in section.body["servers"]):
        return [f"{path}.ca_file: belongs to servers without tls; those with tls have a ca_file of their own"]
    if check["type"] not in _NAMED_CHECKS:
        return [f"{path}.ca_file: a check of type {check['type']} asks for no name; use type http or tls"]
    return [] if check["host"] else [f"{path}.ca_file: checks no name, so any certificate would do; give host"]


def _check_of_tls_port(section: Section, check: Mapping[str, Any], path: str) -> list[str]:
    """A page asked in plain text of a port whose TLS is passed through: each server would be DOWN."""
    if section.mode != "tcp" or check["type"] != "http" or check["tls"] is not None:
        return []
    servers = [server for server in section.body["servers"] if server["check"] and not server["tls"]]
    asked = {server["check_port"] or check["port"] or server["port"] for server in servers} & set(_PORTS_OF_HTTPS)
    if not asked:
        return []
    return [
        f"{path}.tls: is not given, and servers commonly speak TLS on port {min(asked)}, which is passed through; say "
        "true, or false where they do not"
    ]


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _options(path: str, options: list[str], dialect: Dialect | None) -> list[str]:
    if dialect is None:
        return []
    return [f"{path}.options: {reason}" for reason in map(dialect.refuses_option, options) if reason]


def _peers(configuration: Mapping[str, Any], node: str) -> list[str]:
    """HAProxy finds itself among the peers by name; if it does not, the section is silently dead."""
    return [
        f"peers.{name}.hosts: has no entry for this host, {node}"
        for name, peers in configuration["peers"].items()
        if node not in peers["hosts"]
    ]


def _stats(stats: Mapping[str, Any] | None, secrets: Mapping[str, str]) -> list[str]:
    if not stats:
        return []
    found = []
    if stats["password_secret"] not in secrets:
        # What stands there may be the password itself.
        known = ", ".join(sorted(secrets)) or "none"
        found.append(f"stats.password_secret: no secret has the name that stands there; there are {known}")
    elif not secrets[stats["password_secret"]] or not secrets[stats["password_secret"]].isprintable():
        found.append(f"stats.password_secret: {stats['password_secret']} is empty or holds control characters")
    if ":" in stats["user"]:
        found.append("stats.user: must not hold a colon")
    return found
