# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic of the lab: what the backends serve, what the load client sends, how both are measured."""
