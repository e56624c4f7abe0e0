# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines of HAProxy's configuration that can do more than balance (configuration manual of 2.4 to 3.2).

What is not known to balance only is told: a list of what is dangerous would be wrong with the next release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .suspect import ENVIRONMENT, PROCESS, READS, RUNS, SHARED, SOCKET, UNKNOWN, Suspect, listed, reasons
from .words import words

_REASONS = reasons(
    {
        READS: (
            "51degrees-data-file acme ca-base ca-file ca-sign-file ca-verify-file crl-file crt crt-base crt-list "
            "crt-store default-crt default-path deviceatlas-json-file errorfile errorfiles h1-case-adjust-file "
            "http-errors httpclient.ssl.ca-file issuers-chain-path key-base load load-server-state-from-file "
            "parse-resolv-conf server-state-base server-state-file ssl-dh-param-file ssl-load-extra-files "
            "stats-file tls-ticket-keys wurfl-data-file"
        ),
        RUNS: (
            "command external-check insecure-fork-wanted lua-load lua-load-per-thread lua-prepend-path "
            "module-load opentracing program spoe ssl-engine ssl-provider ssl-provider-path"
        ),
        PROCESS: (
            "backing-file chroot cpu-map daemon expose-experimental-directives gid global group "
            "insecure-setuid-wanted localpeer master-worker nbthread node pidfile prealloc-fd presetenv resetenv "
            "set-dumpable set-var set-var-fmt setcap setenv uid ulimit-n unsetenv user"
        ),
        SOCKET: (
            "bind dgram-bind dispatch email-alert expose-fd interface log log-forward mailer mailers namespace "
            "peer peers ring sink socks4 source trace traces unix-bind usesrc"
        ),
    }
)
_PLAIN = listed(
    "acl backlog balance capture clitcpka-cnt clitcpka-idle clitcpka-intvl compression cookie declare "
    "default-server default_backend description disabled enabled error-log-format errorloc errorloc302 "
    "errorloc303 filter force-persist fullconn guid hash-balance-factor hash-preserve-affinity hash-type "
    "http-after-response http-check http-error http-request http-response http-reuse http-send-name-header id "
    "ignore-persist log-format log-format-sd log-tag max-keep-alive-queue max-session-srv-conns maxconn mode "
    "monitor monitor-net monitor-uri option persist rate-limit redirect retries retry-on server server-template "
    "srvtcpka-cnt srvtcpka-idle srvtcpka-intvl stats stick stick-table tcp-check tcp-request tcp-response timeout "
    "unique-id-format unique-id-header use-server use_backend .alert .diag .elif .else .endif .if .notice "
    ".warning"
)
"""Keywords of proxies that balance only, as far as no word behind them does more."""
_PLAIN_GLOBAL = listed(
    "busy-polling close-spread-time description h1-case-adjust hard-stop-after http-err-codes http-fail-codes "
    "log-tag max-spread-checks maxcompcpuusage maxcomprate maxconn maxconnrate maxpipes maxsessrate maxsslconn "
    "maxsslrate maxzlibmem noepoll nogetaddrinfo noreuseport nosplice spread-checks ssl-default-bind-ciphers "
    "ssl-default-bind-ciphersuites ssl-default-bind-curves ssl-default-bind-options ssl-default-server-ciphers "
    "ssl-default-server-ciphersuites ssl-default-server-curves ssl-default-server-options ssl-security-level "
    ".alert .diag .elif .else .endif .if .notice .warning"
)
_TUNED = ("tune.lua", "tune.ssl.keylog")
_SECTIONS = listed("backend cache frontend listen max-age max-object-size max-secondary-entries total-max-size")
"""What a whole section of one's own may begin with, or hold beside a proxy's keywords."""
_ACTIONS = listed(
    "accept add-header allow attach-srv auth cache-store cache-use capture close connection content del-header "
    "deny disable-l7-retry early-hint expect-netscaler-cip expect-proxy inspect-delay normalize-uri pause "
    "quic-initial redirect reject replace-header replace-path replace-pathq replace-uri replace-value return "
    "session set-bandwidth-limit set-header set-log-level set-method set-nice set-path set-pathq "
    "set-priority-class set-priority-offset set-query set-status set-timeout set-uri set-var set-var-fmt "
    "silent-drop strict-mode switch-mode tarpit unset-var wait-for-body wait-for-handshake"
)
_COUNTERS = re.compile(r"(sc-(inc|add)-gpc|sc-set-gpt|track-sc)\d*")
_RULES = ("http-request", "http-response", "http-after-response", "tcp-request", "tcp-response")
_PHASES = ("connection", "content", "session", "quic-initial")
_STATED = {"add-acl": SHARED, "del-acl": SHARED, "set-map": SHARED, "del-map": SHARED}
_FILTERS = ("compression", "cache", "bwlim-in", "bwlim-out")
_CONTENTS = frozenset(("file", "lf-file", "errorfile", "errorfiles"))
"""Words that bring a file into an answer; they may stand anywhere among a rule's arguments."""
_ANSWERS = (*_RULES, "http-error")
_OPEN_OPTIONS = {"external-check": RUNS, "http_proxy": SOCKET, "transparent": SOCKET}
_OF_SERVERS = listed(
    "ca-file ca-sign-file ca-sign-pass ca-verify-file crl-file crt crt-list default-crt expose-fd gid group "
    "interface level namespace socks4 source tls-ticket-keys uid user usesrc"
)
"""Words of binds and servers that do more than balance."""
_SERVERS = ("", "server", "default-server", "server-template")
_EXPRESSIONS = (
    (re.compile(r"(?:^|[\s,'\"(\[])(map(?:_\w+)?|jwt_(?:verify|decrypt)\w*)\("), READS),
    (re.compile(r"(?<![\w-])(lua\.[\w.-]+)"), RUNS),
    (re.compile(r"(?<![\w.-])(env)\("), ENVIRONMENT),
    (re.compile(r"(?<![\w.-])((?:un)?set-var(?:-fmt)?\(proc\.)"), SHARED),
    (re.compile(r"(?<![\w.-])((?:unix|abnsz?|fd|sockpair|uxst|uxdg|rhttp)@)"), SOCKET),
)


def of_proxy(line: str) -> Iterator[Suspect]:
    """Yield what is suspect of a line of a frontend, backend, listen or defaults section."""
    return _line(line, _PLAIN)


def of_global(line: str) -> Iterator[Suspect]:
    """Yield what is suspect of a line of the global section."""
    return _line(line, _PLAIN_GLOBAL)


def of_section(line: str) -> Iterator[Suspect]:
    """Yield what is suspect of a line among sections of one's own."""
    return _line(line, _PLAIN | _SECTIONS)


def of_words(text: str) -> Iterator[Suspect]:
    """Yield what is suspect of text at the end of a line, of a bind or a server say."""
    found, expanded = words(text)
    return _behind("", found, expanded)


def _line(line: str, plain: frozenset[str]) -> Iterator[Suspect]:
    found, expanded = words(line)
    while found[:1] in (["no"], ["default"]):
        found = found[1:]
    if not found:
        return
    first = found[0]
    if first not in plain and not first.startswith("tune."):
        yield Suspect(first, _REASONS.get(first, UNKNOWN))
    elif first.startswith("tune.") and (plain is not _PLAIN_GLOBAL or first.startswith(_TUNED)):
        yield Suspect(first, PROCESS)
    else:
        yield from _second(first, found[1:2])
    yield from _behind(first, found[1:], expanded)


def _second(first: str, behind: list[str]) -> Iterator[Suspect]:
    """Yield what a keyword does by the word behind it."""
    second = behind[0] if behind else ""
    name = second.partition("(")[0]
    if first in _RULES and not (name in _ACTIONS or _COUNTERS.fullmatch(name) or name.startswith("lua.")):
        yield Suspect(f"{first} {name}", _STATED.get(name, UNKNOWN))
    elif first == "filter" and second not in _FILTERS:
        yield Suspect(f"filter {second}", RUNS)
    elif first == "option" and second in _OPEN_OPTIONS:
        yield Suspect(f"option {second}", _OPEN_OPTIONS[second])
    elif first == "stats" and second in ("admin", "socket", "bind-process"):
        yield Suspect(f"stats {second}", SHARED if second == "admin" else SOCKET)


def _behind(first: str, found: list[str], expanded: bool) -> Iterator[Suspect]:
    """Yield what words do wherever they stand."""
    if expanded:
        yield Suspect("$", ENVIRONMENT)
    if first in _RULES[3:] and found[:1] and found[0] in _PHASES:
        yield from _second(first, found[1:2])
    for word in dict.fromkeys(found):
        if word == "-f" or (word in _CONTENTS and first in _ANSWERS):
            yield Suspect(word, READS)
        elif word in _OF_SERVERS and first in _SERVERS:
            yield Suspect(word, _REASONS.get(word, READS))
        yield from _in_word(word)
    yield from _address(first, found)


def _in_word(word: str) -> Iterator[Suspect]:
    for pattern, why in _EXPRESSIONS:
        for name in dict.fromkeys(pattern.findall(word)):
            yield Suspect(str(name), why)


def _address(first: str, found: list[str]) -> Iterator[Suspect]:
    """Yield a unix socket that a server is reached by, or that a check is sent to."""
    places = found[1:3] if first.startswith("server") else found[1:] if found[:1] == ["connect"] else []
    yield from (Suspect(place, SOCKET) for place in places if place.startswith("/"))
