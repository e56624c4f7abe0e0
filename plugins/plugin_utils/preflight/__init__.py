# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run can be refused for before any device is contacted, beside the declared site itself."""
