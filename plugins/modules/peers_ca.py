# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name; the code is in plugins/action/peers_ca.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: peers_ca
short_description: Make the CA by which the load balancers of a pair know each other
version_added: 0.1.0
author:
  - netstack.datacenter maintainers (@netstack)
description:
  - Makes a CA, certificate and key, for one pair, and writes it as a variable into a new file of the controller, which
    only its owner reads. Where the run has a vault password (C(--vault-id), C(--ask-vault-pass)) the file is
    encrypted.
  - Named in C(netstack_secrets) and by C(peers.ca_secret) of the pair, it lets the nodes replicate stick tables by TLS.
    Each run of M(netstack.datacenter.haproxy) issues the node's certificate from it, on the controller.
  - The playbook C(netstack.datacenter.peers_ca) runs it and says what is to be written where.
  - A file that is there is never replaced. The CA is valid for ten years. Whoever has it may write the stick tables of
    the pair.
options:
  pair:
    description: The pair, as C(lb_pairs) names it.
    type: str
    required: true
  file:
    description: The new file, relative to where C(ansible-playbook) was started. Its folder must be there.
    type: str
    required: true
attributes:
  check_mode:
    description: Nothing is written.
    support: full
  diff_mode:
    description: What is written is a secret.
    support: none
"""

EXAMPLES = r"""
- name: Make the CA of the pair edge
  netstack.datacenter.peers_ca:
    pair: edge
    file: group_vars/load_balancers/edge_peers.yml
"""

RETURN = r"""
file:
  description: The whole path of the file.
  returned: success
  type: str
  sample: /home/op/inventory/group_vars/load_balancers/edge_peers.yml
variable:
  description: The variable that the file sets.
  returned: success
  type: str
  sample: edge_peers_ca
secret:
  description: A name for it in C(netstack_secrets), which C(peers.ca_secret) of the pair names.
  returned: success
  type: str
  sample: edge_peers
encrypted:
  description: Whether the file is encrypted.
  returned: success
  type: bool
  sample: true
"""
