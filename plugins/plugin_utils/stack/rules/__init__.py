# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules over a whole site, by topic: each file of this folder. Importing the package enters all into the catalogue.

Nothing lists the files, so a new one is found by lying here (docs/dev/rule.md). Those about one kind of device alone
are in its package.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES, room

_NAMES = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem != "__init__")
TOPICS = (
    *(import_module(f"{__name__}.{name}") for name in _NAMES),
    *(each for name in NAMES if (each := room(name, "rules")) is not None),
)
