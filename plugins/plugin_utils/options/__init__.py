# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs by module, each made of that module's DOCUMENTATION by script/goldens; nothing here is edited."""
