# SPDX-License-Identifier: GPL-3.0-or-later
"""A Juniper EX over SSH and NETCONF, for tests: see README.md beside this file."""
