# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A checked configuration as the text of its files. Pure: no I/O, no clock, the same text for the same data."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from . import peers as sharing
from .dialect import Dialect
from .lines import SETTINGS, Line, Origin, classed, each, in_order, made
from .mask import DIGEST, HIDDEN, masked
from .sections import DEFAULTS_NAME, address_port, indented, proxy, quoted, timeout_lines, tls_words

__all__ = [
    "DIGEST",
    "FOREIGN",
    "HEALTH_LISTENER",
    "HIDDEN",
    "MARKER",
    "Texts",
    "declared_digest",
    "is_intact",
    "is_ours",
    "masked",
    "render",
    "resealed",
]

MARKER = "# Made by Ansible, netstack.datacenter.haproxy: changes made here are replaced by the next run."
HEALTH_LISTENER = "netstack-health"
#: Origin of the lines of a fragment that somebody else made: (FOREIGN, file name, index of the line).
FOREIGN = "conf.d"
SOCKET = "/run/haproxy/admin.sock"
STATE_BASE = "/var/lib/haproxy/state"

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
    """The main file, the fragments (name -> text) that it contains, and the object that made each line of it."""

    main: str
    fragments: dict[str, str]
    lines: tuple[Line, ...] = ()


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
        sections.append([Line(f"defaults {DEFAULTS_NAME}-by-hand from {DEFAULTS_NAME}")])
    sections += [_peers(name, peers, node) for name, peers in configuration["peers"].items()]
    sections += _own(configuration, secrets)
    sections += [[Line(f"# conf.d/{name}.cfg"), *lines] for name, lines in fragments.items()]
    sections += [_foreign(name, text) for name, text in sorted(foreign.items())]
    lines = (Line(MARKER), *_parted(sections))
    texts = {name: f"{MARKER}\n\n{_text(own)}" for name, own in fragments.items()}
    return Texts(_sealed(_text(lines)), texts, lines)


def _text(lines: Sequence[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def _parted(sections: Sequence[Sequence[Line]]) -> Iterator[Line]:
    """Yield the lines of all sections, with an empty one before each."""
    for section in sections:
        yield Line("")
        yield from section


def _foreign(name: str, text: str) -> list[Line]:
    """Return a fragment of somebody else; its lines are told by the place where they stand."""
    return [Line(f"# conf.d/{name}, which is not ours"), *each((FOREIGN, name), text.rstrip().splitlines())]


def _sealed(text: str) -> str:
    """Put the digest of the text into its place."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return text.replace(f"setenv {DIGEST} -", f"setenv {DIGEST} {digest}", 1)


def resealed(text: str) -> str:
    """Return a configuration of ours, changed since, with the digest of what it now is."""
    return _sealed(re.sub(rf"(?m)^(\s*setenv {DIGEST}) [0-9a-f]{{64}}$", r"\1 -", text, count=1))


def declared_digest(text: str) -> str:
    """Return the digest that a configuration of ours carries; "" for any other text."""
    found = re.search(rf"^\s*setenv {DIGEST} ([0-9a-f]{{64}})$", text, re.MULTILINE)
    return found.group(1) if found else ""


def is_intact(text: str) -> bool:
    """Tell whether a configuration is as this role rendered it: its digest is that of the rest of it."""
    digest = declared_digest(text)
    blank = text.replace(f"setenv {DIGEST} {digest}", f"setenv {DIGEST} -", 1)
    return bool(digest) and hashlib.sha256(blank.encode()).hexdigest() == digest


def is_ours(text: str) -> bool:
    """Tell whether a file was made by this role."""
    return text.startswith(MARKER)


def _fragment(name: str, service: Mapping[str, Any], mode: str, dialect: Dialect) -> list[Line]:
    origin: Origin = ("services", name)
    sections = [
        proxy(kind, title, section, section["mode"] or mode, dialect, (*origin, f"{kind}s", title))
        for kind in ("frontend", "listen", "backend")
        for title, section in service[f"{kind}s"].items()
    ]
    if service["raw"]:
        sections.append(each((*origin, "raw"), service["raw"]))
    return list(_parted(sections))[1:]


def _section(head: str, origin: Origin, *lines: list[Line]) -> list[Line]:
    return [Line(head, origin), *indented([line for part in lines for line in part])]


def _global(options: Mapping[str, Any], node: str) -> list[Line]:
    base = ["chroot /var/lib/haproxy", "user haproxy", "group haproxy"]
    base += [f"stats socket {SOCKET} mode 660 level admin", "stats timeout 30s"]
    base += [f"server-state-base {STATE_BASE}", "server-state-file global", f"localpeer {node}"]
    words = {"maxconn": "maxconn", "threads": "nbthread", "hard_stop_after": "hard-stop-after"}
    given = [Line(f"{word} {options[key]}", ("global", key)) for key, word in words.items() if options[key]]
    return _section(
        "global",
        ("global",),
        each(("global", "log"), [f"log {target}" for target in options["log"]]),
        made(("global",), base),
        given,
        _tls_defaults(options),
        each(("global", "raw"), options["raw"]),
        [Line(f"setenv {DIGEST} -")],
    )


def _tls_defaults(options: Mapping[str, Any]) -> list[Line]:
    """Return what holds for all TLS listeners. Tickets are off: their keys would live as long as the process."""
    return [
        Line(f"ssl-default-bind-ciphers {options['ciphers']}", ("global", "ciphers")),
        Line(f"ssl-default-bind-ciphersuites {options['ciphersuites']}", ("global", "ciphersuites")),
        Line(
            f"ssl-default-bind-options ssl-min-ver {options['minimum_tls']} no-tls-tickets", ("global", "minimum_tls")
        ),
    ]


def _defaults(options: Mapping[str, Any]) -> list[Line]:
    origin: Origin = ("defaults",)
    given = {name: value for name, value in (options["timeouts"] or {}).items() if value}
    return _section(
        f"defaults {DEFAULTS_NAME}",
        origin,
        made(origin, ["log global"]),
        made((*origin, "mode"), [f"mode {options['mode']}"]),
        each((*origin, "options"), [f"option {option}" for option in options["options"]]),
        timeout_lines({**_TIMEOUTS, **given}, origin),
        made(origin, ["load-server-state-from-file global"]),
        in_order(classed(each((*origin, "raw"), options["raw"]))),
    )


def _peers(name: str, peers: Mapping[str, Any], node: str) -> list[Line]:
    return _section(f"peers {name}", ("peers", name), sharing.lines(name, peers, node))


def _own(configuration: Mapping[str, Any], secrets: Mapping[str, str]) -> list[list[Line]]:
    """Return the listeners of the load balancer itself: health, metrics, statistics."""
    own = [_health(configuration["health"])]
    if configuration["metrics"]:
        own.append(_metrics(configuration["metrics"]))
    if configuration["stats"]:
        own.append(_stats(configuration["stats"], secrets))
    return own


def _listener(head: str, key: str, options: Mapping[str, Any], settings: list[str], rules: list[str]) -> list[Line]:
    """Return one of them. Its own rules end each request, so those of the user come first."""
    raw = classed(each((key, "raw"), options["raw"]))
    native = {SETTINGS: made((key,), settings), "http-request": made((key,), rules)}
    return _section(f"{head} from {DEFAULTS_NAME}", (key,), in_order(raw, native))


def _health(options: Mapping[str, Any]) -> list[Line]:
    """Return the listener that answers 200 as long as HAProxy serves; VRRP and the peer ask it."""
    lines = [f"bind {address_port(address, options['port'])}" for address in options["addresses"]]
    lines += ["mode http", f"monitor-uri {options['uri']}"]
    return _listener(f"frontend {HEALTH_LISTENER}", "health", options, lines, ["http-request deny deny_status 404"])


def _metrics(options: Mapping[str, Any]) -> list[Line]:
    """Return the Prometheus exporter, on a listener of its own: ``stats auth`` would not cover it."""
    lines = [f"bind {address_port(options['address'], options['port'])}", "mode http", "option dontlog-normal"]
    rules = ["http-request use-service prometheus-exporter if { path /metrics }", "http-request deny deny_status 404"]
    return _listener("frontend netstack-metrics", "metrics", options, lines, rules)


def _stats(options: Mapping[str, Any], secrets: Mapping[str, str]) -> list[Line]:
    bind = f"bind {address_port(options['address'], options['port'])}"
    bind += " " + " ".join(tls_words(options["tls"], "http")) if options["tls"] else ""
    credentials = quoted(f"{options['user']}:{secrets[options['password_secret']]}")
    lines = [bind, "mode http", "option dontlog-normal", "stats enable", "stats hide-version"]
    lines += [f"stats uri {options['uri']}", "stats refresh 10s", f"stats auth {credentials}"]
    return _listener("listen netstack-stats", "stats", options, lines, [])
