#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One transaction on HAProxy: render, validate, compare, replace, load, prove, or take back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: haproxy
short_description: Put a declared HAProxy configuration into service as one transaction
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Renders the configuration in the syntax of the HAProxy on this host (2.4 to 3.2), lets that program judge it,
    saves what it replaces, replaces it in one step, starts HAProxy or reloads it through its master socket, and
    proves that the running process has the new configuration and listens. When it does not, the old files are put
    back and loaded, and the module fails with HAProxy's own words.
  - The configuration carries its own digest into the running process, so what runs is compared with what is declared.
    The digest stays in a file that a hand edits, so HAProxy is also reloaded whenever its file is replaced, when a
    proxy serves that is not declared, and when the process is older than the last change of a file that it reads.
    A run that was interrupted, or a reload that HAProxy refused silently, is finished by the next run.
  - Server states and weights set at run time (M(netstack.datacenter.haproxy_server)) survive the reload, except for
    servers whose address or port changes. Of a proxy that a hand has edited in the file only drain and maintenance do.
  - Unknown keys, wrong types and contradictions are all reported at once.
  - Each service is also kept as a fragment, C(/etc/haproxy/conf.d/NAME.cfg), and C(/etc/haproxy/haproxy.cfg), the one
    file that the service unit reads, is put together from them. Fragments that are no longer declared go. What becomes
    of those that something else wrote is said by O(foreign).
  - C(raw) lists are lines that go into their section as they are; C(raw) of a bind or a server is text at the end of
    its line. Rules, ACLs and C(default-server) stand where HAProxy evaluates them, behind the declared ones of their
    kind and in the order of the list; all other lines come last.
  - What HAProxy refuses is told in its own words, alerts before warnings, each with the line of the configuration and
    the declared object that made it.
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) puts the declared configuration into service.
      - V(absent) removes what this module made and puts back what it had replaced. A service that ran before the
        module first came goes on with its old file; any other is stopped and disabled.
      - V(restored) puts the newest backup, or the state before the run O(run_id), back into service.
      - V(checked) changes nothing and only refuses what O(foreign) does not allow, before HAProxy is installed.
    type: str
    choices: [present, absent, restored, checked]
    default: present
  global:
    description:
      - Process-wide options. Keys are C(maxconn), C(threads), C(minimum_tls) (default V(TLSv1.2)), C(ciphers),
        C(ciphersuites), C(log) (list of log targets), C(hard_stop_after) (how long an old process may live after a
        reload) and C(raw).
      - Where C(maxconn) (or, without it, the sum of the frontends') needs more files than systemd allows by default,
        a drop-in for the unit raises the limit.
    type: dict
    default: {}
  defaults:
    description: What every proxy inherits. Keys are C(mode), C(timeouts), C(options) and C(raw).
    type: dict
    default: {}
  services:
    description:
      - Services by name, each with C(frontends), C(backends) and C(listens) (by name) and C(raw) (whole sections).
      - Frontends take C(mode), C(binds), C(maxconn), C(forward_for), C(forwarded_proto), C(acls) (C(name),
        C(criterion)), C(http_request), C(http_response), C(redirects), C(use_backends) (C(backend), C(condition)),
        C(default_backend), C(options), C(timeouts) and C(raw).
      - Binds take C(address) (also a socket, V(unix@/PATH) or V(abns@NAME), which has no port), C(port) (or a range, as
        V(8000-8010), whose servers without C(port) get the client's), C(tls) (C(certificates), C(alpn), C(minimum),
        C(client_certificates)),
        C(accept_proxy), C(transparent) and C(raw).
      - C(client_certificates) of a bind are C(ca_file) (whose certificates clients have to show), C(verify)
        (V(required), the default, or V(optional), where clients without one are let in) and C(crl_file) (those that are
        revoked; with a list of each authority in C(ca_file)). What servers are to know of the client is set by
        C(http_request), as V(set-header X-Client-CN %[ssl_c_s_dn(cn)]).
      - Backends take C(mode), C(balance), C(hash_type), C(cookie) (C(name), C(secure), C(httponly), C(same_site),
        C(domain)), C(stick) (C(on), C(type) (default V(ip)), C(size) (default V(100k)), C(expire) (default V(30m)),
        C(peers), C(table) (another section's, which then has type, size, expire and peers)), C(health_check), C(acls),
        C(http_request), C(http_response), C(options), C(timeouts), C(servers) and C(raw). Listens take the keys of
        both.
      - Health checks take C(type) (V(http), V(tcp), V(smtp), V(imap), V(pop3), V(tls), V(ldap), V(mysql), V(pgsql)
        or V(redis)), C(method), C(uri) and C(expect_status) (V(http) only), C(host) (V(http), V(smtp) and V(tls)),
        C(user) (V(mysql) and V(pgsql)), C(tls), C(ca_file), C(port), C(interval), C(rise) and C(fall).
      - C(tls) of a health check is by default what the servers have; where their TLS is passed through (mode V(tcp))
        it is to be said. The certificate of such a server is not verified in checks, unless C(ca_file) says by which
        authority, and C(host) which name it has to bear.
      - Servers take C(name), C(address) (also a socket; the path of C(unix@) counts from C(/var/lib/haproxy), where
        HAProxy is confined), C(port), C(weight) (default V(100), so that percentages mean something), C(cookie),
        C(check), C(check_port), C(tls) (C(verify), C(ca_file), C(verify_host), C(sni), C(alpn)), C(send_proxy) (V(v1)
        or V(v2)), C(backup), C(maxconn) and C(raw).
      - Where a server's certificate is verified (the default), C(verify_host) or C(sni) must say which name it has to
        bear. C(verify_host) also counts where no SNI is sent, as in health checks.
      - With C(forward_for) and C(forwarded_proto) the headers that the client itself sent are dropped, unless it is
        on this host (a TLS offloader). C(forwarded_proto) is refused beside a bind with C(accept_proxy) and without
        C(tls), where HAProxy cannot tell what the client spoke.
    type: dict
    default: {}
  peers:
    description:
      - Groups of nodes that share stick tables, by name. Keys are C(port) (default V(10000)), C(hosts) (name ->
        address) and C(ca_secret). This host must be among them.
      - C(ca_secret) names the group's own CA in O(secrets), certificate and key in PEM; the playbook
        C(netstack.datacenter.peers_ca) makes one. The nodes then speak TLS and take nobody whose certificate that CA
        has not signed. The CA's key does not leave the controller, which issues this host's certificate; it is kept
        until less than a year is left of it, and then renewed by a reload.
      - Without C(ca_secret) they speak in plain text, and whoever reaches the port and says a host's name writes rows
        of stick tables. Then let only the other nodes reach it.
      - While only one of the nodes has C(ca_secret), or another CA, stick tables do not travel; RV(apart) says so.
    type: dict
    default: {}
  stats:
    description:
      - The statistics page, behind a password. Keys are C(address), C(port), C(user), C(password_secret) (a name in
        O(secrets)), C(uri), C(tls) and C(raw). None when not given.
    type: dict
  metrics:
    description:
      - The Prometheus exporter, on a listener of its own and without a password. Keys are C(address), C(port) and
        C(raw). None when not given.
    type: dict
  health:
    description:
      - The listener that answers 200 as long as HAProxy serves. Keys are C(addresses) (default V(127.0.0.1)), C(port)
        (default V(8405)), C(uri) (default V(/healthz)) and C(raw).
    type: dict
    default: {}
  node:
    description: This host's name among the peers. Required with O(state=present).
    type: str
  secrets:  # no_log
    description: Values of the secrets that other options name. Only those reach this host.
    type: dict
    default: {}
  issued:
    description: Certificates for O(peers) that have a CA. The action on the controller fills it in; leave it alone.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The group.
        type: str
        required: true
      authority:
        description: The CA's certificate in PEM.
        type: str
        required: true
      leaf:  # no_log
        description: This host's certificate and key in PEM.
        type: str
        required: true
      until:
        description: When that certificate ends, in seconds since 1970.
        type: int
        required: true
  declared_as:
    description:
      - What the user calls what these options hold, for the messages that name a declared object. A site sets it.
      - Keys are C(prefix) (stands before an option's name, as C(haproxy_) of the role), C(frontends) and C(backends)
        (key of such a section -> what the site calls it; a key without a name is told by its service).
    type: dict
    default: {}
  awaited_files:
    description:
      - Paths that an earlier task of the same run puts in place. In check mode, and only there, one that is missing
        is stood in for while the configuration is validated. Every other missing file is an error in check mode too.
    type: list
    elements: path
    default: []
  rsyslog:
    description: Where rsyslog puts HAProxy's log, by a drop-in. Left alone when neither a file nor an address is given.
    type: dict
    suboptions:
      file:
        description: The log file.
        type: path
      address:
        description: The log host.
        type: str
      port:
        description: The log host's port.
        type: int
        default: 514
      protocol:
        description: How the log host is reached.
        type: str
        choices: [udp, tcp]
        default: udp
  fatal_warnings:
    description: Refuse a configuration that HAProxy warns about.
    type: bool
    default: true
  allow_restart:
    description:
      - Allow a restart, which cuts connections, where a reload cannot do. That is only the case when O(global)
        C(maxconn) needs more open files than the running process may have and that limit cannot be raised in place
        (containers).
    type: bool
    default: false
  foreign:
    description:
      - What becomes of configuration that this role did not write; files of C(/etc/haproxy/conf.d), and at first
        contact C(/etc/haproxy/haproxy.cfg) unless it is as its package brought it.
      - V(refuse) stops with the names of the files and of their sections before anything is changed, in check mode
        too.
      - V(keep) renders the fragments of C(conf.d) after the declared services, with defaults of their own. It refuses a
        C(haproxy.cfg) all the same, since that is the file that the role writes.
      - V(remove) takes the fragments away and replaces C(haproxy.cfg). Both are kept as a restore point.
      - What a hand has changed in a file that the role wrote is not foreign. It is shown in the diff, kept as a restore
        point and put right.
    type: str
    choices: [refuse, keep, remove]
    default: refuse
  run_id:
    description: Ties the backups of one run together, for O(state=restored).
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description:
      - Renders and validates as a real run does and returns what that would do. Where HAProxy is not installed yet,
        the version that apt would install is rendered for, and RV(validated) is false.
  diff_mode:
    support: full
    description: Shows the configuration before and after, with passwords masked.
notes:
  - Configuration, fragments and backups may hold secrets and are readable by root only. HAProxy reads them before it
    drops its rights.
  - Backups are kept below C(/var/lib/netstack/backup/haproxy).
  - In YAML 1.1, which Ansible reads, the bare key C(on) of C(stick) is the boolean true; it is accepted as such.
seealso:
  - module: netstack.datacenter.haproxy_server
"""

EXAMPLES = r"""
- name: HTTPS with cookie stickiness
  netstack.datacenter.haproxy:
    node: "{{ inventory_hostname }}"
    services:
      shop:
        frontends:
          shop:
            binds:
              - {address: 192.0.2.100, port: 443, transparent: true, tls: {certificates: [/etc/haproxy/certs/shop.pem]}}
            forward_for: true
            forwarded_proto: true
            default_backend: shop
        backends:
          shop:
            balance: leastconn
            cookie: {name: SERVERID}
            health_check: {type: http, uri: /health, host: shop.example.com}
            servers:
              - {name: web1, address: 10.0.10.21, port: 80}
              - {name: web2, address: 10.0.10.22, port: 80}
    stats: {address: 10.0.0.11, port: 7000, user: admin, password_secret: haproxy_stats}
    secrets: "{{ vaulted }}"
    awaited_files: [/etc/haproxy/certs/shop.pem]

- name: Mail, sticky by client address on both nodes of a pair
  netstack.datacenter.haproxy:
    node: lb1
    peers:
      pair: {hosts: {lb1: 10.0.0.11, lb2: 10.0.0.12}, ca_secret: pair_peers}
    secrets: "{{ vaulted }}"
    services:
      mail:
        listens:
          imaps:
            mode: tcp
            binds: [{address: 192.0.2.100, port: 993}]
            stick: {"on": src, expire: 30m, peers: pair}
            health_check: {type: tls}
            servers:
              - {name: cas1, address: 10.0.20.21, port: 993}
              - {name: cas2, address: 10.0.20.22, port: 993}

- name: Put back what was there before a run
  netstack.datacenter.haproxy:
    state: restored
    run_id: change-4711

- name: Take HAProxy out of service and remove what this module made
  netstack.datacenter.haproxy:
    state: absent
"""

RETURN = r"""
actions:
  description: What was done to the service, or in check mode would be done; empty when it already runs as declared.
  returned: success
  type: list
  elements: str
  sample: [reload]
restarts:
  description:
    - Whether RV(actions) ends the running HAProxy, by a restart or for good, and with it its connections.
    - A reload ends none.
  returned: success
  type: bool
  sample: false
files:
  description: The files that differed.
  returned: success
  type: list
  elements: str
  sample: [/etc/haproxy/conf.d/shop.cfg, /etc/haproxy/haproxy.cfg]
backup:
  description: The generation in the backup store that holds what was replaced; empty when nothing was.
  returned: success
  type: str
  sample: 0002-20261121T094348Z
validated:
  description: Whether this host's HAProxy has accepted the configuration.
  returned: success
  type: bool
  sample: true
in_effect:
  description: Whether the declared configuration is what serves, now that the module ends.
  returned: success
  type: bool
  sample: true
version:
  description: HAProxy's version on this host, or the one that apt would install; empty when neither is known.
  returned: success
  type: str
  sample: 3.0.11-1+deb13u5
apart:
  description:
    - Of each group of O(peers) whose nodes do not reach each other until all have this change, what that means.
    - It is in RV(notes), too.
  returned: success
  type: list
  elements: str
  sample: ["peers edge change to TLS: stick tables do not travel until lb1 and lb2 have both changed, and ..."]
notes:
  description: What the user should know about the result.
  returned: success
  type: list
  elements: str
  sample: ["haproxy is not installed yet, so the configuration was rendered but not validated"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.deploy import (
    Deployment,
    Outcome,
    RejectedError,
    shown,
    wishes_from,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import is_ours
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.service import FAILURES
from ansible_collections.netstack.datacenter.plugins.module_utils.options.haproxy import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import decoded
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction


def _outcome(module: AnsibleModule, deployment: Deployment) -> Outcome:
    """Do what the state asks for."""
    state = module.params["state"]
    if state == "absent":
        return deployment.absent()
    if state == "restored":
        return deployment.restored()
    if state == "checked":
        return deployment.checked(module.params["foreign"])
    return deployment.present(wishes_from(module.params))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=SPEC,
        supports_check_mode=True,
        required_if=[("state", "present", ("node",))],
    )
    try:
        keep = retention.keep_of(module.params["backup_keep"])
        transaction = Transaction(
            "haproxy", module.params["run_id"], keep=keep, is_ours=lambda file: is_ours(decoded(file))
        )
        deployment = Deployment(Host(module.run_command), transaction, module.check_mode)
        outcome = _outcome(module, deployment)
    except (RejectedError, *FAILURES) as error:
        module.fail_json(msg=str(error))
    retention.keep_house(module, transaction)
    module.exit_json(
        changed=outcome.changed,
        actions=outcome.actions,
        restarts=outcome.restarts,
        files=[change.wanted.path for change in outcome.changes],
        backup=outcome.backup,
        validated=outcome.validated,
        in_effect=outcome.in_effect,
        version=deployment.version,
        apart=deployment.apart,
        notes=outcome.notes,
        diff=shown(outcome),
    )


if __name__ == "__main__":
    main()
