# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proxy sections of a configuration (frontend, backend, listen) as lines of text."""

from __future__ import annotations

from typing import Any

from .dialect import Dialect
from .lines import CHECK, SERVERS, SETTINGS, Kinds, Line, Origin, classed, each, in_order, made

__all__ = ["DEFAULTS_NAME", "address_port", "bind_line", "is_socket", "proxy", "quoted", "tls_words"]

#: Sections of ours name their defaults, so that a ``defaults`` section in a raw or foreign part cannot leak into them.
DEFAULTS_NAME = "netstack"


def quoted(text: str) -> str:
    """Return ``text`` as one HAProxy word in which nothing is special (strong quotes, configuration manual 2.2)."""
    return "'" + text.replace("'", "'\\''") + "'"


def is_socket(address: str) -> bool:
    """Tell whether an address is a socket of this host (unix@, abns@), which has no port."""
    return "@" in address


def address_port(address: str, port: int | str | None) -> str:
    """Return ADDRESS:PORT as HAProxy reads it: IPv6 in brackets, no port where the client's own is kept."""
    if is_socket(address):
        return address
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port}" if port else host


def tls_words(tls: dict[str, Any], mode: str) -> list[str]:
    """Return the words of a bind line that turn TLS on. HTTP listeners offer HTTP/2 unless told otherwise."""
    words = ["ssl"]
    for path in tls["certificates"]:
        words += ["crt", path]
    alpn = tls["alpn"] or (["h2", "http/1.1"] if mode == "http" else [])
    if alpn:
        words += ["alpn", ",".join(alpn)]
    if tls["minimum"]:
        words += ["ssl-min-ver", tls["minimum"]]
    return words + (_client_words(tls["client_certificates"]) if tls["client_certificates"] else [])


def _client_words(clients: dict[str, Any]) -> list[str]:
    """Return the words of a bind line by which clients show a certificate of an authority, or may show one."""
    words = ["ca-file", clients["ca_file"], "verify", clients["verify"]]
    return words + (["crl-file", clients["crl_file"]] if clients["crl_file"] else [])


def bind_line(bind: dict[str, Any], mode: str) -> str:
    """Return one bind line."""
    words = ["bind", address_port(bind["address"], bind["port"])]
    words += ["transparent"] if bind["transparent"] else []
    words += ["accept-proxy"] if bind["accept_proxy"] else []
    words += tls_words(bind["tls"], mode) if bind["tls"] else []
    words += [bind["raw"]] if bind["raw"] else []
    return " ".join(words)


def timeout_lines(timeouts: dict[str, Any] | None, origin: Origin = ()) -> list[Line]:
    """Return the timeout lines in the order of the schema."""
    given = {name: value for name, value in (timeouts or {}).items() if value}
    return [
        Line(f"timeout {name.replace('_', '-')} {value}", (*origin, "timeouts", name)) for name, value in given.items()
    ]


def proxy(kind: str, name: str, section: dict[str, Any], mode: str, dialect: Dialect, origin: Origin) -> list[Line]:
    """Return a section's lines: its head, then what belongs to clients, then rules, then what belongs to servers.

    What the user wrote himself stands behind ours of the same kind.
    """
    settings = made((*origin, "mode"), [f"mode {mode}"])
    if kind != "backend":
        settings += _front_head(section, mode, dialect, origin)
    settings += timeout_lines(section["timeouts"], origin)
    settings += each((*origin, "options"), [f"option {option}" for option in section["options"]])
    if kind != "frontend":
        settings += _back_head(section, origin)
    native: Kinds = {SETTINGS: settings, **_rules(kind, section, origin)}
    if kind != "frontend":
        native.update(_back_tail(section, dialect, origin))
    body = in_order(native, classed(each((*origin, "raw"), section["raw"])))
    return [Line(f"{kind} {name} from {DEFAULTS_NAME}", origin), *indented(body)]


def indented(lines: list[Line]) -> list[Line]:
    """Return the lines of a section's body."""
    return [Line(f"    {line.text}", line.origin) for line in lines]


def _front_head(section: dict[str, Any], mode: str, dialect: Dialect, origin: Origin) -> list[Line]:
    lines = each((*origin, "binds"), [bind_line(bind, mode) for bind in section["binds"]])
    if section["maxconn"]:
        lines.append(Line(f"maxconn {section['maxconn']}", (*origin, "maxconn")))
    if not _logs(section["options"]):
        lines.append(Line("option tcplog" if mode == "tcp" else "option httplog", origin))
    if mode == "http" and dialect.ends_idle_connections_late():
        # At a reload an idle connection ends with its next answer; closed at once, a request may be on its way.
        lines.append(Line("option idle-close-on-response", origin))
    return lines


def _logs(options: list[str]) -> bool:
    return any(option.split(" ")[0] in ("httplog", "tcplog", "httpslog") for option in options)


def _rules(kind: str, section: dict[str, Any], origin: Origin) -> Kinds:
    """Return ACLs and rules by their kind."""
    asked = each((*origin, "http_request"), [f"http-request {rule}" for rule in section["http_request"]])
    answered = each((*origin, "http_response"), [f"http-response {rule}" for rule in section["http_response"]])
    acls = each((*origin, "acls"), [f"acl {acl['name']} {acl['criterion']}" for acl in section["acls"]])
    found: Kinds = {"acl": acls, "http-request": asked, "http-response": answered}
    if kind != "backend":
        redirects = each((*origin, "redirects"), [f"http-request redirect {rule}" for rule in section["redirects"]])
        found["http-request"] = [*_forwarding(section, origin), *asked, *redirects]
        found["use_backend"] = each((*origin, "use_backends"), [_use_backend(rule) for rule in section["use_backends"]])
        default = [f"default_backend {section['default_backend']}"] if section["default_backend"] else []
        found["default_backend"] = made((*origin, "default_backend"), default)
    return found


def _forwarding(section: dict[str, Any], origin: Origin) -> list[Line]:
    """Return the lines that tell the servers who the client is.

    What the client itself claims is dropped, since servers commonly believe the first value; a TLS offloader on this
    very host (loopback) is believed.
    """
    client, protocol = [], []
    if section["forward_for"]:
        client = ["http-request del-header X-Forwarded-For unless { src 127.0.0.0/8 ::1 }", "option forwardfor"]
    if section["forwarded_proto"]:
        protocol = [
            "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
            "http-request set-header X-Forwarded-Proto http unless { ssl_fc } || { src 127.0.0.0/8 ::1 }",
        ]
    return made((*origin, "forward_for"), client) + made((*origin, "forwarded_proto"), protocol)


def _use_backend(rule: dict[str, Any]) -> str:
    condition = rule["condition"]
    if not condition:
        return f"use_backend {rule['backend']}"
    joint = "" if condition.split(" ")[0] in ("if", "unless") else "if "
    return f"use_backend {rule['backend']} {joint}{condition}"


def _back_head(section: dict[str, Any], origin: Origin) -> list[Line]:
    texts = {
        "balance": [f"balance {section['balance']}"] if section["balance"] else [],
        "hash_type": [f"hash-type {section['hash_type']}"] if section["hash_type"] else [],
        "cookie": [_cookie(section["cookie"])] if section["cookie"] else [],
        "stick": _stick(section["stick"]) if section["stick"] else [],
    }
    return [line for key, lines in texts.items() for line in made((*origin, key), lines)]


def _cookie(cookie: dict[str, Any]) -> str:
    """Return the cookie line. ``nocache`` keeps shared caches from handing one client's server to another."""
    words = ["cookie", cookie["name"], "insert", "indirect", "nocache"]
    words += ["httponly"] if cookie["httponly"] else []
    words += ["secure"] if cookie["secure"] else []
    words += ["domain", cookie["domain"]] if cookie["domain"] else []
    words += ["attr", f"SameSite={cookie['same_site']}"] if cookie["same_site"] else []
    return " ".join(words)


def _stick(stick: dict[str, Any]) -> list[str]:
    """Return the stick table and the rule that fills it; with ``table`` the table is another proxy's."""
    rule = f"stick on {stick['on']}" if stick["on"] else ""
    if stick["table"]:
        return [f"{rule} table {stick['table']}"] if rule else []
    table = f"stick-table type {stick['type'] or 'ip'} size {stick['size'] or '100k'}"
    table += f" expire {stick['expire'] or '30m'}"
    table += f" peers {stick['peers']}" if stick["peers"] else ""
    return [table, rule] if rule else [table]


def _back_tail(section: dict[str, Any], dialect: Dialect, origin: Origin) -> Kinds:
    check = section["health_check"]
    return {
        CHECK: made((*origin, "health_check"), _check_lines(check) if check else []),
        SERVERS: each((*origin, "servers"), [_server(server, section, dialect) for server in section["servers"]]),
    }


def _check_lines(check: dict[str, Any]) -> list[str]:
    """Return the lines that say how servers are checked; plain TCP and TLS checks need no option."""
    kind, user = check["type"], check["user"]
    if kind == "http":
        lines = _http_check(check)
    else:
        lines = {
            "smtp": [f"option smtpchk EHLO {check['host'] or 'localhost'}"],
            "imap": _greeting("^[*] OK", "a LOGOUT"),
            "pop3": _greeting("^[+]OK", "QUIT"),
            "ldap": ["option ldap-check"],
            "mysql": ["option mysql-check" + (f" user {user}" if user else "")],
            "pgsql": [f"option pgsql-check user {user}"],
            "redis": ["option redis-check"],
        }.get(kind, [])
    timing = f"default-server inter {check['interval']} rise {check['rise']} fall {check['fall']}"
    return [*lines, timing]


def _greeting(expected: str, farewell: str) -> list[str]:
    """Return a check of a protocol in which the server speaks first; it takes its leave, as the protocol wants it."""
    return ["option tcp-check", f"tcp-check expect rstring '{expected}'", f'tcp-check send "{farewell}\\r\\n"']


def _http_check(check: dict[str, Any]) -> list[str]:
    """Return an HTTP check. HTTP/1.1 asks for a Host header, so without a name the check speaks 1.0."""
    send = f"http-check send meth {check['method'] or 'GET'} uri {check['uri'] or '/'}"
    if check["host"]:
        send += f" ver HTTP/1.1 hdr Host {check['host']}"
    return ["option httpchk", send, f"http-check expect status {check['expect_status'] or '200'}"]


def _server(server: dict[str, Any], section: dict[str, Any], dialect: Dialect) -> str:
    words = ["server", server["name"], address_port(server["address"], server["port"]), f"weight {server['weight']}"]
    if section["cookie"]:
        words.append(f"cookie {server['cookie'] or server['name']}")
    words += _server_tls(server["tls"], dialect) if server["tls"] else []
    words += [{"v1": "send-proxy", "v2": "send-proxy-v2"}[server["send_proxy"]]] if server["send_proxy"] else []
    words += _server_check(server, section["health_check"]) if server["check"] else []
    words += ["backup"] if server["backup"] else []
    words += [f"maxconn {server['maxconn']}"] if server["maxconn"] else []
    words += [server["raw"]] if server["raw"] else []
    return " ".join(words)


def _server_tls(tls: dict[str, Any], dialect: Dialect) -> list[str]:
    words = ["ssl", f"verify {tls['verify']}"]
    if tls["verify"] == "required":
        words.append(f"ca-file {tls['ca_file'] or dialect.system_authorities()}")
    if tls["verify_host"]:  # counts where no SNI is sent, as in health checks
        words.append(f"verifyhost {tls['verify_host']}")
    if tls["sni"]:
        words.append(f"sni {tls['sni'] if '(' in tls['sni'] else 'str(' + tls['sni'] + ')'}")
    words += [f"alpn {','.join(tls['alpn'])}"] if tls["alpn"] else []
    return words


def _verified(check: dict[str, Any]) -> str:
    """Return how a check over TLS of its own treats the server's certificate; its name is the one of check-sni."""
    return f"verify required ca-file {check['ca_file']}" if check["ca_file"] else "verify none"


def _server_check(server: dict[str, Any], check: dict[str, Any] | None) -> list[str]:
    """Return the words that switch checking on.

    HAProxy checks over TLS by itself only on the server's own port, so another port says it explicitly.
    """
    port = server["check_port"] or (check or {}).get("port")
    words = ["check"] + ([f"port {port}"] if port else [])
    if check is None:
        return words
    wants_tls = check["tls"] if check["tls"] is not None else (check["type"] == "tls" or bool(server["tls"]))
    if wants_tls and (port or not server["tls"]):
        words.append("check-ssl" if server["tls"] else f"check-ssl {_verified(check)}")
    # What is sent as SNI is what the certificate is compared with, so it is the name that is to be verified.
    name = (server["tls"] or {}).get("verify_host") or check["host"]
    if wants_tls and name and check["type"] in ("http", "tls"):
        words.append(f"check-sni {name}")
    if not wants_tls and server["tls"]:
        words.append("no-check-ssl")
    return words
