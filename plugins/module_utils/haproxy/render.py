# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A checked configuration as the text of its files. Pure: no I/O, no clock, the same text for the same data."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Mapping, NamedTuple

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import Dialect
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.sections import (
    DEFAULTS_NAME,
    address_port,
    proxy,
    quoted,
    timeout_lines,
    tls_words,
)

__all__ = ["DIGEST", "HEALTH_LISTENER", "HIDDEN", "MARKER", "Texts", "declared_digest", "is_ours", "masked", "render"]

MARKER = "# Made by Ansible, netstack.datacenter.haproxy: changes made here are replaced by the next run."
#: The variable that carries the digest of the configuration into the running process.
DIGEST = "NETSTACK_CONFIG_SHA256"
HEALTH_LISTENER = "netstack-health"
HIDDEN = "********"
SOCKET = "/run/haproxy/admin.sock"
STATE_BASE = "/var/lib/haproxy/state"

_WORD = r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s\\"'])+"""
_SENSITIVE = r"[\w.-]*(?:key|auth|pass|token|secret|credential)[\w.-]*"
#: What stands before a value that must not be shown; the value is the next word, or the rest of the line.
_BEFORE_WORD = (r"\b(?:insecure-)?password\s+", r"\bcrt-pass[\w-]*\s+")
_BEFORE_REST = (
    r"\bstats\s+auth\s+",
    rf"\b(?:pre)?setenv\s+[\"']?{_SENSITIVE}[\"']?\s+",
    rf"\b(?:(?:set|add|replace)-header|hdr)\s+[\"']?{_SENSITIVE}[\"']?\s+",
    rf"\bset-var(?:-fmt)?\({_SENSITIVE}\)\s+",
    rf"\bhdr(?:_\w+)?\({_SENSITIVE}[^)]*\)\s+(?!-m\s+found\b)",
    r"\bsend\s+[\"']?AUTH(?:\s|\\.)+",
    r"\b(?:authorization|x-api-key|token|secret)\s+(?!if\b|unless\b)",
)

_TIMEOUTS = {
    "connect": "5s",
    "client": "50s",
    "server": "50s",
    "http_request": "10s",
    "http_keep_alive": "10s",
    "queue": "30s",
    "check": "5s",
}


class Texts(NamedTuple):
    """The main file and the fragments (name -> text) that it contains."""

    main: str
    fragments: dict[str, str]


def render(
    configuration: Mapping[str, Any],
    secrets: Mapping[str, str],
    node: str,
    dialect: Dialect,
    foreign: Mapping[str, str],
) -> Texts:
    """Return the texts of a load balancer.

    Args:
        configuration: what :data:`schema.CONFIGURATION` describes, in its clean form.
        secrets: name -> value, for what the configuration names.
        node: this host's name among the peers.
        dialect: the release line of this host's HAProxy.
        foreign: fragments of somebody else (file name -> text); they come last, so that nothing leaks into ours.
    """
    mode = configuration["defaults"]["mode"]
    services = configuration["services"].items()
    fragments = {name: _fragment(name, service, mode, dialect) for name, service in services}
    sections = [_global(configuration["global"], node), _defaults(configuration["defaults"])]
    if foreign or any(service["raw"] for _name, service in services):
        # Sections that name no defaults take the last ones; ours taken both ways would be a warning.
        sections.append([f"defaults {DEFAULTS_NAME}-by-hand from {DEFAULTS_NAME}"])
    sections += [_peers(name, peers) for name, peers in configuration["peers"].items()]
    sections += _own(configuration, secrets)
    parts = [MARKER] + ["\n".join(lines) for lines in sections]
    parts += [f"# conf.d/{name}.cfg\n{_body(text)}" for name, text in fragments.items()]
    parts += [f"# conf.d/{name}, which is not ours\n{text.rstrip()}" for name, text in sorted(foreign.items())]
    return Texts(_sealed("\n\n".join(parts) + "\n"), fragments)


def _sealed(text: str) -> str:
    """Put the digest of the text into its place."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return text.replace(f"setenv {DIGEST} -", f"setenv {DIGEST} {digest}", 1)


def declared_digest(text: str) -> str:
    """Return the digest that a configuration of ours carries; "" for any other text."""
    found = re.search(rf"^\s*setenv {DIGEST} ([0-9a-f]{{64}})$", text, re.MULTILINE)
    return found.group(1) if found else ""


def is_ours(text: str) -> bool:
    """Tell whether a file was made by this role."""
    return text.startswith(MARKER)


def masked(text: str) -> str:
    """Return a configuration as a diff may show it: without passwords, whoever wrote them, and without the digest."""
    for before in _BEFORE_REST:
        text = re.sub(rf"(?i)({_on_one_line(before)})\S.*", rf"\g<1>{HIDDEN}", text)
    for before in _BEFORE_WORD:
        text = re.sub(rf"(?i)({_on_one_line(before)}){_WORD}", rf"\g<1>{HIDDEN}", text)
    return re.sub(rf"(?m)^(\s*setenv {DIGEST} ).*$", rf"\g<1>{HIDDEN}", text)


def _on_one_line(pattern: str) -> str:
    """Return a pattern whose blanks do not reach over the end of the line."""
    return pattern.replace(r"\s+", r"[^\S\n]+").replace(r"(?:\s|", r"(?:[^\S\n]|")


def _fragment(name: str, service: Mapping[str, Any], mode: str, dialect: Dialect) -> str:
    sections = []
    for kind in ("frontend", "listen", "backend"):
        for title, section in service[f"{kind}s"].items():
            sections.append("\n".join(proxy(kind, title, section, section["mode"] or mode, dialect)))
    if service["raw"]:
        sections.append("\n".join(service["raw"]))
    return f"{MARKER}\n\n" + "\n\n".join(sections) + "\n"


def _body(fragment: str) -> str:
    return fragment[len(MARKER) :].strip("\n")


def _lines(head: str, lines: list[str]) -> list[str]:
    return [head] + [f"    {line}" for line in lines]


def _global(options: Mapping[str, Any], node: str) -> list[str]:
    lines = [f"log {target}" for target in options["log"]]
    lines += ["chroot /var/lib/haproxy", "user haproxy", "group haproxy"]
    lines += [f"stats socket {SOCKET} mode 660 level admin", "stats timeout 30s"]
    lines += [f"server-state-base {STATE_BASE}", "server-state-file global", f"localpeer {node}"]
    lines += [f"maxconn {options['maxconn']}"] if options["maxconn"] else []
    lines += [f"nbthread {options['threads']}"] if options["threads"] else []
    lines += [f"hard-stop-after {options['hard_stop_after']}"] if options["hard_stop_after"] else []
    lines += _tls_defaults(options)
    return _lines("global", lines + options["raw"] + [f"setenv {DIGEST} -"])


def _tls_defaults(options: Mapping[str, Any]) -> list[str]:
    """Return what holds for all TLS listeners. Tickets are off: their keys would live as long as the process."""
    return [
        f"ssl-default-bind-ciphers {options['ciphers']}",
        f"ssl-default-bind-ciphersuites {options['ciphersuites']}",
        f"ssl-default-bind-options ssl-min-ver {options['minimum_tls']} no-tls-tickets",
    ]


def _defaults(options: Mapping[str, Any]) -> list[str]:
    given = {name: value for name, value in (options["timeouts"] or {}).items() if value}
    lines = ["log global", f"mode {options['mode']}"]
    lines += [f"option {option}" for option in options["options"]]
    lines += timeout_lines({**_TIMEOUTS, **given})
    return _lines(f"defaults {DEFAULTS_NAME}", lines + ["load-server-state-from-file global"] + options["raw"])


def _peers(name: str, peers: Mapping[str, Any]) -> list[str]:
    hosts = peers["hosts"].items()
    return _lines(f"peers {name}", [f"peer {host} {address_port(ip, peers['port'])}" for host, ip in hosts])


def _own(configuration: Mapping[str, Any], secrets: Mapping[str, str]) -> list[list[str]]:
    """Return the listeners of the load balancer itself: health, metrics, statistics."""
    own = [_health(configuration["health"])]
    if configuration["metrics"]:
        own.append(_metrics(configuration["metrics"]))
    if configuration["stats"]:
        own.append(_stats(configuration["stats"], secrets))
    return own


def _health(options: Mapping[str, Any]) -> list[str]:
    """Return the listener that answers 200 as long as HAProxy serves; VRRP and the peer ask it."""
    lines = [f"bind {address_port(address, options['port'])}" for address in options["addresses"]]
    lines += ["mode http", f"monitor-uri {options['uri']}", *options["raw"]]
    # Last: HAProxy warns about a `monitor fail` that stands after a rule on requests, and raw may have one.
    return _lines(f"frontend {HEALTH_LISTENER} from {DEFAULTS_NAME}", [*lines, "http-request deny deny_status 404"])


def _metrics(options: Mapping[str, Any]) -> list[str]:
    """Return the Prometheus exporter, on a listener of its own: ``stats auth`` would not cover it."""
    lines = [f"bind {address_port(options['address'], options['port'])}", "mode http", "option dontlog-normal"]
    lines += ["http-request use-service prometheus-exporter if { path /metrics }", "http-request deny deny_status 404"]
    return _lines(f"frontend netstack-metrics from {DEFAULTS_NAME}", lines + options["raw"])


def _stats(options: Mapping[str, Any], secrets: Mapping[str, str]) -> list[str]:
    bind = f"bind {address_port(options['address'], options['port'])}"
    bind += " " + " ".join(tls_words(options["tls"], "http")) if options["tls"] else ""
    credentials = quoted(f"{options['user']}:{secrets[options['password_secret']]}")
    lines = [bind, "mode http", "option dontlog-normal", "stats enable", "stats hide-version"]
    lines += [f"stats uri {options['uri']}", "stats refresh 10s", f"stats auth {credentials}"]
    return _lines(f"listen netstack-stats from {DEFAULTS_NAME}", lines + options["raw"])
