# SPDX-License-Identifier: GPL-3.0-or-later
"""Which free text can do more than balance, held against what real HAProxy programs do and know."""

from __future__ import annotations

import random
import re
import subprocess

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw import haproxy
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.suspect import (
    ENVIRONMENT,
    PROCESS,
    READS,
    RUNS,
    SHARED,
    SOCKET,
    UNKNOWN,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.variables import suspects, told
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.raw.words import words

from .haproxy_accepts import RELEASES, program_of

PROXY = {
    "errorfile 503 /etc/shadow": ("errorfile", READS),
    "errorfiles pages": ("errorfiles", READS),
    "http-error status 404 content-type a/b lf-file /etc/shadow": ("lf-file", READS),
    "http-request return status 200 content-type text/plain file /etc/haproxy/certs/bank.pem": ("file", READS),
    "http-request return content-type if file /etc/shadow": ("file", READS),
    "http-request deny deny_status 429 errorfile /etc/shadow": ("errorfile", READS),
    "http-response return lf-file /etc/shadow content-type a/b": ("lf-file", READS),
    "acl known src -f /etc/shadow": ("-f", READS),
    "use_backend x if { req.hdr(a) -m str -i -f /etc/shadow }": ("-f", READS),
    "http-request set-header X-A %[src,map(/etc/shadow)]": ("map", READS),
    "http-request set-header X-A %[req.hdr(a),lower,map_reg_int(/etc/shadow,0)]": ("map_reg_int", READS),
    "http-request deny unless { http_auth_bearer,jwt_verify(txn.a,/etc/ssl/private/key.pem) }": ("jwt_verify", READS),
    "server a 192.0.2.1:443 ssl crt /etc/haproxy/certs/bank.pem": ("crt", READS),
    "default-server ssl verify required ca-file /etc/shadow": ("ca-file", READS),
    "load-server-state-from-file global": ("load-server-state-from-file", READS),
    "http-request lua.steal": ("lua.steal", RUNS),
    "http-request set-header X-A %[lua.steal]": ("lua.steal", RUNS),
    "http-request use-service lua.serve": ("lua.serve", RUNS),
    "external-check command /tmp/x": ("external-check", RUNS),
    "option external-check": ("option external-check", RUNS),
    "filter spoe engine a config /etc/shadow": ("filter spoe", RUNS),
    "program other": ("program", RUNS),
    "global": ("global", PROCESS),
    "tune.lua.maxmem 0": ("tune.lua.maxmem", PROCESS),
    "log /run/other.sock local0": ("log", SOCKET),
    "bind /run/haproxy.sock": ("bind", SOCKET),
    "no log": ("log", SOCKET),
    "server a unix@/run/docker.sock": ("unix@", SOCKET),
    "server a /run/docker.sock": ("/run/docker.sock", SOCKET),
    "server-template a 2 /run/docker.sock": ("/run/docker.sock", SOCKET),
    "server a fd@3": ("fd@", SOCKET),
    "source 192.0.2.1 interface eth0": ("source", SOCKET),
    "server a 192.0.2.1 source 192.0.2.2": ("source", SOCKET),
    "tcp-check connect addr /run/docker.sock": ("/run/docker.sock", SOCKET),
    "stats socket /tmp/admin level admin": ("stats socket", SOCKET),
    "stats admin if TRUE": ("stats admin", SHARED),
    "http-request set-map(/etc/haproxy/hosts.map) %[src] %[hdr(a)]": ("http-request set-map", SHARED),
    "http-request add-acl(/etc/haproxy/allow) %[src]": ("http-request add-acl", SHARED),
    "http-request set-var(proc.all) src": ("set-var(proc.", SHARED),
    "tcp-request connection set-var(proc.all) src": ("set-var(proc.", SHARED),
    "http-request set-header X-A %[env(TOKEN)]": ("env", ENVIRONMENT),
    'http-request set-header X-A "${TOKEN}"': ("$", ENVIRONMENT),
    "tcp-request connection set-dst hdr(a)": ("tcp-request set-dst", UNKNOWN),
    "http-request of-a-later-release": ("http-request of-a-later-release", UNKNOWN),
    "of-a-later-release 1": ("of-a-later-release", UNKNOWN),
    "mailers mine": ("mailers", SOCKET),
}  # fmt: skip
GLOBAL = {
    "lua-load /tmp/x.lua": ("lua-load", RUNS),
    "lua-load-per-thread /tmp/x.lua": ("lua-load-per-thread", RUNS),
    "lua-prepend-path /tmp/?.lua": ("lua-prepend-path", RUNS),
    "external-check": ("external-check", RUNS),
    "insecure-fork-wanted": ("insecure-fork-wanted", RUNS),
    "module-load x.so": ("module-load", RUNS),
    "ssl-engine x": ("ssl-engine", RUNS),
    "ssl-provider x": ("ssl-provider", RUNS),
    "user root": ("user", PROCESS),
    "uid 0": ("uid", PROCESS),
    "group root": ("group", PROCESS),
    "chroot /": ("chroot", PROCESS),
    "setenv LD_PRELOAD /tmp/x.so": ("setenv", PROCESS),
    "presetenv A b": ("presetenv", PROCESS),
    "setcap cap_net_raw": ("setcap", PROCESS),
    "stats socket /tmp/admin level admin": ("stats", UNKNOWN),
    "ssl-dh-param-file /etc/shadow": ("ssl-dh-param-file", READS),
    "crt-base /etc": ("crt-base", READS),
    "h1-case-adjust-file /etc/shadow": ("h1-case-adjust-file", READS),
    "tune.ssl.keylog on": ("tune.ssl.keylog", PROCESS),
    "log 203.0.113.9 local0": ("log", SOCKET),
}  # fmt: skip
BALANCES = """\
http-request set-header X-Forwarded-Port %[dst_port]
http-request deny deny_status 403 if { path_beg -i /admin } !{ src 10.0.0.0/8 }
http-request redirect scheme https code 301 unless { ssl_fc }
http-request track-sc0 src table limits
http-request set-var(txn.host) req.hdr(host),lower
http-request return status 200 content-type text/plain string "I am /etc/hosts, a file"
http-request replace-path ^/old/(.*)$ /new/\\1
http-response set-header Strict-Transport-Security "max-age=31536000; includeSubDomains"
http-response del-header Server
http-after-response set-header X-Site shop
tcp-request inspect-delay 5s
tcp-request content accept if { req_ssl_hello_type 1 }
tcp-request connection reject if { src_conn_rate ge 10 }
acl static path_end .png .css
acl of-map path_beg /map(1) file /file
use_backend shop.servers if { hdr(host) -i shop.example.com }
option httplog
no option http-server-close
option mysql-check user haproxy
timeout tunnel 1h
compression algo gzip
filter compression
stick-table type ip size 100k expire 30m store http_req_rate(10s)
stick on src
stats enable
stats uri /stats
default-server inter 3s fall 3 slowstart 30s
server extra 192.0.2.9:80 check weight 10
http-check expect status 200
balance hdr(X-Forwarded-For)
log-format "%ci:%cp [%tr] %ft %{+Q}r"
errorloc 503 https://sorry.example.com/
# lua-load /tmp/x.lua

.if version_atleast(2.6)
.endif
http-request set-header X-A 'costs $1'  # env(TOKEN)
""".splitlines()
RUN_AT_THE_CHECK = [
    "lua-load",
    '"lua-load"',
    "'lua'-load",
    'lua"-"load',
    r"lua\x2dload",
    r"\x6cua-load",
    '"${KEYWORD}"',
]

PIECES = ["a", "b", " ", "  ", "'", '"', "\\", "#", "x61", "\\x62", "\\ ", "\\#", "\\'", '\\"', "{c}", "d\te"]
"""Of these the texts are drawn that HAProxy is asked about; `.notice` makes it say one word back."""
LINES = 400
TOUCHY = re.compile(
    r"file|crt|(?<!option )\bca-|lua|script|exec|command|(?<!-)path|load|engine|provider|env|\buid|\bgid|user\b|"
    r"group\b|chroot|socket|expose|namespace|interface|map\(|map_|jwt_verify|acl\*|map\*|spoe|use-service|trace"
)
HARMLESS = {
    "option socket-stats [ FE ]", "tune.quic.socket-owner", "tune.quic.socket-owner +1", "ssl crt-ignore-err +1",
    "ssl no-ca-names", "ssl ca-ignore-err +1", "quic-socket +1",
}  # fmt: skip
"""What the words say by chance: they name no file and no socket."""


def named(lines):
    return [(item.directive, item.why) for line in lines for item in told(line)]


@pytest.mark.parametrize("line", PROXY)
def test_what_does_more_than_balance_is_told_of_a_proxy(line):
    assert PROXY[line] in named([haproxy.of_proxy(line)])


@pytest.mark.parametrize("line", GLOBAL)
def test_what_changes_the_process_is_told_of_the_global_section(line):
    assert GLOBAL[line] in named([haproxy.of_global(line)])


@pytest.mark.parametrize("line", BALANCES)
def test_what_balances_only_is_not_told(line):
    assert named([haproxy.of_proxy(line)]) == []


def test_a_directive_that_is_merely_unknown_is_told_where_nothing_else_is():
    assert named([haproxy.of_proxy("http-request use-service lua.x")]) == [("lua.x", RUNS)]
    assert named([haproxy.of_proxy("http-request set-mark 1")]) == [("http-request set-mark", UNKNOWN)]


def options(key, text):
    """Return options of the module with one free text."""
    front = {"raw": [text]} if key == "raw" else {key: [text]}
    return {"services": {"shop": {"frontends": {"shop": front}}}}


@pytest.mark.parametrize(
    ("values", "place", "directive"),
    [
        ({"global": {"raw": ["lua-load /x"]}}, "global.raw.0", "lua-load"),
        ({"defaults": {"raw": ["errorfile 503 /x"]}}, "defaults.raw.0", "errorfile"),
        ({"defaults": {"options": ["external-check"]}}, "defaults.options.0", "option external-check"),
        ({"services": {"a": {"raw": ["", "program x", "command /x"]}}}, "services.a.raw.1", "program"),
        (options("raw", "errorfile 503 /x"), "services.shop.frontends.shop.raw.0", "errorfile"),
        (options("http_request", "lua.x"), "services.shop.frontends.shop.http_request.0", "lua.x"),
        (options("http_response", "return file /x"), "services.shop.frontends.shop.http_response.0", "file"),
        (options("acls", {"name": "x", "criterion": "src -f /x"}),
         "services.shop.frontends.shop.acls.0.criterion", "-f"),
        (options("redirects", "location %[path,map(/x)]"), "services.shop.frontends.shop.redirects.0", "map"),
        (options("use_backends", {"backend": "b", "condition": "{ src -f /x }"}),
         "services.shop.frontends.shop.use_backends.0.condition", "-f"),
        (options("use_backends", {"backend": "%[src,map(/x)]"}),
         "services.shop.frontends.shop.use_backends.0.backend", "map"),
        (options("binds", {"raw": "ssl crt /x"}), "services.shop.frontends.shop.binds.0.raw", "crt"),
        (options("servers", {"raw": "source 192.0.2.1"}), "services.shop.frontends.shop.servers.0.raw", "source"),
        (options("servers", {"tls": {"sni": "src,map(/x)"}}), "services.shop.frontends.shop.servers.0.tls.sni", "map"),
        ({"services": {"a": {"backends": {"b": {"balance": "hdr(a),map(/x)"}}}}},
         "services.a.backends.b.balance", "map"),
        ({"services": {"a": {"backends": {"b": {"stick": {True: "src,map(/x)"}}}}}},
         "services.a.backends.b.stick.on", "map"),
        ({"stats": {"raw": ["stats admin if TRUE"]}}, "stats.raw.0", "stats admin"),
        ({"metrics": {"raw": ["log /x local0"]}}, "metrics.raw.0", "log"),
        ({"health": {"raw": ["lua-load /x"]}}, "health.raw.0", "lua-load"),
    ],
)  # fmt: skip
def test_every_free_text_of_the_role_is_read(values, place, directive):
    found = [(".".join(map(str, path)), item.directive) for path, _text, item in suspects("haproxy", values)]
    assert found == [(place, directive)] or (place, directive) in found[:1]


def test_what_is_no_free_text_is_not_read():
    bind = {"address": "*", "port": 443, "tls": {"certificates": ["/etc/haproxy/certs/shop.pem"]}}
    server = {"name": "a", "address": "192.0.2.1", "tls": {"ca_file": "/etc/ssl/ca.pem", "sni": "str(a.example.com)"}}
    proxy = {"binds": [bind], "servers": [server], "health_check": {"type": "http", "uri": "/lua.x"}}
    assert (
        list(suspects("haproxy", {"services": {"a": {"listens": {"a": proxy}}}, "global": {"log": ["/dev/log"]}})) == []
    )


@pytest.mark.parametrize("name", RELEASES)
@pytest.mark.parametrize("keyword", RUN_AT_THE_CHECK)
def test_code_that_a_release_runs_when_it_checks_is_told_however_it_is_written(tmp_path, monkeypatch, name, keyword):
    monkeypatch.setenv("KEYWORD", "lua-load")
    (tmp_path / "x.lua").write_text(f'io.open("{tmp_path}/ran", "w"):close()\n')
    line = f"{keyword} {tmp_path}/x.lua"
    (tmp_path / "haproxy.cfg").write_text(f"global\n    {line}\n")
    subprocess.run([_program(name), "-c", "-f", str(tmp_path / "haproxy.cfg")], capture_output=True, check=False)
    assert (tmp_path / "ran").exists(), "this release runs nothing, so it proves nothing"
    assert named([haproxy.of_global(line)]) != []
    assert named([haproxy.of_proxy(line)]) != []


@pytest.mark.parametrize("name", RELEASES)
def test_words_are_those_that_a_release_makes_of_a_line(tmp_path, name):
    draw = random.Random(15)
    texts = ["".join(draw.choices(PIECES, k=draw.randint(1, 6))) for _ in range(LINES)]
    (tmp_path / "haproxy.cfg").write_text("".join(f".notice {text}\n" for text in texts))
    done = subprocess.run(
        [_program(name), "-c", "-f", str(tmp_path / "haproxy.cfg")], capture_output=True, text=True, check=False
    )
    said = {
        int(line): text for line, text in re.findall(r"parsing \[\S+:(\d+)\]: '(.*)'\.$", done.stderr, re.MULTILINE)
    }
    several = {int(line) for line in re.findall(r"parsing \[\S+:(\d+)\]: Unexpected argument", done.stderr)}
    made = {line: words(text)[0] or [""] for line, text in enumerate(texts, start=1)}
    assert len(said) > LINES / 5
    assert len(several) > LINES / 40
    assert {line: made[line] for line in said} == {line: [text] for line, text in said.items()}
    assert [texts[line - 1] for line in several if len(made[line]) < 2] == []


@pytest.mark.parametrize("name", RELEASES)
def test_no_keyword_of_a_release_that_speaks_of_files_or_code_passes_for_balancing(tmp_path, name):
    (tmp_path / "haproxy.cfg").write_text("defaults\n    mode http\n")
    done = subprocess.run(
        [_program(name), "-dKcfg,cnv,smp,flt", "-q", "-c", "-f", str(tmp_path / "haproxy.cfg")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    known = done.stdout + done.stderr
    of_global = re.search(r"^global\n((?:\t.*\n)+)", known, re.MULTILINE).group(1).split("\n")
    of_proxies = re.search(r"^listen\n((?:\t.*\n)+)", known, re.MULTILINE).group(1).split("\n")
    converters = re.findall(r"^(\w+)\(", known.split("converter functions", 1)[1], re.MULTILINE)
    lines = [(haproxy.of_global, line.strip()) for line in of_global]
    for line in (each.strip() for each in of_proxies):
        of_bind = line.startswith("bind <addr> ")
        lines.append((haproxy.of_words, line[12:]) if of_bind else (haproxy.of_proxy, line))
    lines += [
        (haproxy.of_proxy, f"acl a src,{name}(/x)") for name in converters if name.startswith(("map", "jwt_verify"))
    ]
    open_ones = [(read, line) for read, line in lines if TOUCHY.search(line) and line not in HARMLESS]
    assert len(open_ones) > 60
    assert [line for read, line in open_ones if named([read(line.replace("<name> <addr>", "a b"))]) == []] == []


def _program(name: str) -> str:
    program = program_of(name)
    if not program:
        pytest.skip(f"no HAProxy {name} is on this machine (script/haproxy unpacks it)")
    return program
