# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What keeps a host's network: netplan, systemd-networkd and ifupdown, and what `ip` shows of it."""
