# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a diff shows of a configuration what is known to hold no secret, and tells a change of all else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy import mask_words
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.mask import HIDDEN, masked, masked_message
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import is_ours
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import entry
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File

HERE = Path(__file__).parent
GOLDEN = [*sorted((HERE / "cases").glob("*.cfg")), *sorted((HERE.parent / "stack" / "golden").glob("*/*.haproxy.cfg"))]
SECRETS = """
http-request set-header Cookie session=CANARY
http-request set-header X-Goog-Signature CANARY if { ssl_fc }
http-request set-header X-Forwarded-Access "CANARY"
http-request add-header Location https://u:CANARY@example.org/
http-request replace-header Referer (.*) CANARY
http-request set-header X-A %[str(CANARY)]
http-request set-header X-A %[req.hdr(x-a),hmac(sha256,CANARY)]
http-request redirect location https://u:CANARY@example.org/
http-request redirect location https://example.org/?token=CANARY code 302
http-request redirect location / set-cookie sid=CANARY
http-request return status 200 hdr Set-Cookie sid=CANARY
http-request return status 200 content-type text/plain string "CANARY" hdr X-A b
http-request set-var(txn.sig) str(CANARY)
http-request set-var-fmt(txn.sig) CANARY
http-request lua.check CANARY
http-request set-map(/a.map) %[src] CANARY
http-request set-query token=CANARY
http-request set-path /hook/CANARY0123456789abcdef
http-request deny unless { req.hdr(x-secret) -m str CANARY }
http-request deny if ok { url_param(apikey) CANARY } !other
http-request deny if { req.cook(sid) CANARY }
http-request deny if { req.hdr(x-a),lower CANARY }
http-request deny if { path_beg /bot0123456789CANARYxyz/ }
acl ok url_param(apikey) -m str CANARY
acl ok var(txn.a) -m str CANARY
acl ok req.hdr(Cookie) -m sub CANARY
http-response set-header Set-Cookie sid=CANARY
http-check send uri /health?token=CANARY
http-check send meth GET uri / hdr Cookie sid=CANARY
http-check send meth POST uri / ver HTTP/1.1 body password=CANARY
http-check send body 'password CANARY'
option httpchk GET /health?key=CANARY
option httpchk GET / HTTP/1.1\\r\\nAuthorization:\\ Basic\\ CANARY
tcp-check send "AUTH CANARY\\r\\n"
tcp-check send LOGIN\\ CANARY\\r\\n
tcp-check send-binary 43414e41 # CANARY
setenv MYSECRET CANARY
presetenv API 'CANARY one'
email-alert from CANARY@example.org
ssl-engine pkcs11 pin CANARY
peer lb1 192.0.2.1:1024 key CANARY
server a 10.0.0.1:443 ssl crt /a.pem key-pass CANARY check
server a 10.0.0.1:443 agent-check agent-send CANARY\\n
server a 10.0.0.1:443 set-proxy-v2-tlv-fmt(0xE1) CANARY
default-server ssl crt /x key-pass CANARY
bind *:443 ssl crt /a.pem unknown CANARY
log-format 'tok CANARY'
log-format "%ci CANARY %[src]"
unique-id-format CANARY-%ts
external-check command /x --pass=CANARY
stats admin if { http_auth(u) } # CANARY
stats auth admin:CANARY
#stats auth admin:CANARY
maxconn 5 # CANARY
user bob password CANARY groups a
user bob insecure-password 'CANARY one'
bogus CANARY
tune.lua.x CANARY
description CANARY
""".strip().splitlines()

SHOWN = """
http-request set-header X-Forwarded-Proto https if { ssl_fc }
http-request set-header X-Forwarded-For %[src]
http-request set-header X-Client-CN %{+Q}[ssl_c_s_dn(cn)]
http-request del-header X-Forwarded-For
http-request redirect scheme https code 301 unless { ssl_fc }
http-request redirect location https://www.example.org%[path] if { hdr(host) -i example.org }
http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100 }
http-request track-sc0 src table per_ip
http-request set-var(txn.host) req.hdr(host),lower
http-request use-service prometheus-exporter if { path /metrics }
http-request return status 200 content-type text/plain file /etc/haproxy/ok.txt if { path /ok }
http-response set-header Strict-Transport-Security "max-age=31536000; includeSubDomains"
tcp-request inspect-delay 5s
tcp-request content accept if { req_ssl_hello_type 1 }
tcp-request connection reject if { src -f /etc/haproxy/blocked.lst }
use_backend api if { path_beg /api/v1 } or !legacy
use_backend %[req.hdr(host),lower,map(/etc/haproxy/hosts.map,web)]
acl api path_beg -i /api /v2
acl shop req.ssl_sni -i shop.example.org
acl internal src 10.0.0.0/8 192.168.0.0/16
acl few nbsrv(web) lt 2
acl known req.hdr(Authorization) -m found
option httpchk GET /healthz HTTP/1.1
option mysql-check user haproxy post-41
http-check send meth GET uri /owa/healthcheck.htm hdr Host mail.example.com
http-check expect rstatus ^2
tcp-check send "a LOGOUT\\r\\n"
tcp-check send PING\\r\\n
tcp-check expect rstring ^\\+PONG
server web1 10.0.30.11:80 check inter 2s fall 3 rise 2 cookie web1 maxconn 100 send-proxy-v2
server api 10.0.0.5:443 ssl verify required ca-file /etc/ssl/ca.crt sni str(api.example.com) alpn h2 check
bind *:443 ssl crt /etc/haproxy/certs/key.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2
stick-table type ip size 100k expire 30m store conn_cur,http_req_rate(10s)
stick on req.hdr_ip(x-forwarded-for,-1)
cookie SERVERID insert indirect nocache httponly secure
log-format "%ci:%cp [%tr] %ft %b/%s %ST %B %{+Q}r"
stats uri /stats
stats admin if { src 10.0.0.0/8 }
timeout client 30s
no option http-use-proxy-header
tune.ssl.default-dh-param 2048
tune.bufsize 32768
setenv TZ Europe/Vienna
log 10.0.0.5:514 local0 info
user haproxy
frontend web from netstack
default_backend web
""".strip().splitlines()


@pytest.mark.parametrize("line", SECRETS)
def test_what_is_not_known_to_be_no_secret_is_hidden(line):
    shown = masked(f"    {line}\n")
    assert "CANARY" not in shown
    assert HIDDEN in shown
    assert shown.startswith(f"    {line.split()[0]}" if not line.startswith("#") else "    # ")
    assert shown.count("\n") == 1


@pytest.mark.parametrize("line", SHOWN)
def test_what_is_known_is_shown_as_it_is(line):
    assert masked(f"    {line}\n") == f"    {line}\n"


def test_the_words_that_hold_a_secret_are_among_none_that_are_shown():
    assert mask_words.SECRET.isdisjoint(mask_words.VALUED | mask_words.FLAGS | mask_words.SAMPLED)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_of_what_the_role_renders_only_passwords_and_the_digest_are_hidden(file):
    lines = file.read_text().splitlines()
    assert is_ours(file.read_text())
    hidden = [
        line.split()[:2]
        for line, shown in zip(lines, masked(file.read_text()).splitlines(), strict=True)
        if line != shown
    ]
    assert {" ".join(words) for words in hidden} <= {"stats auth", "setenv NETSTACK_CONFIG_SHA256"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("setenv A old\n", "setenv A new\n", "setenv A ******** (changed)\n"),
        ("setenv A old\n", "setenv A old\n", "setenv A ********\n"),
        ("setenv A old\n", "setenv A old\nsetenv B x\n", "setenv A ********\nsetenv B ********\n"),
        (
            "setenv NETSTACK_CONFIG_SHA256 0a\n",
            "setenv NETSTACK_CONFIG_SHA256 0b\n",
            "setenv NETSTACK_CONFIG_SHA256 -\n",
        ),
    ],
)
def test_a_change_of_what_is_hidden_is_told(before, after, told):
    files = [File("/x", text.encode(), 0o600, secret=True) for text in (before, after)]
    assert entry(Change(files[1], files[0]), masked)["after"] == told


@pytest.mark.parametrize(
    "line", ["set-header Cookie sid=CANARY", "setenv MYSECRET CANARY", "x https://u:CANARY@h/", "uri /a?b=CANARY"]
)
def test_a_message_shows_no_secret_that_it_knows(line):
    assert "CANARY" not in masked_message(f"unknown keyword in '{line}'")


def test_a_message_shows_the_word_that_is_wrong():
    said = "parsing [/etc/haproxy/haproxy.cfg:7] : unknown keyword 'bogus' in 'global' section; did you mean 'log' ?"
    assert masked_message(said) == said


@example("\\\r{")
@example("\\\u2028A")
@given(st.text(st.characters(codec="utf-8"), max_size=120))
def test_any_text_has_as_many_lines_as_before(text):
    assert len(masked(text).splitlines()) == len(text.splitlines())


def test_no_line_that_is_one_word_is_taken_for_a_directive():
    """A key that a hand has put into a file, whole or cut."""
    key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtSVmhU64mvT"
    shown = masked(f"-----BEGIN PRIVATE KEY-----\n{key}\n{key.lower()}\n-----END PRIVATE KEY-----\n")
    assert re.findall(r"[A-Za-z\d]{8,}", shown) == []
