# SPDX-License-Identifier: GPL-3.0-or-later
"""What every simulated device has, once: control port, faults, clock, keys and logins, command line, its client.

A kind of device (lab/kinds) fills it in; nothing here knows a kind.
"""
