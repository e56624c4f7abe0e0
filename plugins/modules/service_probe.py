#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Probes load-balanced services from outside."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_probe
short_description: Look at load-balanced services as their clients do
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Connects to each service at its VIP, from the host that the task runs on, and checks what a client meets.
  - The certificate's chain, its names and its validity; the status of a request; the redirect from plain HTTP; that
    every backend answers; that a client stays at its server.
  - All findings of all services are told at once. What cannot be judged from outside is told in RV(unverified) with the
    reason, and never counted as verified.
  - Makes GET requests only.
options:
  services:
    description: What to probe; an entry for each address and port. The variable C(stack_services) has this form.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The service's name, for messages.
        type: str
        required: true
      vip:
        description: The address that clients connect to, IPv4 or IPv6.
        type: str
        required: true
      port:
        description: The port that clients connect to.
        type: int
        required: true
      scheme:
        description:
          - What is spoken there.
          - V(tls) is TLS with something other than HTTP in it. V(tcp) is anything else; only the connection is checked.
        type: str
        choices: [https, http, tls, tcp]
        default: https
      server_names:
        description:
          - Names by which clients ask for the service; the certificate has to cover each of them.
          - Without any, the certificate has to name the VIP's address.
        type: list
        elements: str
        default: []
      path:
        description: What to ask for.
        type: str
        default: /
      expect_status:
        description: A status, or a range of statuses, that is right for O(services[].path).
        type: str
        default: "200-399"
      redirect_port:
        description: A port of the same VIP that redirects plain HTTP to V(https); V(0) when there is none.
        type: int
        default: 0
      stickiness:
        description: What keeps a client at its server.
        type: dict
        suboptions:
          kind:
            description: By a cookie that HAProxy inserts, by the client's address, or not at all.
            type: str
            choices: [cookie, source, none]
            default: none
          cookie:
            description: The cookie's name.
            type: str
            default: SERVERID
      balance:
        description: HAProxy's balance algorithm; with V(source) and V(first) one prober cannot reach every backend.
        type: str
        default: ""
      client_certificate:
        description:
          - With V(required) the service takes only clients that show a certificate. The probe has none, so it checks
            that it is refused, and requests are told in RV(unverified).
        type: str
        choices: [none, required]
        default: none
      identify_header:
        description:
          - A header of the application's answers that holds the name of the backend.
          - Needed to tell backends apart where there is no stickiness cookie.
        type: str
        default: ""
      backends:
        description: The servers behind the service.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The server's name in HAProxy.
            type: str
            required: true
          address:
            description: The server's address; for readers of messages only, it is never connected to.
            type: str
          cookie:
            description: The value by which the stickiness cookie names it; the server's name by default.
            type: str
          backup:
            description: Whether it serves only when the others are down.
            type: bool
            default: false
          weight:
            description: Its weight; with V(0) no new client reaches it.
            type: int
  ca_path:
    description:
      - File with the CA certificates that the services' certificates must chain to, on the host that the task runs on.
      - The system's CA certificates by default.
    type: path
  minimum_days:
    description: How many days a certificate has to stay valid.
    type: int
    default: 14
  timeout:
    description: Seconds for each connection, handshake and answer, however slowly it comes.
    type: float
    default: 5.0
  deadline:
    description: Seconds for all services together. What has not been asked by then is a finding of its service.
    type: float
    default: 600.0
  patience:
    description:
      - Seconds for which a service is probed again when what is wrong may pass by itself, such as a VIP that moves or
        a backend whose first health checks are still under way.
    type: float
    default: 10.0
  sticky_requests:
    description: How many times a client comes back to prove that it stays at its server.
    type: int
    default: 5
  requests_per_backend:
    description: How many requests are made at most, for each backend of a service, until every backend has answered.
    type: int
    default: 10
  source_addresses:
    description:
      - Addresses of the host that the task runs on, from which to ask services with stickiness by source.
      - With one address only one backend can be met, so that the others stay unverified.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Reads only, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
notes:
  - With O(services[].stickiness.kind=cookie) a backend is told by the cookie's value, as C(insert indirect) sets it.
    HAProxy sets the cookie only for a client that shows none of a server which is up, so an answer that sets no other
    value proves that the client was served by the server its cookie names.
seealso:
  - module: netstack.datacenter.haproxy
"""

EXAMPLES = r"""
- name: Probe the services of this load balancer from the controller
  netstack.datacenter.service_probe:
    services: "{{ stack_services }}"
    ca_path: /etc/ssl/internal-ca.pem
  delegate_to: localhost

- name: Probe one service with cookie stickiness and its redirect
  netstack.datacenter.service_probe:
    services:
      - name: shop
        vip: 10.231.10.100
        port: 443
        server_names: [shop.lab.test]
        path: /whoami
        expect_status: "200"
        redirect_port: 80
        stickiness: {kind: cookie, cookie: SERVERID}
        backends:
          - {name: web1, address: 10.231.20.21}
          - {name: web2, address: 10.231.20.22}

- name: Probe a service with stickiness by source from two addresses of a client
  netstack.datacenter.service_probe:
    services:
      - name: mail
        vip: 10.231.10.101
        port: 443
        server_names: [mail.lab.test]
        stickiness: {kind: source}
        identify_header: X-Backend
        backends: [{name: web1}, {name: web2}]
    source_addresses: [10.231.10.41, 10.231.10.42]
  delegate_to: client
"""

RETURN = r"""
services:
  description: What probing each service gave, in the order of the input; also when the module fails.
  returned: always
  type: list
  elements: dict
  sample:
    - name: shop
      url: https://10.231.10.100:443
      verified:
        - the certificate is valid for shop.lab.test and 364 more days
        - GET /whoami gives 200
        - "every backend answered: web1, web2"
        - the cookie SERVERID kept the client at its server, 5 times each
        - port 80 redirects to https://shop.lab.test/whoami
      failures: []
      unverified: []
      certificate:
        subject: commonName=shop.lab.test
        issuer: commonName=Lab CA
        names: [shop.lab.test]
        not_after: "2027-11-20T09:30:00Z"
        days_left: 364
        protocol: TLSv1.3
      backends_reached: [web1, web2]
      requests: 14
failures:
  description: Every finding of every service, as a sentence each.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      shop (https://10.231.10.100:443): backends: expected all of web1, web2 to answer; came: no answer of web2 in 20
      requests. See the servers' states on the statistics page, and their health checks' last answers in HAProxy's log
unverified:
  description: What could not be verified from outside, and why.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      mail (https://10.231.10.101:443): every backend reached not verified: with stickiness by source one address meets
      one server; give the prober several source_addresses
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.options.service_probe import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.probe import probe_all
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.service import Service, Settings
from ansible_collections.netstack.datacenter.plugins.module_utils.service_probe.wire import WireError


def main() -> None:
    """Probe, and fail with every finding at once."""
    module = AnsibleModule(SPEC, supports_check_mode=True)
    given = {name: value for name, value in module.params.items() if name != "services"}
    settings = Settings(**{**given, "source_addresses": tuple(given["source_addresses"])})
    try:
        services = [Service.of(service) for service in module.params["services"]]
        reports = probe_all(services, settings)
    except (ValueError, WireError) as error:
        module.fail_json(msg=str(error), services=[], failures=[str(error)], unverified=[])
    failures: list[str] = [text for report in reports for text in report.failures]
    result = {
        "changed": False,
        "services": [report.result() for report in reports],
        "failures": failures,
        "unverified": [text for report in reports for text in report.unverified],
    }
    if failures:
        module.fail_json(msg="\n".join(failures), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
