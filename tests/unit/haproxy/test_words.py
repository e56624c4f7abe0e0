# SPDX-License-Identifier: GPL-3.0-or-later
"""What HAProxy refuses is told in its own words, each with the line and the declared object; asked of real programs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.complaints import Complaint, explained, named
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.lines import Line

from .haproxy_accepts import RELEASES, refusal
from .haproxy_builders import rendered

SERVERS = [{"name": "a", "address": "192.0.2.1", "port": 80}]
FRONT, BACK = "haproxy_services.shop.frontends.shop", "haproxy_services.shop.backends.shop"
SHOP = {"backend": "shop", "condition": "{ path_beg /a }"}


def shop(mode: str = "http", raw: Any = (), **sides: dict[str, Any]) -> dict[str, Any]:
    """Return a service whose frontend and backend have one name, as those of a site often have."""
    front = {"mode": mode, "binds": [{"port": 8080}], "default_backend": "shop", **sides.get("front", {})}
    back = {"mode": mode, "servers": SERVERS, **sides.get("back", {})}
    return {"services": {"shop": {"frontends": {"shop": front}, "backends": {"shop": back}, "raw": list(raw)}}}


def front(mode: str = "http", **keys: Any) -> dict[str, Any]:
    return shop(mode, front=keys)


def back(mode: str = "http", **keys: Any) -> dict[str, Any]:
    return shop(mode, back=keys)


def listen(**keys: Any) -> dict[str, Any]:
    only = {"mode": "tcp", "binds": [{"port": 8080}], "servers": SERVERS, **keys}
    return {"services": {"shop": {"listens": {"shop": only}}}}


REJECT = "if !{ src 10.0.0.0/8 }"
ACCEPTED = {
    "tcp-request content beside forward_for": front(forward_for=True, raw=[f"tcp-request content reject {REJECT}"]),
    "tcp-request connection beside it": front(forward_for=True, raw=[f"tcp-request connection reject {REJECT}"]),
    "tcp-request content alone": front(raw=[f"tcp-request content reject {REJECT}"]),
    "http-request beside use_backends": front(use_backends=[SHOP], raw=["http-request deny if { path_beg /x }"]),
    "redirect beside use_backends": front(use_backends=[SHOP], raw=["redirect prefix https://x.test if { path /y }"]),
    "http-request beside redirects": front(
        redirects=["scheme https if !{ ssl_fc }"], raw=["http-request deny if { path_beg /x }"]
    ),
    "use_backend before the default": front(raw=["use_backend shop if { path_beg /a }"]),
    "http-response": front(use_backends=[SHOP], raw=["http-response set-header X-A b"]),
    "a second expectation": back(health_check={"type": "http", "uri": "/"}, raw=["http-check expect string Running"]),
    "a check in raw": back(raw=["option httpchk GET /", "http-check expect string Running"]),
    "a name that is not resolved": listen(
        balance="first",
        raw=["description x"],
        servers=[{**SERVERS[0], "address": "web.example.test", "raw": "init-addr none", "backup": True}],
    ),
    "dispatch": back(raw=["dispatch 192.0.2.9:80"]),
    "an ACL with the name of a keyword": front(acls=[{"name": "path", "criterion": "path_beg /x"}]),
    "an ACL in raw for a native rule": front(http_request=["deny if bad"], raw=["acl bad path_beg /x"]),
    "every kind, the wrong way round": front(
        use_backends=[SHOP],
        forward_for=True,
        http_request=["deny if { path /n }"],
        raw=[
            "use_backend shop if { path /r }",
            "http-response set-header X-A b",
            "redirect prefix https://x.test if bad",
            "http-request deny if bad",
            "monitor fail if { nbsrv(shop) lt 1 }",
            "tcp-request content reject if bad",
            "tcp-request session reject if { src 192.0.2.7 }",
            "tcp-request connection reject if { src 192.0.2.8 }",
            "tcp-request inspect-delay 5s",
            "acl bad src 192.0.2.9",
            "monitor-uri /alive",
        ],
    ),
    "rules of the statistics' and metrics' own listeners": {
        **shop(),
        "metrics": {"address": "127.0.0.1", "port": 9101, "raw": [f"tcp-request connection reject {REJECT}"]},
        "health": {"raw": ["http-request return status 200 if { path /x }", f"tcp-request content accept {REJECT}"]},
    },
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("case", ACCEPTED)
def test_lines_stand_where_haproxy_wants_them(case: str, release: str) -> None:
    assert refusal(rendered(ACCEPTED[case], str(RELEASES[release])), release) == ""


#: (what is declared, HAProxy's words, the line, the object); the words that both releases share.
WARNINGS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "option httplog in a listen of mode tcp": (
        listen(options=["httplog"]),
        "'option httplog' not usable with proxy 'shop' (needs 'mode http'). Falling back to 'option tcplog'.",
        "option httplog",
        "haproxy_services.shop.listens.shop.options[0]",
    ),
    "option httplog in mode tcp": (
        front("tcp", options=["httplog"]),
        "'option httplog' not usable with frontend 'shop' (needs 'mode http'). Falling back to 'option tcplog'.",
        "option httplog",
        f"{FRONT}.options[0]",
    ),
    "what an answer has, asked of a request": (
        front(http_request=["deny if { path /a }", "deny if { res.hdr(x) -m found }"]),
        "anonymous acl will never match because it uses keyword 'res.hdr' which is incompatible with 'frontend "
        "http-request header rule'",
        "http-request deny if { res.hdr(x) -m found }",
        f"{FRONT}.http_request[1]",
    ),
    "an ACL on what an answer has": (
        front(acls=[{"name": "late", "criterion": "res.hdr(x) -m found"}], http_request=["deny if late"]),
        "acl 'late' will never match because it only involves keywords that are incompatible with 'frontend "
        "http-request header rule'",
        "http-request deny if late",
        f"{FRONT}.http_request[0]",
    ),
    "a cookie in mode tcp": (
        back("tcp", raw=["description x", "cookie X insert"]),
        "cookie will be ignored for backend 'shop' (needs 'mode http').",
        "cookie X insert",
        f"{BACK}.raw[1]",
    ),
    "rules of HTTP in mode tcp": (
        front("tcp", raw=["http-request deny"]),
        "'http-request' rules ignored for frontend 'shop' as they require HTTP mode.",
        "http-request deny",
        f"{FRONT}.raw[0]",
    ),
    "option forwardfor in mode tcp": (
        back("tcp", options=["redispatch", "forwardfor"]),
        "'option forwardfor' ignored for backend 'shop' as it requires HTTP mode.",
        "option forwardfor",
        f"{BACK}.options[1]",
    ),
    "redirect in mode tcp": (
        front("tcp", raw=["redirect prefix https://x if { src 192.0.2.1 }"]),
        "'redirect' rules ignored for frontend 'shop' as they require HTTP mode.",
        "redirect prefix https://x if { src 192.0.2.1 }",
        f"{FRONT}.raw[0]",
    ),
    "a limit of clients in a backend": (
        back(raw=["maxconn 10"]),
        "'maxconn' ignored because backend 'shop' has no frontend capability. Maybe you want 'fullconn' instead ?",
        "maxconn 10",
        f"{BACK}.raw[0]",
    ),
    "a capture in a backend": (
        back(raw=["capture request header Host len 10"]),
        "'capture' ignored because backend 'shop' has no frontend capability.",
        "capture request header Host len 10",
        f"{BACK}.raw[0]",
    ),
    "a time-out of clients in a backend": (
        back(raw=["timeout client 1s"]),
        "'timeout client' will be ignored because backend 'shop' has no frontend capability",
        "timeout client 1s",
        f"{BACK}.raw[0]",
    ),
    "a time-out of servers in a frontend": (
        front(raw=["timeout server 1s"]),
        "'timeout server' will be ignored because frontend 'shop' has no backend capability",
        "timeout server 1s",
        f"{FRONT}.raw[0]",
    ),
    "balance in a frontend": (
        front(raw=["balance roundrobin"]),
        "'balance' ignored because frontend 'shop' has no backend capability.",
        "balance roundrobin",
        f"{FRONT}.raw[0]",
    ),
    "an option of backends in a frontend": (
        front(raw=["option redispatch"]),
        "'redispatch' ignored because frontend 'shop' has no backend capability.",
        "option redispatch",
        f"{FRONT}.raw[0]",
    ),
    "stick in a frontend": (
        front(raw=["stick on src"]),
        "'stick' ignored because frontend 'shop' has no backend capability.",
        "stick on src",
        f"{FRONT}.raw[0]",
    ),
    "the hash of a path in mode tcp": (
        back("tcp", balance="uri"),
        "Layer 7 hash not possible for backend 'shop' (needs 'mode http'). Falling back to round robin.",
        "backend shop from netstack",
        BACK,
    ),
    "a cookie's domain without a dot": (
        back(cookie={"domain": "nodot"}),
        "domain 'nodot' contains no embedded dot, this configuration may not work properly (see RFC6265#5.2.3).",
        "cookie SERVERID insert indirect nocache httponly secure domain nodot",
        f"{BACK}.cookie",
    ),
}
ERRORS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "an option that is gone": (
        front(raw=["option http-use-htx"]),
        "unknown option 'http-use-htx'; did you mean 'httpclose' maybe ?",
        "option http-use-htx",
        f"{FRONT}.raw[0]",
    ),
    "a directive that is gone": (
        front(raw=["reqadd X-Forwarded-Proto:\\ https"]),
        "The 'reqadd' directive is not supported anymore since HAProxy 2.1. Use 'http-request add-header' instead.",
        "reqadd X-Forwarded-Proto:\\ https",
        f"{FRONT}.raw[0]",
    ),
    "a server in a frontend": (
        front(raw=["server x 192.0.2.9:80"]),
        "'server' not allowed because frontend 'shop' has no backend capability.",
        "server x 192.0.2.9:80",
        f"{FRONT}.raw[0]",
    ),
    "an unknown word of a server": (
        back(servers=[*SERVERS, {**SERVERS[0], "name": "b", "raw": "bogus"}]),
        "'server shop/b' : unknown keyword 'bogus'.",
        "server b 192.0.2.1:80 weight 100 check bogus",
        f"{BACK}.servers[1]",
    ),
    "a backend that is not there": (
        front(default_backend="nobody"),
        "Proxy 'shop': unable to find required default_backend: 'nobody'.",
        "default_backend nobody",
        f"{FRONT}.default_backend",
    ),
    "a backend of a rule that is not there": (
        front(use_backends=[SHOP, {"backend": "nobody", "condition": "{ path /a }"}]),
        "Proxy 'shop': unable to find required use_backend: 'nobody'.",
        "use_backend nobody if { path /a }",
        f"{FRONT}.use_backends[1]",
    ),
    "an ACL that is not there": (
        front(http_request=["deny if nowhere"]),
        "error detected while parsing an 'http-request deny' condition : no such ACL : 'nowhere'.",
        "http-request deny if nowhere",
        f"{FRONT}.http_request[0]",
    ),
    "a certificate that is not there": (
        front(binds=[{"port": 8080}, {"port": 8443, "tls": {"certificates": ["/nowhere/a.pem"]}}]),
        "unable to stat SSL certificate from file '/nowhere/a.pem' : No such file or directory.",
        "bind *:8443 ssl crt /nowhere/a.pem alpn h2,http/1.1",
        f"{FRONT}.binds[1]",
    ),
    "a status that is none": (
        back(health_check={"type": "http", "expect_status": "2xx"}),
        "'http-check expect' : invalid character 'x' in the list of status codes.",
        "http-check expect status 2xx",
        f"{BACK}.health_check",
    ),
    "peers that are not there": (
        back(raw=["stick-table type ip size 1k peers nobody"]),
        "Proxy 'shop': unable to find sync peers 'nobody'.",
        "stick-table type ip size 1k peers nobody",
        f"{BACK}.raw[0]",
    ),
    "a word of global": (
        {**shop(), "global": {"raw": ["tune.bufsize 32768", "nbproc 2"]}},
        "nbproc is not supported any more since HAProxy 2.5.",
        "nbproc 2",
        "haproxy_global.raw[1]",
    ),
    "a section of one's own": (
        shop(raw=["frontend mine", "    bogus 1"]),
        "unknown keyword 'bogus' in 'frontend' section",
        "bogus 1",
        "haproxy_services.shop.raw[1]",
    ),
    "the seed's listen, after which each line is refused": (
        shop(raw=["listen stats :7000", "    mode http", "    stats enable"]),
        "please use the 'bind' keyword for listening addresses.",
        "listen stats :7000",
        "haproxy_services.shop.raw[0]",
    ),
}
TOLD = [("WARNING", WARNINGS, case) for case in WARNINGS] + [("ALERT", ERRORS, case) for case in ERRORS]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("level", "cases", "case"), TOLD, ids=[case for _level, _cases, case in TOLD])
def test_a_refusal_has_haproxys_words_the_line_and_the_object(
    level: str, cases: dict[str, Any], case: str, release: str
) -> None:
    declared, words, line, owner = cases[case]
    said = refusal(rendered(declared, str(RELEASES[release])), release, {"prefix": "haproxy_"})
    first = said.splitlines()[1 if said.startswith("\n") else 0].lstrip("- ")
    assert first.startswith(f"{level}: ")
    assert words in first
    assert first.endswith(f"(the line is: {line}; declared in {owner})")
    assert ("haproxy_fatal_warnings: false" in said) == (level == "WARNING")


@pytest.mark.parametrize("release", RELEASES)
def test_alerts_come_before_warnings_and_each_once(release: str) -> None:
    declared = front(raw=["balance roundrobin", "bogus 1", "reqadd X"])
    told = refusal(rendered(declared, str(RELEASES[release])), release).strip().splitlines()
    assert [line.split(":")[0] for line in told] == ["- ALERT", "- ALERT", "- WARNING"]


@pytest.mark.parametrize("release", RELEASES)
def test_the_lines_of_a_refused_section_are_not_told_too(release: str) -> None:
    declared = ERRORS["the seed's listen, after which each line is refused"][0]
    assert "'listen' or 'defaults' expected" not in refusal(rendered(declared, str(RELEASES[release])), release)


@pytest.mark.parametrize("release", RELEASES)
def test_a_fragment_of_somebody_else_is_told_by_its_file_and_line(release: str) -> None:
    foreign = {"10-theirs.cfg": "frontend theirs\n    bind :7000\n    bogus 1\n"}
    said = refusal(rendered(shop(), str(RELEASES[release]), foreign=foreign), release)
    assert "declared in /etc/haproxy/conf.d/10-theirs.cfg, line 3, which was not made by this role" in said


def test_no_more_than_a_dozen_complaints_are_told() -> None:
    found = [Complaint("ALERT", f"parsing [f:{number}] : bad", number) for number in range(1, 21)]
    told = explained(found, [Line("bogus")] * 20, {}).strip().splitlines()
    assert (len(told), told[-1]) == (13, "- and 8 more")


SITE = {"backends": {"servers": "backends", "raw": "raw.backend"}, "prefix": "haproxy_"}


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (("services", "shop", "backends", "shop.443", "raw", 2), "services.shop.raw.backend[2]"),
        (("services", "shop", "backends", "shop.443", "servers", 0), "services.shop.backends[0]"),
        (("services", "shop", "backends", "shop.443", "stick"), "services.shop"),
        (("services", "shop", "backends", "shop.443"), "services.shop"),
        (("services", "shop", "frontends", "shop", "raw", 0), "haproxy_services.shop.frontends.shop.raw[0]"),
        (("global", "raw", 1), "haproxy_global.raw[1]"),
        ((), ""),
    ],
)
def test_a_site_has_names_of_its_own(origin: tuple[Any, ...], name: str) -> None:
    assert named(origin, SITE) == name
