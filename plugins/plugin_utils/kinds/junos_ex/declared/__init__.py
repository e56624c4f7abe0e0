# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared for a switch, and everything of it that can be refused without one."""
