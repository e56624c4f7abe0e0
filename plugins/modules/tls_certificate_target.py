# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The half of tls_certificate that runs on the target."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: tls_certificate_target
short_description: Put TLS certificates that were already judged into service on this host
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - The action M(netstack.datacenter.tls_certificate) calls this module; use that one. It judges certificates on the
    controller and hands over what passed.
  - Writes one combined file per certificate (mode 0600), renews it in a running HAProxy through the runtime API,
    compares what HAProxy serves with the file, and takes all of it back when that fails.
  - Needs the C(openssl) program only for certificates of the kinds V(remote) and V(self_signed).
extends_documentation_fragment:
  - netstack.datacenter.backup
options:
  state:
    description:
      - V(present) puts the certificates in place, V(absent) removes them.
      - V(restored) puts back what was there before the newest change, or before the run O(run_id). A restore is no
        such change, so a second one changes nothing.
      - V(inspected) changes nothing and reports what sources on this host hold, private keys by their public half.
      - V(verified) changes nothing and reports files and what HAProxy serves for them.
    type: str
    choices: [present, absent, restored, inspected, verified]
    default: present
  bundles:
    description: The certificates.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the certificate; the file is called so, with C(.pem).
        type: str
        required: true
      kind:
        description: Where its content comes from.
        type: str
        choices: [given, remote, self_signed]
        default: given
      certificates:
        description: Certificates as PEM, in the order in which they are served (kind V(given)).
        type: str
        default: ""
      path:
        description: File or directory on this host (kind V(remote)).
        type: str
        default: ""
      order:
        description: SHA-256 fingerprints of the certificates, in the order in which they are served (kind V(remote)).
        type: list
        elements: str
        default: []
      key_file:  # no_log: false
        description: File that holds the private key (kind V(remote)).
        type: str
        default: ""
      key_index:  # no_log: false
        description: Which private key of that file, counted from 0 (kind V(remote)).
        type: int
        default: 0
      names:
        description: Names of the certificate (kind V(self_signed)).
        type: list
        elements: str
        default: []
      minimum_days:
        description: Days that must remain, or it is made anew (kind V(self_signed)).
        type: int
        default: 14
      key_type:  # no_log: false
        description: EC P-256 or RSA 2048 (kind V(self_signed)).
        type: str
        choices: [ec, rsa]
        default: ec
      valid_days:
        description: Days that a new certificate is valid (kind V(self_signed)).
        type: int
        default: 365
  private_keys:  # no_log
    description: Private keys as PEM by name of certificate (kind V(given)).
    type: dict
    default: {}
  directory:
    description: Folder of the combined files.
    type: path
    default: /etc/haproxy/certs
  haproxy_socket:
    description: Admin socket of HAProxy; it may be missing.
    type: path
    default: /run/haproxy/admin.sock
  haproxy_master_socket:
    description: Master socket of HAProxy, used where a renewal in place is refused.
    type: path
    default: /run/haproxy-master.sock
  haproxy_configuration:
    description: Configuration of HAProxy, read to learn which certificates it refers to.
    type: path
    default: /etc/haproxy/haproxy.cfg
  run_id:
    description: Ties the backups of one run together.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Compares everything and changes nothing.
  diff_mode:
    support: partial
    description: Says which files differ; M(netstack.datacenter.tls_certificate) shows the certificates.
seealso:
  - module: netstack.datacenter.tls_certificate
"""

EXAMPLES = r"""
- name: Look at what an ACME client keeps on the host
  netstack.datacenter.tls_certificate_target:
    state: inspected
    bundles:
      - name: www
        kind: remote
        path: /etc/letsencrypt/live/www.example.org
"""

RETURN = r"""
backup:
  description: Generation that keeps what was replaced, empty where nothing was.
  returned: success
  type: str
  sample: 0001-20261121T092731Z
certificates:
  description: One entry per certificate; certificates as PEM, never a key.
  returned: success
  type: list
  elements: dict
  sample:
    - name: www
      path: /etc/haproxy/certs/www.pem
      changed: true
      loaded: true
      running_before: a89efd72d5b04f330d24f5853701be190c33152f
      before: ""
      after: ""
reload_reason:
  description: Why HAProxy was reloaded instead of renewed in place, empty where it was not.
  returned: success
  type: str
  sample: ""
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.netstack.datacenter.plugins.module_utils.options.tls_certificate_target import SPEC
from ansible_collections.netstack.datacenter.plugins.module_utils.service import retention
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File, Transaction
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import files as pem_files
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate import openssl, sources
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.deploy import (
    Deployment,
    FailedError,
    InUseError,
    Outcome,
    Plan,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.runtime import RefusedError, Runtime


def _module() -> AnsibleModule:
    return AnsibleModule(argument_spec=SPEC, supports_check_mode=True)


def _path(params: dict[str, Any], name: str) -> str:
    return f"{params['directory']}/{name}.pem"


def _restored(params: dict[str, Any], transaction: Transaction) -> str:
    """Return the generation that is to be put back, "" where none is."""
    return (transaction.newest(params["run_id"]) or "") if params["state"] == "restored" else ""


def _wanted(params: dict[str, Any], transaction: Transaction, generation: str, check_mode: bool) -> list[File]:
    """Return the files as they ought to be in the given state."""
    if params["state"] == "restored":
        return transaction.saved(generation) if generation else []
    paths = [(bundle, _path(params, bundle["name"])) for bundle in params["bundles"]]
    if params["state"] == "absent":
        return [File(path, None, secret=True) for _bundle, path in paths]
    keys = params["private_keys"]
    return [sources.wanted_file(bundle, path, keys.get(bundle["name"], ""), check_mode) for bundle, path in paths]


def _public(file: File | None) -> str:
    """Return the certificates of a file as PEM, its key left out; or a remark where it holds none."""
    text = (file.content or b"").decode("ascii", "replace") if file else ""
    found = "".join(block.text for block in pem_files.blocks(text) if block.is_certificate)
    return found or (text if text.startswith("(") else "")


def _entry(file: File, plan: Plan) -> dict[str, Any]:
    """Return what is reported of one certificate: public parts only."""
    change = next((item for item in plan.changes if item.wanted.path == file.path), None)
    renewal = next((item for item in plan.renewals if item.file.path == file.path), None)
    current = change.current if change else file
    return {
        "name": file.path.rpartition("/")[2][: -len(".pem")],
        "path": file.path,
        "changed": bool(change or renewal or file.path in plan.unknown),
        "loaded": file.path in plan.loaded,
        "running_before": renewal.before.sha1 if renewal else "",
        "before": _public(current),
        "after": _public(file),
        "before_header": _header(current),
        "after_header": _header(file),
    }


def _header(file: File | None) -> str:
    if file is None or file.content is None:
        return "absent"
    return f"{file.mode:04o} {file.owner}:{file.group}"


def _deploy(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    keep = retention.keep_of(params["backup_keep"])
    transaction = Transaction("tls_certificate", params["run_id"], keep=keep, is_ours=retention.all_files)
    runtime = Runtime(params["haproxy_socket"], params["haproxy_master_socket"])
    deployment = Deployment(transaction, runtime, params["haproxy_configuration"])
    generation = _restored(params, transaction)
    wanted = _wanted(params, transaction, generation, module.check_mode)
    kept = [file for file in wanted if params["state"] == "restored" and deployment.in_use(file)]
    wanted = [file for file in wanted if file not in kept]
    for file in kept:
        module.warn(f"{file.path} was not there before and is kept, because HAProxy's configuration refers to it.")
    plan = deployment.plan(wanted)
    outcome = Outcome() if module.check_mode or not plan.changed else deployment.execute(plan, generation)
    retention.keep_house(module, transaction)
    return {
        "changed": plan.changed,
        "backup": outcome.backup,
        "reload_reason": outcome.reload_reason,
        "certificates": [_entry(file, plan) for file in wanted],
    }


def _verified(params: dict[str, Any]) -> dict[str, Any]:
    """Report each file beside what HAProxy serves for it."""
    runtime = Runtime(params["haproxy_socket"], params["haproxy_master_socket"])
    loaded = runtime.loaded()
    paths = [_path(params, bundle["name"]) for bundle in params["bundles"]]
    return {"changed": False, "certificates": [_observed(path, loaded, runtime) for path in paths]}


def _observed(path: str, loaded: dict[str, str], runtime: Runtime) -> dict[str, Any]:
    file = Transaction.current(path)
    name = loaded.get(pem_files.real(path), "")
    runs = runtime.serving(name) if name else None
    holds = pem_files.served(file.content) if file else None
    return {
        "name": path.rpartition("/")[2][: -len(".pem")],
        "path": path,
        "exists": file is not None,
        "mode": _header(file),
        "certificates": _public(file),
        "loaded": bool(name),
        "agrees": runs is None or runs.agrees(holds),
        "running": runs.sha1 if runs else "",
    }


def main() -> None:
    """Run the module."""
    module = _module()
    params = module.params
    try:
        if params["state"] == "inspected":
            sources_found = {item["name"]: sources.inspect(item["path"]) for item in params["bundles"]}
            module.exit_json(changed=False, sources=sources_found)
        module.exit_json(**(_verified(params) if params["state"] == "verified" else _deploy(module)))
    except (FailedError, InUseError, RefusedError, sources.UnreadableError, openssl.OpensslError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
