# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the modules that talk to a device from the controller are told where it is."""

from __future__ import annotations


class ModuleDocFragment:
    """What is the same for all of them."""

    DOCUMENTATION = r"""
options: {}
notes:
  - The device is reached as Ansible's own connection plugin C(ssh) would resolve it. Highest first, a value is that of
    a variable of the host (C(ansible_host), C(ansible_port), C(ansible_user), C(ansible_password),
    C(ansible_private_key_file), C(ansible_host_key_checking), C(ansible_ssh_args), C(ansible_ssh_common_args),
    C(ansible_ssh_extra_args); templates and vault values are resolved), of a keyword (C(remote_user), C(port); C(-u)
    and C(-k) count as such), of the command line (C(--private-key), C(--ssh-common-args)), of the environment
    (C(ANSIBLE_REMOTE_PORT) and so on), of C(ansible.cfg), and the default of the protocol. C(-vvv) shows where each
    comes from.
  - An empty value counts as one that is not set. The names with C(ansible_ssh_) are known too; over SSH they come
    before the others, as in Ansible, and otherwise after them. An API does not use C(ansible_ssh_port).
  - C(ansible_connection) is not used; set it to C(local).
  - A task with C(delegate_to) goes to the device that it is delegated to, by that host's variables; delegated to the
    controller it stays with the host of the play.
  - Host keys are verified unless C(ansible_host_key_checking), C(ansible.cfg) or the SSH arguments say no. A host that
    shows another key than the one that is known of it is refused all the same.
  - A host or a user with a blank, a quote, a control character, a character of a shell or a leading dash is refused,
    for both become arguments of programs.
"""
