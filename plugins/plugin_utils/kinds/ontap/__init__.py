# SPDX-License-Identifier: GPL-3.0-or-later
"""NetApp filers with ONTAP 9: declared only."""
