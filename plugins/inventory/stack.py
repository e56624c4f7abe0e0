# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory plugin netstack.datacenter.stack: hands the checked site to Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: stack
short_description: Reads a declared site, checks it, and gives every host its own half as variables
version_added: 0.1.0
author: netstack.datacenter maintainers (@netstack)
description:
  - A site is declared once, in C(stack.yml) or in a folder that it names, VLANs, devices, links, load-balancer
    pairs, certificates and services. This plugin checks all of it, makes the hosts and groups, and sets for each host
    the variables of the collection's roles.
  - A site with errors is refused as a whole. Its hosts are made with no variable but C(stack_errors), C(stack_digest)
    and C(stack_groups); on the first, which all hosts have, M(netstack.datacenter.stack_preflight), the first task of
    every role and playbook, fails on every host. When no host can be read there is one, C(stack_unreadable), so that a
    run has somebody to fail on.
  - Nothing of the site is templated, and it holds no secrets. A secret is named (for example C(password_secret)) and
    looked up by the role in the vaulted dictionary C(netstack_secrets) of your C(group_vars).
  - Connection variables and credentials are never set; they stay in C(group_vars) and C(host_vars).
  - The rules are listed in C(docs/rules.md), the schema for editors is C(docs/stack.schema.json).
notes:
  - Derived for each load balancer are C(haproxy_services), C(haproxy_peers) (where a service keeps a stick table),
    C(haproxy_stats) and C(haproxy_metrics) (where the pair declares them), C(haproxy_health), C(haproxy_awaited_files),
    C(haproxy_declared_as),
    C(pound_state), C(pound_listeners) and C(pound_awaited_files) (these two where TLS of a service ends at Pound),
    C(vip_instances), C(vip_peer_health), C(vip_firewall_peers), C(vip_firewall_ports), C(vip_profile),
    C(tls_certificate_certificates), C(stack_authenticated) (where a service has C(extended_protection)),
    C(stack_services) and C(stack_paths) (the declared links from this node to clients and backends, for the report).
  - Derived for each Juniper EX with links are C(junos_lag_state), C(junos_lag_vlans), C(junos_lag_bundles),
    C(junos_lag_ports), and C(junos_lag_model) and C(junos_lag_release) (where declared). Derived for each ESXi host of
    kind C(esxi_vss) with links are C(esxi_teaming_vswitches), C(esxi_teaming_port_groups) and C(esxi_teaming_vmkernel)
    (the interfaces that its C(networks) name, which are judged and not made); where it names a C(vcenter), that one
    gets them for all its hosts as C(esxi_teaming_hosts).
  - Derived for each host of kind C(linux) that has C(provision_links) are C(linux_bond_bonds). Without it nothing is,
    for such a host may be a container, which has no bonds of its own. A play of yours runs the role C(linux_bond).
  - Both ends of each link get C(stack_links), for reports and checks. C(stack_role) is the role that configures a
    host's ends in the plays of the group C(link_ends), C(stack_order) when its turn to change comes.
  - Each host has every variable that can be derived for its kind, where nothing follows with the default of its role,
    so that an inventory that only adds and replaces, such as that of AWX, keeps no value of an earlier site.
  - Every host gets C(stack_derived) (the digest of each derived variable), C(stack_warnings), C(stack_notes) and
    C(stack_waived) (those of the site that concern it), C(stack_unjudged) (why nothing can be said of the paths of some
    of its VLANs, which is no fault), C(stack_raw_found) (free text of its services that can do more than balance;
    C(stack_raw), which a site cannot set, says what becomes of that), C(stack_errors) (empty for a good site),
    C(stack_groups) (its groups) and C(stack_digest), that of the whole site, which all hosts see as
    C(stack_site_digest) too. All hosts see C(stack_sources), the stack files that were read.
  - Where an inventory is stored, a host whose C(stack_digest) is another one is not of this site any more, and one is
    in a group of the site only where its C(stack_groups) say so. P(netstack.datacenter.stack_hosts#lookup) leaves the
    others out of a play. So a stored inventory is that of one site; two sources of it would shut each other out.
  - Groups are one for each kind of device, C(load_balancers), C(lb_turn_1) and C(lb_turn_2) (first and second node of
    every pair), C(lb_pair_NAME) for each pair, C(backends), and C(switches) (those that the collection configures).
  - C(cell_NAME) are the connected parts of the cabling, each named after its first switch, or after the pair of load
    balancers where there is no switch. Links between switches are left out. Both nodes of a pair, and all ESXi hosts of
    a vCenter, are in one cell. A job for a cell needs nothing of any other.
  - A variable of this plugin loses to C(host_vars) and C(-e). A derived variable that is overridden there is refused by
    M(netstack.datacenter.stack_preflight).
  - Needs the Python library pydantic (2.x) where Ansible runs.
  - A YAML error inside C(stack.yml) itself keeps ansible-core from calling this plugin. C(stack_preflight) refuses the
    hosts of other sources then, and P(netstack.datacenter.stack_hosts#lookup) the play. A site in the folder that
    O(site) names is not concerned, nor is one that is read with this plugin first among C(enable_plugins).
  - Names of hosts may be ranges. C(web[01:40]) stands for forty, and ranges in their values walk along. Ranges in the
    name of a link walk along in the keys of C(ends) and in ports.
  - Of the O(profiles), C(exchange2010), C(exchange2016) and C(iis) come with the collection.
extends_documentation_fragment:
  - netstack.datacenter.stack_site
options:
  plugin:
    description: Marks the file as one of this plugin.
    type: str
    required: true
    choices: [netstack.datacenter.stack]
  site:
    description:
      - Folder with the rest of the site as C(*.yml) files, relative to this file and outside its directory, because
        Ansible reads each file of an inventory directory as an inventory.
      - The same key in two files is an error.
    type: str
"""

EXAMPLES = r"""
# stack.yml
plugin: netstack.datacenter.stack

vlans:
  server: {id: 30, subnet: 10.0.30.0/24}

devices:
  ex1: {kind: junos_ex, model: ex4200-48t}
  lb[1:2]:
    kind: linux
    networks: {server: {interface: bond0, address: "10.0.30.[2:3]"}}
  web[1:3]:
    kind: external
    networks: {server: {address: "10.0.30.[11:13]"}}

links:
  lb[1:2]:
    bundle: lacp
    vlans: {untagged: server}
    ends:
      ex1: {lag: "ae[0:1]", ports: ["ge-0/0/[0:1]", "ge-1/0/[0:1]"]}
      lb[1:2]: {lag: bond0, ports: [eno1, eno2]}

lb_pairs:
  farm: {hosts: [lb1, lb2], vip_vlan: server}

certificates:
  company: {source: pkcs12, file: company.pfx, password_secret: company_pfx}

services:
  web:
    lb: farm
    vip: 10.0.30.5
    ports: [443]
    redirect_http: true
    profile: iis
    tls: {certificate: company}
    backends: ["web[1:3]"]
"""

import gc
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.netstack.datacenter.plugins.plugin_utils.core_release import too_old
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.derive import (
    groups_of,
    inventory,
    refused,
    refused_groups,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.digest import digest
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.load import Loaded, load
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.stored import DIGEST, ERRORS, SITE_DIGEST
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import names_our_plugin


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Pause the garbage collector: a large site is many objects that all stay, and each pass looks at them again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # ansible-core has no type information
    """Never raises out of `parse`: ansible-core would turn that into a warning and exit status 0."""

    NAME = "netstack.datacenter.stack"

    def verify_file(self, path: str) -> bool:
        """Take YAML files with our `plugin:` line; the text decides, so that broken YAML is refused and not skipped."""
        return path.endswith((".yml", ".yaml")) and os.path.isfile(path) and names_our_plugin(Path(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory with the site, or with its refusal."""
        super().parse(inventory, loader, path, cache)
        try:
            if reason := too_old():
                self._refuse_whole(reason)
            else:
                with _without_collecting():
                    self._fill(load(Path(path)))
        except Exception as error:
            self._refuse(path, error)
        sources = self.inventory.groups["all"].vars.get("stack_sources", [])
        self.inventory.set_variable("all", "stack_sources", [*sources, os.path.realpath(path)])

    def _fill(self, loaded: Loaded) -> None:
        """Add hosts, variables and groups; a refused site has its groups too, so that no play on one is skipped."""
        members = groups_of(loaded)
        self._add(inventory(loaded, members), members)

    def _add(self, hosts: dict[str, dict[str, Any]], members: dict[str, list[str]]) -> None:
        """Add what `inventory` or `refused` return, and what holds for all.

        Every host is refused for an error, those of other sources as well: a run that leaves out part of a site is
        none. An error has the text that it refuses, a template too, which a task that shows the errors must not
        execute: before ansible-core 2.19 each variable of an inventory is one unless it is marked.
        """
        known = self.inventory.groups["all"].vars
        marks = dict(next(iter(hosts.values()), {ERRORS: [], DIGEST: digest(None)}))
        errors = wrap_var([*known.get(ERRORS, []), *marks[ERRORS]])
        before = known.get(SITE_DIGEST)
        of_all = marks[DIGEST] if before is None else digest([before, marks[DIGEST]])
        others: dict[str, dict[str, Any]] = {
            host: {} for host, item in self.inventory.hosts.items() if before and item.vars.get(DIGEST) == before
        }
        self.inventory.set_variable("all", ERRORS, errors)
        self.inventory.set_variable("all", SITE_DIGEST, of_all)
        for host, variables in {**others, **hosts}.items():
            self._add_host(host, {**variables, ERRORS: errors, DIGEST: of_all})
        for group, names in members.items():
            self.inventory.add_group(group)
            for host in names:
                self.inventory.add_host(host, group)

    def _add_host(self, host: str, variables: dict[str, Any]) -> None:
        self.inventory.add_host(host)
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)

    def _refuse(self, path: str, error: Exception) -> None:
        """Refuse the site for a fault of this plugin; the traceback is shown with -vvv."""
        self.display.vvv(traceback.format_exc())
        text = (
            f"{path}: site: the stack plugin itself failed ({type(error).__name__}: {error}); run with -vvv and "
            "report it"
        )
        self._refuse_whole(text)

    def _refuse_whole(self, text: str) -> None:
        """Refuse the site with one error, whatever is in it."""
        members = refused_groups(Loaded(Site(), [], []))
        self._add(refused([], [text], members), members)
