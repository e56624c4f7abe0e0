# SPDX-License-Identifier: GPL-3.0-or-later
"""What script/test runs: parts as data (tests/parts.yml), two lanes, skips that cannot be silent, one summary."""
