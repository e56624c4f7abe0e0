# SPDX-License-Identifier: GPL-3.0-or-later
"""A vCenter: ESXi hosts are configured through it, so it carries their variables. Its driver is theirs."""
