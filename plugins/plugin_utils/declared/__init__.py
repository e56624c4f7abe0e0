# SPDX-License-Identifier: GPL-3.0-or-later
"""What the declarations of all kinds of devices have in common: values read one by one, and findings about them."""
