# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated ESXi hosts and, in the same process, vCenters that have them (every kind of switch on such a host), for tests."""
