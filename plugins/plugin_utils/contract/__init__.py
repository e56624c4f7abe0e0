# SPDX-License-Identifier: GPL-3.0-or-later
"""What all kinds of devices have alike, as plain data: imports nothing of ours, no device API and no Ansible."""
