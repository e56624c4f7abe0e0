# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of every flow between a switch and an ESXi host's standard vSwitch, and of those between two switches:
pure functions of both ends.

It follows the published pairing rules (KB 1001938 and its neighbours), not a host that somebody watched:

- A host sends by its teaming policy, over uplinks that have light; standby uplinks only when no active one has.
- A switch port takes a frame when it carries traffic and the frame's VLAN, with a tag or without one. A switch learns
  an address at a port or at a bundle, and answers there; a bundle hashes answers over all members that carry traffic.
- With IP hash a host takes answers at every active uplink, with any other policy only at the one it sends from.
- A member of a static bundle that leads to another host, or to an uplink that is standby or of no team, swallows its
  share.
- An address that is heard at two ports in turn flaps: then all its flows count as lost (the rules say only that the
  host is cut off or nearly so).

Guesses: both hashes are the exclusive or of the last octets; a port-ID team pins an interface by its number: which
flows are lost follows from that. A frame with the tag of a port's untagged VLAN is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from device.ends import Interface, Port

IP_HASH = "loadbalance_ip"
# Clients whose flows are followed: the last octets of their addresses.
CLIENTS = tuple(range(101, 117))


@dataclass(frozen=True)
class Team:
    """How one interface of a host sends now: over the uplinks that are used."""

    host: str
    interface: Interface
    used: list[str]

    def sends(self, client: int) -> str:
        """Give the uplink from which a flow leaves, or nothing."""
        if not self.used:
            return ""
        hashes = self.interface.policy == IP_HASH
        number = self.interface.address ^ client if hashes else self.interface.number
        return self.used[number % len(self.used)]

    def takes(self, client: int, nic: str) -> bool:
        """Tell whether a flow's answer is taken at an uplink."""
        return nic in self.used if self.interface.policy == IP_HASH else nic == self.sends(client)


@dataclass
class Delivery:
    """What became of the flows: {client: reason, or nothing where it was delivered}, and whether the address flaps."""

    flows: dict[int, str] = field(default_factory=dict)
    flaps: bool = False

    @property
    def lost(self) -> int:
        """Count the flows that are lost."""
        return sum(1 for reason in self.flows.values() if reason)

    @property
    def complete(self) -> bool:
        """Tell whether every flow was delivered."""
        return bool(self.flows) and not self.lost


Cables = dict[tuple[str, str], tuple[str, str]]


def deliver(team: Team, ports: list[Port], cables: Cables, vlan: int | None = None) -> Delivery:
    """Follow all flows; `cables` is {(switch, port): (host, vmnic)}, `vlan` where the clients are (none: anywhere)."""
    at = {cables[port.switch, port.name]: port for port in ports if (port.switch, port.name) in cables}
    delivery = Delivery()
    heard: dict[int, Port] = {}
    for client in CLIENTS:
        port = at.get((team.host, team.sends(client)))
        reason = _sent(team, port, vlan)
        delivery.flows[client] = reason
        if port is not None and not reason:
            heard[client] = port
    logical = {port.logical for port in heard.values()}
    delivery.flaps = len(logical) > 1
    members = {name: [each for each in ports if each.logical == name and each.forwards] for name in logical}
    for client, port in heard.items():
        flaps = "the host's address flaps between ports" if delivery.flaps else ""
        delivery.flows[client] = flaps or _answered(team, client, members[port.logical], cables)
    return delivery


def _sent(team: Team, port: Port | None, vlan: int | None) -> str:
    """Say why a frame does not get into the switch, or nothing."""
    tag = team.interface.vlan
    if port is None:
        return "no uplink with light has a cable"
    if not port.forwards:
        return f"{port.name} carries no traffic"
    found = port.vlan(tag)
    if found is None:
        return f"{port.name} does not take VLAN {tag}" if tag else f"{port.name} takes no untagged frames"
    return "" if vlan in (None, found) else f"{port.name} puts it into VLAN {found}, not {vlan}"


def _answered(team: Team, client: int, members: list[Port], cables: Cables) -> str:
    """Say why an answer does not get back over the ports that the switch sends it from, or nothing."""
    chosen = members[(team.interface.address ^ client) % len(members)]
    host, nic = cables.get((chosen.switch, chosen.name), ("", ""))
    if host != team.host:
        return f"{chosen.name} leads to {host or 'nobody that is known'}"
    return "" if team.takes(client, nic) else f"{nic} does not take it"


Cable = tuple[Port, Port]


def cross(vlan: int, cables: list[Cable]) -> Delivery:
    """Follow the flows of a VLAN over the cables between two switches, to the other one and back.

    Each switch hashes over its ports that carry traffic; one that is not in a bundle is sent over like a member, for
    no spanning tree is simulated.
    """
    back = [(far, near) for near, far in cables]
    found = {client: _over(vlan, client, cables) or _over(vlan, client, back) for client in CLIENTS}
    return Delivery(found)


def _over(vlan: int, client: int, cables: list[Cable]) -> str:
    """Say why a frame does not get to the other switch, or nothing."""
    used = [cable for cable in cables if cable[0].forwards]
    if not used:
        return f"no port of {cables[0][0].switch} carries traffic"
    near, far = used[client % len(used)]
    tag = near.tag(vlan)
    if tag is None:
        return f"{near.switch} {near.name} does not send VLAN {vlan}"
    if not far.forwards:
        return f"{far.switch} {far.name} carries no traffic"
    found = far.vlan(tag)
    return "" if found == vlan else f"{far.switch} {far.name} puts VLAN {vlan} into {found or 'none'}"
