# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Variables of group_vars that a site hides although it says nothing itself: what is empty there would be done."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.stored import GROUPS

_PAIRS = "load_balancers"


def without_site(hostvars: Any, host: str) -> Mapping[str, Any]:
    """Return the raw variables that a host would have if the site derived none for it."""
    bare = copy.copy(hostvars._inventory.get_host(host))
    derived = bare.vars.get("stack_derived") or {}
    bare.vars = {name: value for name, value in bare.vars.items() if name not in derived}
    found: Mapping[str, Any] = hostvars._variable_manager.get_vars(host=bare, include_hostvars=False)
    return found


def of_role(role: str, defaults: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Return the variables of a role of which nothing follows from the site, so that the host has the role's default.

    What a load balancer has beside empty ones is declared, by default, in its pair.
    """
    derived = known.get("stack_derived") or {}
    declared = _PAIRS in (known.get(GROUPS) or ())
    names = (name for name in sorted(derived) if name.startswith(f"{role}_") and name in defaults and name in known)
    return [name for name in names if known[name] == defaults[name] and not (declared and known[name])]


def findings(names: list[str], known: Mapping[str, Any], bare: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of it somebody has set for the host all the same, where the site hides it."""
    for name in names:
        if name in bare and bare[name] != known[name]:
            yield (
                f"{name}: group_vars or another inventory source sets it, and does not count, for the site sets every "
                "variable of this host and says nothing here; declare it in the site, or, where the host is none of "
                f"this collection's, remove `{name}` there or the device from the site"
            )
