# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden files of the declared site: what they hold."""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import parse_version
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.render import render as render_haproxy
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.schema import CONFIGURATION
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.render import render as render_pound
from ansible_collections.netstack.datacenter.plugins.module_utils.pound.schema import CONFIGURATION as POUND
from ansible_collections.netstack.datacenter.plugins.module_utils.structure import check
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.parse import parse
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import render as render_keepalived
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import declaration
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.platform import limit_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import offline
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import empty, groups, half, inventory
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.links import turn
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded, load

from .site_files import ROOT

STYLES = ("els", "nonels")
EXAMPLES = ("iis_farm", "els_site", "exchange2010", "exchange2016", "https_offload")


def example(name: str) -> Loaded:
    """Return one of the inventories of the collection."""
    return load(ROOT / "inventories" / name / "stack.yml", ROOT)


def rendered(name: str) -> dict[str, str]:
    """Return the golden files of one example: the groups, and the variables of each host."""
    loaded = example(name)
    files = {host: _shown(variables) for host, variables in inventory(loaded).items() if _has_some(loaded, host)}
    balancers = {host: variables for host, variables in files.items() if variables.get("haproxy_services")}
    return {
        f"golden/{name}/groups.json": _json(groups(loaded.site)),
        **{f"golden/{name}/{host}.json": _json(variables) for host, variables in files.items()},
        **{f"golden/{name}/{host}.haproxy.cfg": _haproxy(host, variables) for host, variables in balancers.items()},
        **{
            f"golden/{name}/{host}.keepalived.conf": _keepalived(host, variables)
            for host, variables in balancers.items()
        },
        **{
            f"golden/{name}/{host}.pound.cfg": _pound(variables)
            for host, variables in balancers.items()
            if variables["pound_listeners"]
        },
        **{
            f"golden/{name}/{host}.{style}.set": "".join(f"{line}\n" for line in switch_commands(variables, style))
            for host, variables in files.items()
            if variables.get("junos_lag_vlans")
            for style in STYLES
        },
    }


def _has_some(loaded: Loaded, host: str) -> bool:
    """Tell whether more follows for a host than what each one of its kind has."""
    derived = half(loaded, host)
    of_kind = {**empty(loaded.site.devices[host].kind), **turn(loaded.site.devices[host])}
    return any(derived[name] != of_kind.get(name, []) for name in derived["stack_derived"])


def _shown(variables: dict[str, Any]) -> dict[str, Any]:
    """Return variables without the digest of the whole site, which any change of the site changes at every host."""
    return {name: value for name, value in variables.items() if name != "stack_digest"}


def switch_commands(variables: dict[str, Any], style: Any) -> list[str]:
    """Return the set commands by which junos_lag brings an empty switch to what is derived; raise what it refuses."""
    limit = limit_of(variables["junos_lag_model"] or None, variables["junos_lag_release"] or None)
    given = [variables[f"junos_lag_{name}"] for name in ("vlans", "bundles", "ports")]
    declared, findings = declaration.read(*given, limit=limit)
    assert not findings, [str(item) for item in findings]
    request = Request(declared=declared, state=variables["junos_lag_state"], style=style, stp="rstp", limit=limit)
    return offline.render(request, None).commands


def like(file: str, files: dict[str, str]) -> str | None:
    """Return the file that this one repeats but for some lines: the one of the first host of the same name and another
    number (lb1 for lb2, esx1 for esx2).
    """
    host, _dot, kind = file.partition(".")
    first = re.sub(r"\d+\Z", "1", host) + f".{kind}"
    return first if first != file and first in files else None


class AnySecret(dict[str, str]):
    """Secrets of which each has its own name as its value."""

    def __missing__(self, name: str) -> str:
        return name

    def __contains__(self, name: object) -> bool:
        return True


def _haproxy(host: str, variables: dict[str, Any]) -> str:
    """Return haproxy.cfg as the role haproxy writes it on Debian 13."""
    given = {key: variables.get(f"haproxy_{key}") or None for key in CONFIGURATION["options"]}
    configuration, faults = check(CONFIGURATION, given, "haproxy")
    assert not faults, faults
    dialect = parse_version("HAProxy version 3.0.11-1+deb13u1")
    assert dialect is not None
    return render_haproxy(configuration, AnySecret(), host, dialect, {}).main


def _pound(variables: dict[str, Any]) -> str:
    """Return pound.cfg as the role pound writes it before the certificates are there."""
    given = {key: variables.get(f"pound_{key}") or None for key in POUND["options"]}
    configuration, faults = check(POUND, given, "pound")
    assert not faults, faults
    return render_pound(configuration, {})


def _keepalived(host: str, variables: dict[str, Any]) -> str:
    """Return keepalived.conf as the role vip writes it on Debian 13."""
    site = parse(variables["vip_instances"], {}, variables["vip_profile"], {}, host, [])
    return render_keepalived(site, (2, 3, 3), Paths())


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
