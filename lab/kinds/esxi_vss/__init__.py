# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated ESXi hosts for tests, and vCenters that have them: one process serves both, for they are one state."""
