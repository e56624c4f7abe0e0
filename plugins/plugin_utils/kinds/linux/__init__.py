# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux hosts at the end of links; what runs on the host itself is module_utils/linux_bond."""
