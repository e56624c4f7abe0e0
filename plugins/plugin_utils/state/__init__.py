# SPDX-License-Identifier: GPL-3.0-or-later
"""What a later run needs, on whatever machine it is: records in a folder, or below a URL. Knows no device."""
