# SPDX-License-Identifier: GPL-3.0-or-later
"""One package for each simulated device."""
