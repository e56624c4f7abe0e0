# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a platform, as data with its source. Imports nothing, so the site and the devices may read it."""
