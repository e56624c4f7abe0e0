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
  vlans:
    description:
      - VLANs by name.
      - C(id) (1 to 4094), C(subnet), C(subnet6), C(gateway), C(gateway6), C(mtu) (1500), C(domain) (VLANs of different
        domains may have one id), C(reserved_virtual_router_ids) (VRRP ids of others in this VLAN).
    type: dict
  devices:
    description:
      - Hosts by name; C(web[01:40]) stands for forty, and ranges in their values walk along.
      - C(kind), C(networks) (by VLAN C(interface), C(address), C(address6), C(other_addresses) (of further LIFs,
        VMkernel interfaces or aliases in the VLAN), without a prefix length), C(management_vlan), C(storage) (whether
        it serves NFS or iSCSI; by default only filers do), C(on) (the hypervisor or cluster that carries it),
        C(model), C(release), C(chassis),
        C(vcenter) (the device of kind C(vcenter) through which an ESXi host is configured).
    type: dict
  links:
    description:
      - Links by name, each said once for both ends. Ranges in a name walk along in the keys of C(ends) and in ports.
      - C(bundle) (C(lacp), C(static) or C(none)), C(profile) (of O(link_profiles)), C(vlans) (C(untagged), C(tagged)),
        C(mtu) (payload in octets; by default the greatest of its VLANs), C(periodic) (C(slow) or C(fast), for LACP),
        C(minimum_links), C(trunk) (a trunk with a native VLAN only), C(description).
      - C(ends) are two devices, one of them a switch, each with C(ports), C(lag) (C(ae0), C(vSwitch0), C(bond0)), and
        for an ESXi host C(port_groups) (VLANs by name of the port group; by default one for each VLAN, and
        C(Management Network)), for a bundle of a Linux host C(xmit_hash_policy) (C(layer2+3) is what the role
        C(linux_bond) takes by itself). Each port is cabled to the one at the same place of the other end.
    type: dict
  link_profiles:
    description:
      - Defaults for links by name. A profile may name another as its C(profile).
    type: dict
  lb_pairs:
    description:
      - Pairs of load balancers by name.
      - C(hosts) (two), C(vip_vlan), C(internal_vlan) (for peers and health; by default the shared VLAN with most of the
        backends), C(virtual_router_id) (the pair uses it and the next one; by default made from the pair's name),
        C(priority) (C(preferred) 150, C(standby) 100), C(preempt) (false), C(unicast) (true), C(profile)
        (C(standard) or C(tuned)), C(advert_interval), C(authentication_secret), C(peers) (C(port), C(vlan),
        C(ca_secret)), C(stats) (C(user), C(password_secret), C(port), C(uri), C(vlan)), C(metrics) (C(port), C(vlan)).
      - C(ca_secret) of C(peers) names the pair's CA, which C(netstack.datacenter.peers_ca) makes; then stick
        tables travel by TLS, and nobody else writes them.
      - Statistics page and exporter are bound in the nodes' C(management_vlan) where no C(vlan) is named.
    type: dict
  certificates:
    description:
      - Certificates by name, with the keys of the role C(tls_certificate).
    type: dict
  services:
    description:
      - Services by name.
      - C(lb) (a pair), C(vip), C(vip6), C(prefers) (a node; otherwise an odd address goes to the first node of the
        pair and an even one to the second), C(ports), C(redirect_http), C(profile), C(mode), C(tls) (C(at),
        C(certificate), C(alpn), C(minimum), C(client_certificates)), C(server_names), C(stickiness) (C(cookie),
        C(source), C(none)), C(cookie_name) (of the cookie that HAProxy sets, by default C(SERVERID)), C(sticks_with)
        (another service, whose stick table both use), C(clients_behind_nat), C(balance), C(backends), C(backend_port)
        (each port goes on to the same port without it), C(backend_tls) (C(verify), C(ca_file), C(server_name)),
        C(send_proxy), C(health_check), C(timeouts), C(long_polls) (how long requests are held open on purpose),
        C(maxconn), C(verify) (C(path), C(expect_status), C(identify_header) for C(netstack.datacenter.verify)),
        C(raw) (lines for C(frontend) and C(backend)).
      - C(client_certificates) of C(tls) at C(haproxy) are C(ca_file) (a file on the load balancers), C(verify)
        (C(required), or C(optional)) and C(crl_file); what servers learn of the client is a line of C(raw).
      - C(health_check) takes C(type) (C(http), C(tcp), C(smtp), C(imap), C(pop3), C(tls), C(ldap), C(mysql), C(pgsql),
        C(redis), or C(by_port), which asks each port in the protocol that is usual there, and that of HTTPS for
        C(uri)), C(method), C(uri), C(host), C(expect_status), C(user), C(tls) (whether servers whose TLS is passed
        through are asked over TLS), C(ca_file), C(port), C(interval), C(rise) and C(fall).
      - C(virtual_directories) by name, each with C(path) and C(health_uri), in mode C(http). Each has a backend of its
        own, whose servers are checked by that page; what they do not match goes to the service's own backend.
      - C(servers_require_tls) and C(extended_protection) tell of the servers what refuses offloaded TLS.
      - A backend is a device, an address, or a mapping of C(host), C(name), C(port) (this server's own, before
        C(backend_port)), C(weight), C(backup), C(maxconn).
    type: dict
  profiles:
    description:
      - Defaults for services by name. A profile may name another as its C(profile); C(exchange2010),
        C(exchange2016) and C(iis) come with the collection.
      - Each object may have C(waive), a mapping of rule to reason, for the rules that C(docs/rules.md) calls waivable.
    type: dict
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
