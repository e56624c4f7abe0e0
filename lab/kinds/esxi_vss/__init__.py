# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated ESXi hosts and vCenters for tests."""
