# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on the connection over which the nodes of a pair replicate their stick tables."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.haproxy import needs_peers
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.lookup import devices_of, internal_vlan
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair, Site


@rule("PEERS_PLAIN", severity="warning", waivable=True)
def peers_plain(site: Site) -> Iterator[Fault]:
    """The nodes of a pair replicate their stick tables in plain text.

    Breaks: whoever reaches the port and says a node's name writes rows, and sends clients to a server of his choice.
    Why: HAProxy knows a peer by the name that it says, and by nothing else (doc/peers-v2.0.txt), shown on 2.6 and 3.0.
    Mend: make a CA for the pair (`ansible-playbook netstack.datacenter.peers_ca`), put it into the vault and name it by
    `peers.ca_secret`; or let the other node alone reach the port, by `vip_firewall: true` (role vip) or another
    firewall, and waive this.
    """
    for name, pair in sorted(site.lb_pairs.items()):
        if pair.peers.ca_secret is None and needs_peers(site, name):
            yield Fault(
                ("lb_pairs", name, "peers"),
                f"whoever reaches port {pair.peers.port} of a node and says the other one's name writes stick tables; "
                "name a CA by ca_secret (netstack.datacenter.peers_ca makes one), or let only the other node in, by "
                f"vip_firewall: true, or by nft: tcp dport {pair.peers.port} {_others(site, name, pair)} drop",
            )


def _others(site: Site, name: str, pair: LbPair) -> str:
    """Return the words of a rule of nftables that match whoever is no node of the pair."""
    vlan = pair.peers.vlan or internal_vlan(site, name, pair)
    networks = [device.networks.get(vlan) for _host, device in devices_of(site, pair)]
    addresses = [network.address or network.address6 for network in networks if network is not None]
    family = "ip6" if any(":" in str(address) for address in addresses) else "ip"
    return f"{family} saddr != {{ {', '.join(str(address) for address in addresses if address)} }}"


@rule("PEERS_CA_SHARED")
def peers_ca_shared(site: Site) -> Iterator[Fault]:
    """Two pairs name one CA.

    Breaks: a node of one pair may write the stick tables of the other.
    Why: a certificate of the CA is all that a node is asked for.
    Mend: make a CA for each pair (`ansible-playbook netstack.datacenter.peers_ca`).
    """
    owners: dict[str, str] = {}
    for name, pair in sorted(site.lb_pairs.items()):
        secret = pair.peers.ca_secret
        if secret is not None and owners.setdefault(secret, name) != name:
            yield Fault(
                ("lb_pairs", name, "peers", "ca_secret"),
                f"{secret} is the CA of {owners[secret]}, so a node of either pair could write the stick tables of the "
                "other; make one for each pair (netstack.datacenter.peers_ca)",
            )
