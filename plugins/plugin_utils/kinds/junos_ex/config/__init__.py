# SPDX-License-Identifier: GPL-3.0-or-later
"""A Junos configuration as data: read, understood, changed and written."""
