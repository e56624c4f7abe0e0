# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ansible-test would download: it bootstraps the pip that Python brings.

ansible-test uses a script of this name in its cache when there is one. It calls it with pip's own arguments and two
that only get-pip knows.
"""

from __future__ import annotations

import ensurepip
import os
import subprocess
import sys

ensurepip.bootstrap(upgrade=True)
os.environ.pop("PIP_CONFIG_FILE", None)  # ensurepip points it at /dev/null, which hides the machine's own index
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
code = subprocess.call([sys.executable, "-m", "pip", "install", *arguments])
if code == 0 and "--no-setuptools" in sys.argv:
    code = subprocess.call([sys.executable, "-m", "pip", "uninstall", "--yes", "setuptools"])
sys.exit(code)
