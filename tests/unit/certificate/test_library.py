# SPDX-License-Identifier: GPL-3.0-or-later
"""Without the library cryptography the plugin still loads and says what to install."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
sys.modules["cryptography"] = None
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import outside, survey, third_party
print(third_party.MISSING)
"""


def test_its_absence_is_a_message():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert "cannot import cryptography" in done.stdout
    assert "Install 42 or newer" in done.stdout
