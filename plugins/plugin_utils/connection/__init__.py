# SPDX-License-Identifier: GPL-3.0-or-later
"""How a device is reached: the connection variables of any host as Ansible resolves them, and the actions' base."""
