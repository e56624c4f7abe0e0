# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the builders of this folder importable, whichever way pytest imports test files."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
