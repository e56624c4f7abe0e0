# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of devices: each is one package, or one file where it is declared only."""
