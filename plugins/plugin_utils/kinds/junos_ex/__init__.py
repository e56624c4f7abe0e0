# SPDX-License-Identifier: GPL-3.0-or-later
"""Juniper EX: bundles, VLANs and ports of a switch as one transaction. Knows PyEZ; neither Ansible nor the site."""
