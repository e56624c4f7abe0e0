#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One transaction on Pound: render, validate, compare, replace, restart while it serves nobody, prove, or take back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pound
short_description: Put a declared Pound 4 configuration into service as one transaction
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Renders C(/etc/pound.cfg) in the syntax of Pound 4, lets the host's own Pound judge it, saves what it replaces,
    replaces it in one step, starts Pound or restarts it, and proves that the running process has the new
    configuration and listens. When it does not, the old file is put back and loaded, and the module fails with
    Pound's own words.
  - Pound cannot reload, and a restart cuts its clients. So a running Pound is restarted only when what it runs differs
    from what is declared, and only while this host holds none of the addresses that it serves.
  - The configuration carries its own digest, and that of the certificates' content, into the running process (as the
    name of the service behind its health listener), so what runs is compared with what is declared. A run that was
    interrupted is finished by the next run, and a renewed certificate is a change. The digest stays in a file that a
    hand edits, so a Pound that was started before the last change of a file that it reads is restarted too, but for one
    that this module has started and that has read what is declared.
  - Unknown keys, wrong types and contradictions are all reported at once.
  - A host whose Pound cannot be used is refused before anything is changed, with the choices that are left. Pound 3
    (Debian 11, Ubuntu 22.04) reads YAML; Debian 12 and Ubuntu 24.04 have none.
  - C(raw) lists are lines that go into their block as they are.
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) puts the declared configuration into service.
      - V(checked) only refuses a host whose Pound cannot be used.
      - V(absent) removes what this module made and puts back what it had replaced. A Pound that ran before the module
        first came is restarted with its old file; any other is stopped and disabled.
      - V(restored) puts the newest backup, or the state before the run O(run_id), back into service. Where that is the
        package's own sample configuration, Pound is stopped.
    type: str
    choices: [present, checked, absent, restored]
    default: present
  global:
    description:
      - Process-wide options. Keys are C(user) and C(group) (default V(_pound)), C(workers) (most threads; each serves
        one connection, also while it waits for the next request; default V(512)), C(log_level) (V(0) to V(5)),
        C(log_facility), C(alive) (how often a backend that failed is tried again) and C(raw).
    type: dict
    default: {}
  timeouts:
    description:
      - Keys are C(client), C(backend), C(connect), C(websocket) and C(grace), in whole seconds with a unit.
    type: dict
    default: {}
  listeners:
    description:
      - Listeners by name. Keys are C(address), C(port), C(transparent) (the address may be on another host, as a VIP
        is; Pound itself cannot do that, so C(net.ipv4.ip_nonlocal_bind) is set), C(tls) (without it the listener
        speaks plain HTTP), C(methods) (V(basic), V(rest), V(webdav) or V(all), the default), C(client_timeout),
        C(services) and C(raw).
      - C(tls) takes C(certificates) (the first one is the default, the others are chosen by SNI), C(minimum) (default
        V(TLSv1.2)) and C(ciphers) (up to TLS 1.2).
      - Services take C(name), C(hosts) (none takes every request, so it comes last), C(backends) and C(raw).
      - Backends take C(address), C(port), C(timeout), C(connect_timeout), C(websocket_timeout) and C(raw).
    type: dict
    default: {}
  health:
    description:
      - The listener on 127.0.0.1 that answers 200 as long as Pound serves. Keys are C(port) (default V(846)) and
        C(uri) (default V(/healthz)). On a port above 1023 any local user can answer for a Pound that is down.
    type: dict
    default: {}
  package_file:
    description:
      - A package file of Pound 4 on this host, which will be installed where Pound is not yet; its version is judged in
        place of that of the distribution's candidate.
    type: path
  awaited_files:
    description:
      - Paths that an earlier task of the same run puts in place. In check mode, and only there, one that is missing
        is stood in for while the configuration is validated.
    type: list
    elements: path
    default: []
  renewed_files:
    description:
      - Certificate files that an earlier task of the same run would replace. In check mode, and only there, they are
        taken for changed, so that the restart is predicted.
    type: list
    elements: path
    default: []
  allow_restart:
    description: Allow a restart, which cuts connections, while this host holds an address that Pound serves.
    type: bool
    default: false
  run_id:
    description: Ties the backups of one run together, for O(state=restored).
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description:
      - Renders and validates as a real run does and returns what that would do. A restart that the run would refuse is
        told in RV(notes), for an earlier task of the run may move the address away. Where Pound is not installed yet
        RV(validated) is false.
  diff_mode:
    support: full
    description: Shows the configuration before and after, and what is done to the service.
notes:
  - Pound sets C(X-Forwarded-For), to whose end it appends the client's address, and C(X-Forwarded-Proto). So whoever
    stands behind it may trust the B(last) value only. Pound speaks HTTP/1.1 and knows no PROXY protocol.
  - Backups are kept below C(/var/lib/netstack/backup/pound).
seealso:
  - module: netstack.datacenter.haproxy
  - module: netstack.datacenter.vip_move
"""

EXAMPLES = r"""
- name: Two sites by SNI in front of a HAProxy on this host
  netstack.datacenter.pound:
    listeners:
      shop:
        address: 192.0.2.100
        port: 443
        transparent: true
        tls: {certificates: [/etc/haproxy/certs/shop.pem, /etc/haproxy/certs/api.pem]}
        services:
          - {name: api, hosts: [api.example.com], backends: [{address: 127.0.0.1, port: 8443, timeout: 1h}]}
          - {name: shop, backends: [{address: 127.0.0.1, port: 8080}]}
    awaited_files: [/etc/haproxy/certs/shop.pem, /etc/haproxy/certs/api.pem]

- name: See whether this host could have Pound at all
  netstack.datacenter.pound:
    state: checked

- name: Put back what was there before a run
  netstack.datacenter.pound:
    state: restored
    run_id: change-4711

- name: Take Pound out of service and remove what this module made
  netstack.datacenter.pound:
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done; empty when Pound already runs as declared.
  returned: success
  type: list
  elements: str
  sample: [restart]
restarts:
  description:
    - Whether RV(actions) ends the running Pound, by a restart or for good, and with it its connections.
  returned: success
  type: bool
  sample: false
files:
  description: The files that differed.
  returned: success
  type: list
  elements: str
  sample: [/etc/pound.cfg]
backup:
  description: The generation in the backup store that holds what was replaced; empty when nothing was.
  returned: success
  type: str
  sample: 0002-20261121T094348Z
validated:
  description: Whether this host's Pound has accepted the configuration.
  returned: success
  type: bool
  sample: true
in_effect:
  description: Whether the declared configuration is what serves, now that the module ends.
  returned: success
  type: bool
  sample: true
version:
  description: Pound's version on this host, in the package file, or the one that apt would install.
  returned: success
  type: str
  sample: "4.16"
notes:
  description: What the user should know about the result.
  returned: success
  type: list
  elements: str
  sample: ["Pound is not installed yet, so the configuration was rendered but not validated"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.options.pound import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.deploy import Deployment, wishes_from
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.host import Host
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.mask import masked
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.render import is_ours
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.service import FAILURES
from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import (
    Outcome,
    RejectedError,
    decoded,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Transaction


def _outcome(module: AnsibleModule, deployment: Deployment) -> Outcome:
    """Do what the state asks for."""
    state, allow_restart = module.params["state"], module.params["allow_restart"]
    if state == "checked":
        return deployment.checked()
    if state == "absent":
        return deployment.absent(allow_restart)
    if state == "restored":
        return deployment.restored(allow_restart)
    return deployment.present(wishes_from(module.params))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        keep = retention.keep_of(module.params["backup_keep"])
        transaction = Transaction(
            "pound", module.params["run_id"], keep=keep, is_ours=lambda file: is_ours(decoded(file))
        )
        host = Host(module.run_command)
        deployment = Deployment(host, transaction, module.check_mode, module.params["package_file"] or "")
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
        version=deployment.release.version,
        notes=outcome.notes,
        diff=outcome.diff(mask=masked),
    )


if __name__ == "__main__":
    main()
