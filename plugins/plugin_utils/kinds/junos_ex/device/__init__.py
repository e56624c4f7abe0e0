# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a switch: connections, sessions, commits, and what can go wrong there."""
