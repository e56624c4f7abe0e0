# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bonds of a Linux host: declared, written, loaded under a dead man's switch, and read back from the kernel."""
