# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The id of a run: one for all hosts and roles, so that what a run replaced can be put back together."""

from __future__ import annotations

import os
import time

# Ansible imports an action plugin in the program's own process, before it forks its workers (strategy plugins ask for
# the class first), so every worker of a run inherits this value.
RUN_ID = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
