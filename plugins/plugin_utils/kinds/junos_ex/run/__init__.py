# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans, transactions and verifications of a switch."""
