# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Argument specs by module, each made of that module's DOCUMENTATION by script/goldens; nothing here is edited."""
