# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS certificates, judged on the controller: parsing, chain order, checks. No I/O, no clock, no Ansible."""
