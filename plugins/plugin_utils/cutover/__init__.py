# SPDX-License-Identifier: GPL-3.0-or-later
"""A link is changed at both ends without cutting its host off: which steps, and what takes them back."""
