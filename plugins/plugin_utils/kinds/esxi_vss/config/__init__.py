# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has, read from its console or its API, and what it shall have."""
