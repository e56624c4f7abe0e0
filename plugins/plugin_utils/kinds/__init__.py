# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kinds of devices: each is one package, or one file where it is declared only. This is the only list of them.

A package has its rooms, each of which is loaded when somebody asks for it:
    site.py         KIND, a value of contract.kind.Kind; it imports the contract only
    derivation.py   derive(site, host), with DERIVED and EMPTY: the variables of a host that follow from the site
    rules.py        rules of the site that are about this kind alone
    driver.py       how its devices are read and changed; device/, config/, declared/ and run/ are behind it
    end.py          the end of a link for the cut-over
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.kind import Kind

NAMES = (
    "junos_ex",
    "esxi_vss",
    "esxi_vds",
    "vcenter",
    "ontap",
    "ontap_7mode",
    "linux",
    "windows_lbfo",
    "windows_set",
    "procurve",
    "external",
)


def room(name: str, which: str) -> Any:
    """Return a room of a kind's package, None where it has none.

    Raises:
        ModuleNotFoundError: there is no such kind, or something that the room imports is missing.

    """
    package = import_module(f"{__name__}.{name}")
    wanted = f"{package.__name__}.{which}"
    try:
        return import_module(wanted)
    except ModuleNotFoundError as error:
        if error.name != wanted and hasattr(package, "__path__"):
            raise
        return None


@cache
def kind(name: str) -> Kind:
    """Return what a kind is.

    Raises:
        KeyError: there is none of this name.

    """
    if name not in NAMES:
        raise KeyError(name)
    found: Kind = (room(name, "site") or import_module(f"{__name__}.{name}")).KIND
    return found


def kinds() -> Iterator[Kind]:
    """Yield every kind, in the order of the list."""
    return map(kind, NAMES)
