# SPDX-License-Identifier: GPL-3.0-or-later
"""ESXi: standard virtual switches, port groups and their teaming. Knows pyVmomi; neither Ansible nor the site."""
