# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/tls_certificate.py."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: tls_certificate
short_description: Check TLS certificates on the controller and put them into service behind HAProxy
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - Reads certificates as they come (PEM, PFX of IIS or Exchange, a vaulted text, a path that an ACME client keeps on
    the host), puts the chain in order, and refuses what clients or HAProxy would refuse, before the host is touched and
    all findings at once.
  - Writes one combined file per certificate to the host (mode 0600; leaf, intermediates, key), renews it in a running
    HAProxy through the runtime API, and verifies that HAProxy serves what the file holds. Where HAProxy refuses the
    renewal in place it is reloaded, and the result says why. When something fails, the old certificate comes back.
  - What runs is compared as well as the file, so that a run that was interrupted converges on the next one.
  - Needs C(cryptography) 42 or newer on the controller, and the program C(openssl) on the host for the sources
    V(remote) and V(self_signed).
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) checks the certificates and puts them into service.
      - V(absent) removes the files of the named certificates; refused while HAProxy's configuration refers to one.
      - V(restored) puts back what was there before the newest change, or before the run O(run_id).
      - V(checked) only checks what the controller can see; no connection is opened.
      - V(verified) compares files, the running HAProxy and the O(endpoints); fails where they differ.
    type: str
    choices: [present, absent, restored, checked, verified]
    default: present
  certificates:
    description:
      - Certificates by name; the file on the host is called NAME.pem. Files are looked for on
        the controller beside the inventory first, then like those of M(ansible.builtin.copy); ansible-vault may have
        encrypted them.
      - C(source) says where it comes from, C(names) which host names and addresses it must cover, C(minimum_days) how
        many days it must be valid at least (14).
      - C(pem) takes C(file) with all in one, or C(certificate_file) with C(key_file); further C(chain_file), C(ca_file)
        and C(password_secret).
      - C(pkcs12) takes C(file), C(password_secret), C(chain_file) and C(ca_file).
      - C(secret) takes C(secret), the name of a secret that holds PEM text, and C(chain_file), C(ca_file),
        C(password_secret).
      - C(remote) takes C(path), a file or directory on the host, and C(ca_file). Its key does not leave the host.
      - C(self_signed) takes C(key_type) (V(ec) for P-256, V(rsa) for 2048 bits) and C(valid_days) (365). For labs.
      - C(ca_file) names roots that clients trust; with it the chain is checked to its end.
    type: dict
    default: {}
  secrets:  # no_log
    description: Secrets by name; C(password_secret) and C(secret) name them. They stay on the controller.
    type: dict
    default: {}
  directory:
    description: Folder of the combined files on the host.
    type: str
    default: /etc/haproxy/certs
  haproxy_socket:
    description: Admin socket of HAProxy; where nobody listens, only the files are compared.
    type: str
    default: /run/haproxy/admin.sock
  haproxy_master_socket:
    description: Master socket of HAProxy, for the reload where a renewal in place is refused.
    type: str
    default: /run/haproxy-master.sock
  haproxy_configuration:
    description: Configuration of HAProxy, read to learn which certificates it refers to.
    type: str
    default: /etc/haproxy/haproxy.cfg
  endpoints:
    description: Where O(state=verified) makes TLS handshakes from the controller.
    type: list
    elements: dict
    default: []
    suboptions:
      certificate:
        description: Name of the certificate that must be served.
        type: str
        required: true
      host:
        description: Address or name to connect to.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 443
      server_name:
        description: Name sent by SNI; none where empty.
        type: str
        default: ""
  run_id:
    description: Ties the backups of one run together; with O(state=restored), the run to take back.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Judges and compares everything, changes nothing; fails where the real run would.
  diff_mode:
    support: full
    description: Subject, issuer, names, validity and fingerprint before and after; never key material.
notes:
  - Private keys travel to the host in the arguments of one module call. With pipelining these go through the standard
    input of the remote Python and never touch a disk. Without pipelining Ansible itself writes them, as part of the
    module, to a temporary file in a directory of mode 0700 and removes it afterwards; enable pipelining to avoid that.
    Keys of the source V(remote) never travel.
seealso:
  - module: netstack.datacenter.tls_certificate_target
"""

EXAMPLES = r"""
- name: Serve a certificate that IIS exported
  netstack.datacenter.tls_certificate:
    certificates:
      www:
        source: pkcs12
        file: www.pfx
        password_secret: www_pfx_password
        names: [www.example.org, example.org]
    secrets: "{{ netstack_secrets }}"

- name: Serve what an ACME client keeps on the host
  netstack.datacenter.tls_certificate:
    certificates:
      www:
        source: remote
        path: /etc/letsencrypt/live/www.example.org
        names: [www.example.org]

- name: Check all files before any host is touched
  netstack.datacenter.tls_certificate:
    state: checked
    certificates: "{{ tls_certificate_certificates }}"
    secrets: "{{ netstack_secrets }}"

- name: Look from outside
  netstack.datacenter.tls_certificate:
    state: verified
    certificates: {www: {}}
    endpoints:
      - certificate: www
        host: 192.0.2.80
        server_name: www.example.org

- name: Put the certificates back that were there before the last change
  netstack.datacenter.tls_certificate:
    state: restored

- name: Remove a certificate that HAProxy does not use any more
  netstack.datacenter.tls_certificate:
    state: absent
    certificates: {www: {}}
"""

RETURN = r"""
backup:
  description: Generation that keeps what was replaced, empty where nothing was.
  returned: state present, absent or restored
  type: str
  sample: 0001-20261121T092731Z
certificates:
  description: One entry per certificate.
  returned: success
  type: list
  elements: dict
  sample:
    - name: www
      path: /etc/haproxy/certs/www.pem
      changed: true
      loaded: true
      running_before: a89efd72d5b04f330d24f5853701be190c33152f
findings:
  description: Everything for which the certificates are refused.
  returned: when they are refused, and with state checked or verified
  type: list
  elements: str
  sample:
    - "www: CN=www.example.org expired on 2026-11-20 12:00 UTC [EXPIRED]. Every client refuses it. Renew it and give the
      new file."
notes:
  description: What is worth knowing and no reason to refuse.
  returned: state present or checked
  type: list
  elements: str
  sample: ["www: CN=Other CA does not belong to the chain and was left out"]
reload_reason:
  description: Why HAProxy was reloaded instead of renewed in place, empty where it was not.
  returned: state present, absent or restored
  type: str
  sample: ""
"""
