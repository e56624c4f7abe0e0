# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Words of HAProxy's configuration that are known to hold no secret (its manual, releases 2.2 to 3.2). Pure data."""

from __future__ import annotations

import re

from ansible_collections.netstack.datacenter.plugins.module_utils.service.masking import HEADERS, words

SECTIONS = words(
    """
    global defaults frontend backend listen peers userlist resolvers mailers cache program ring http-errors
    log-forward fcgi-app crt-store traces
    """
)
#: Directives whose arguments are all shown.
PLAIN = words(
    """
    accepted_payload_size backlog balance ca-base capture chroot clitcpka-cnt clitcpka-idle clitcpka-intvl compression
    cookie cpu-map crt-base daemon default-path default_backend disabled dispatch enabled errorfile errorfiles
    filter fullconn group groups guid hard-stop-after hash-balance-factor hash-type hold
    http-reuse http-send-name-header id ignore-persist force-persist insecure-fork-wanted
    load-server-state-from-file localpeer log log-send-hostname log-tag master-worker max-age max-object-size
    max-keep-alive-queue maxconn maxconnrate maxcompcpuusage maxcomprate maxpipes maxsessrate maxsslconn maxsslrate
    maxzlibmem mode monitor monitor-uri monitor-net nameserver nbproc nbthread node nosplice numa-cpu-mapping
    parse-resolv-conf persist pidfile process-vary rate-limit resolve_retries retries retry-on rspirep
    server-state-base server-state-file set-dumpable source spread-checks srvtcpka-cnt srvtcpka-idle srvtcpka-intvl
    ssl-default-bind-ciphers ssl-default-bind-ciphersuites ssl-default-bind-curves ssl-default-bind-options
    ssl-default-server-ciphers ssl-default-server-ciphersuites ssl-default-server-options ssl-dh-param-file
    ssl-load-extra-files ssl-server-verify stick-table strict-limits thread-groups total-max-size transparent uid
    gid ulimit-n unix-bind unique-id-header use_backend
    """
)
STATISTICS = words(
    """
    admin bind-process enable hide-version http-request maxconn realm refresh scope show-desc show-legends
    show-modules show-node socket timeout uri
    """
)
#: Environment of the process.
VARIABLES = words(
    """
    TZ LANG LC_ALL PATH HOME HOSTNAME
    """
)
HEADER_ACTIONS = words(
    """
    set-header add-header replace-header replace-value early-hint del-header
    """
)
#: Actions that take options.
KEYED_ACTIONS = words(
    """
    allow deny tarpit reject return redirect silent-drop send connect auth wait-for-body
    """
)
#: Actions whose arguments are all shown.
PLAIN_ACTIONS = words(
    """
    accept cache-store cache-use comment-off disable-l7-retry do-resolve expect expect-proxy expect-netscaler-cip
    inspect-delay normalize-uri pause replace-path replace-pathq replace-uri sc-inc-gpc0 sc-inc-gpc1
    set-bandwidth-limit set-bc-mark set-dst set-dst-port set-fc-mark set-fc-tos set-log-level set-mark set-method
    set-nice set-path set-pathq set-priority-class set-priority-offset set-src set-src-port set-status set-timeout
    set-tos set-uri strict-mode switch-mode unset-var use-service wait-for-handshake
    """
)
#: Options with a value that is shown.
VALUED = words(
    """
    addr agent-addr agent-inter agent-port alpn at-least backlog ca-file ca-ignore-err ca-sign-file ca-verify-file
    check-alpn check-proto ciphers ciphersuites client-sigalgs code content-type cookie crl-file crt crt-ignore-err
    crt-list curves deny_status downinter ecdhe error-limit errorfile errorfiles fall fastinter file gid group guid
    id init-addr inter interface len level lf-file log-bufsize log-proto maxconn maxqueue max-reuse meth minconn
    mode mss name namespace nbconn npn nice observe on-error on-marked-down on-marked-up pool-conn-name
    pool-low-conn pool-max-conn pool-purge-delay port prefix process proto realm redir resolve-net resolve-opts
    resolve-prefer resolvers rise scheme set-cookie severity-output shard shards sigalgs slowstart source
    ssl-max-ver ssl-min-ver status tcp-ut thread time track uid uri user usesrc ver verify verifyhost via weight ws
    location via-socks4 socks4 clear-cookie
    """
)
#: Options with a value that is an expression.
SAMPLED = words(
    """
    sni check-sni pool-conn-name
    """
)
#: Options with a value that is not shown.
SECRET = words(
    """
    body lf-body string lf-string uri-lf key key-pass crt-pass crt-password pass password agent-send check-pass
    set-proxy-v2-tlv-fmt pin
    """
)
#: Options without a value.
FLAGS = words(
    """
    0rtt accept-netscaler-cip accept-proxy agent-check allow-0rtt append-slash backup check check-reuse-pool
    check-send-proxy check-ssl check-via-socks4 default default-errorfiles defer-accept disabled drop-query enabled
    expose-fd linger listeners force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 generate-certificates
    ignore-empty no-alpn no-backup no-check no-check-ssl no-send-proxy no-send-proxy-v2 no-ssl no-ssl-reuse no-sslv3
    no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-verifyhost non-stick permanent prefer-client-ciphers
    quic-force-retry quic-socket rst-ttl send-proxy send-proxy-v2 send-proxy-v2-ssl send-proxy-v2-ssl-cn ssl
    ssl-reuse stick strict-sni tfo tls-tickets transparent v4v6 v6only none required optional
    """
)
#: Expressions whose arguments are names: of a header, a cookie, a table, a list.
NAMING = words(
    """
    be_conn be_name be_sess_rate base32 body_param bytes capture.req.hdr capture.res.hdr connslots cook cook_cnt
    cook_val fc_http_major fe_conn fe_sess_rate field hdr hdr_beg hdr_cnt hdr_dir hdr_dom hdr_end hdr_ip hdr_len
    hdr_reg hdr_sub hdr_val http_auth http_auth_group in_table int ipmask json_query lower map map_beg map_dom
    map_end map_int map_ip map_reg map_str map_sub nbsrv param path proc queue rand req.body_param req.cook
    req.cook_cnt req.fhdr req.hdr req.hdr_cnt req.hdr_ip req.hdr_names req.hdr_val req.hdrs req.payload
    req.payload_lv res.cook res.fhdr res.hdr res.hdr_cnt sc_conn_rate sc_get_gpc0 sc_http_err_rate sc_http_req_rate
    sc0_http_req_rate sc0_conn_rate shdr shdr_cnt src_conn_rate src_get_gpc0 src_http_req_rate srv_conn srv_is_up
    ssl_c_i_dn ssl_c_s_dn ssl_f_s_dn strftime table_conn_cnt table_conn_cur table_http_req_rate url_param urlp
    urlp_val utime var word http_date ltrim rtrim mod div mul add sub
    """
)
_HEADER = "|".join(sorted(HEADERS | {"x-requested-with", "sec-websocket-protocol", "sec-websocket-version"}))
#: What is compared with values that are no credentials.
COMPARED = re.compile(
    rf"""(?xi) !?
    (?: (?:src|dst)(?:_port|_is_local|_conn)? (?: ,ipmask\([\d,]+\) )?
      | (?:fe|be)_\w+ | nbsrv | connslots | queue | avg_queue | srv_\w+ | nbproc | stopping | always_\w+ | wait_end
      | ssl_[fc]\w* | ssl_bc\w* | req[._]ssl_\w+ | rep_ssl_hello_type | req[._]len | req[._]proto_http | req_proto_http
      | method | status | http_\w+ | path(?:_\w+)? | pathq | base(?:_\w+)? | fc_\w+ | bc_\w+ | sc\d?_\w+ | src_\w+
      | date | hostname | rand | (?:req\.)?ver | res\.comp\w*
      | (?:req\.|res\.|s|re[qs]\.f)?hdr(?:_(?:beg|cnt|dir|dom|end|ip|len|reg|sub|val))? \( (?:{_HEADER}) (?:,-?\d+)? \)
      | (?:req\.|s|re[qs]\.f)?hdr_cnt (?:\([\w-]+\))?
    )
    (?: \( [\w.,:/-]* \) )?
    (?: ,(?:lower|upper|length|ipmask\([\d,]+\)|field\(\d+,.\)|word\(\d+,.\)|url_dec|in_table\([\w.-]+\)) )*
    """
)
